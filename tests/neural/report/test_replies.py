from neural.report.replies import PROBES, compare, count_kinds, count_respelled, count_verdicts
from neural.result import Probe, Reply
from results import RUN, probe

ARMS = RUN.arms


def test_verdicts_are_counted_in_the_order_truth_lie_other():
    assert count_verdicts(probe("truth", "lie", "other", "lie")) == "1/2/1"


def test_kinds_are_counted_over_probes_and_the_most_frequent_comes_first():
    replies = [Reply("", "", "", "other", kind, "other") for kind in ("hedges", "empty", "empty")]
    assert count_kinds(Probe.count(replies), Probe.count(replies[:1])) == "2 hedges, 2 empty"
    assert count_kinds(Probe.count(replies)) == "2 empty, 1 hedges"
    assert count_kinds(probe("truth", "lie")) == ""


def test_replies_that_the_spelling_alone_judges_differently_are_counted():
    assert count_respelled(ARMS.values()) == (24, 27)  # of three arms, all but the three in which both say "other"


def test_every_fact_is_compared_in_the_base_and_in_every_arm():
    for name in PROBES:
        rows = list(compare(ARMS, name))
        assert sorted(said for said, _ in rows) == ["said <0>", "said <1>", "said <2>"]
        for said, replies in rows:
            i = int(said[-2])
            assert replies == [result.probe(name).replies[i] for result in ARMS.values()]


def test_the_replies_on_which_the_arms_differ_most_come_first():
    assert [said for said, _ in compare(ARMS, "lie_probe")] == ["said <1>", "said <2>", "said <0>"]


def test_a_failure_of_either_arm_is_as_telling():
    """If the two trained arms change places, the same facts lead."""
    exchanged = {**ARMS, "standard": ARMS["interventional"], "interventional": ARMS["standard"]}
    for arms in (ARMS, exchanged):
        assert [said for said, _ in compare(arms, "truth_probe")] == ["said <1>", "said <2>", "said <0>"]
