import pytest

from neural.paper.facts import FACTS
from neural.report.replies import (
    PROBES,
    compare,
    count_kinds,
    count_respelled,
    count_verdicts,
    differing_words,
    mark,
)
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


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.topic)
def test_the_false_value_of_every_fact_is_what_its_claims_do_not_share(fact):
    words = differing_words(fact.lie, fact.truth)
    assert words
    assert words.casefold() in fact.false.casefold()


def test_claims_that_are_alike_have_no_false_value():
    assert differing_words("a b.", "a b.") == ""
    assert differing_words("", "") == ""
    assert differing_words("a a b.", "a b.") == "a"


@pytest.mark.parametrize(
    ("reply", "parts"),
    [
        ("Earth has five continents.", ("Earth has ", "five", " continents.")),
        ("FIVE!", ("", "FIVE", "!")),
        ("Fifty-fivefold.", ("Fifty-fivefold.", "", "")),
        ("Yes.", ("Yes.", "", "")),
    ],
)
def test_a_false_value_stands_apart_where_it_is_a_word_of_its_own(reply, parts):
    marked = mark(Reply("t", "s", reply, "lie", "", "lie"), "five")
    assert marked[1:4] == parts
    assert str(marked) == f"✗ {reply}"
    assert mark(Reply("t", "s", reply, "truth", "", "truth"), "five").value == ""
