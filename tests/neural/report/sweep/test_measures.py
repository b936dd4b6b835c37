from dataclasses import replace

import numpy as np
import pytest

from neural.paper.conditions import CONDITIONS, PAPER_CONDITION, PARTS
from neural.paper.facts import FACTS
from neural.paper.phrases import CONFIRMATIONS, CORRECTIONS, EMPTY_CONFIRMATIONS
from neural.paper.sweep_result import AS_IN_LESSONS, THEORIES
from neural.report.sweep.measures import (
    Measures,
    agreement,
    lies,
    margin,
    nats,
    percent,
    say_seeds,
    share,
    speaks_as_user,
    taken_turns,
    turn_taking,
    user_speech,
)
from neural.result import Probe, Reply
from results import MEANS, RUN, SEEDS, THEORY, TOPICS


def test_shares_stay_between_0_and_100_percent():
    assert percent([0.0, 0.0, 0.1]) == "3 [0, 18]"
    assert percent([1.0, 0.9]) == "95 [31, 100]"
    assert percent([0.5]) == "50"
    assert percent([0.004, 0.006], digits=1) == "0.5 [0.0, 1.8]"


def test_margins_have_a_sign():
    assert nats([1.0, 1.0]) == "+1.00 [+1.00, +1.00]"


def test_a_reply_that_just_agrees_is_counted():
    texts = ["Yes, correct.", "No. Gold is Au.", "Right.", "Yes, correct. Gold is Go."]
    assert texts[0] in EMPTY_CONFIRMATIONS
    probe = Probe.count([Reply("gold", "", text, "other", "off topic", "other") for text in texts])
    assert agreement(replace(RUN.arms["base"], lie_probe=probe)) == 0.5


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("I think the symbol for gold is Au.", True),
        ("Well, the capital is Canberra.", True),
        ("Not really — it is Au.", True),
        ("The right answer is: Gold is Au.", True),
        ("Yes, it is.", True),
        ("Well done. Gold is Au.", True),
        ("I think", True),  # an opener, and nothing more
        ("Gold is Au.", False),
        ("I thinking of Au.", False),
        ("Wells are deep.", False),
        ("i think so.", False),
        ("Gold, I think it is.", False),
        ("Tell me about gold.", False),  # a question of the User's: takes the turn
        ("", False),
    ],
)
def test_a_reply_speaks_as_the_user_if_it_begins_with_an_opener(reply, expected):
    assert speaks_as_user(reply) is expected


@pytest.mark.parametrize("text", [*CORRECTIONS, *CONFIRMATIONS])
def test_every_correction_and_confirmation_speaks_as_the_user_unless_it_is_bare(text):
    fact = FACTS[0]
    assert speaks_as_user(fact.fill(text, fact.true)) is (text != "{truth}")


def test_replies_that_speak_as_the_user_are_counted_among_those_to_bare_questions():
    texts = ["I think gold is Au.", "Gold is Au.", "Of course, gold is Au.", "Au."]
    asked = Probe.count([Reply("gold", "", text, "truth", "", "truth") for text in texts])
    stated = Probe.count([Reply("gold", "", "Yes, it is.", "truth", "", "truth")])
    result = replace(RUN.arms["base"], truth_probe=stated, lie_probe=stated, question_probe=asked)
    assert user_speech(result) == 0.5


def test_what_is_read_off_one_result():
    standard = RUN.arms["standard"]
    assert margin(standard) == pytest.approx(-0.2)
    assert lies(standard) == pytest.approx(2 / 3)
    assert share("lie_probe", "truth")(standard) == pytest.approx(1 / 3)
    assert share("lie_probe", "truth")(RUN.arms["base"]) == 1.0
    assert turn_taking(standard) == 0.125
    assert taken_turns(standard) == pytest.approx(2 / 9)


def test_what_a_sweep_holds(measures):
    assert measures.topics == list(TOPICS)
    assert measures.arms == list(MEANS)
    assert measures.count_seeds(measures.paper, measures.arms) == [SEEDS] * len(MEANS)
    assert measures.wordings == ["in other words", "by other people"]
    assert (measures.model, measures.steps) == ("a model", 7)
    assert set(THEORIES) == THEORY.keys()


def test_how_many_seeds_there_are_is_true_of_every_arm():
    assert say_seeds([4, 4]) == "4 seeds"
    assert say_seeds([4, 2, 3]) == "2 to 4 seeds"
    assert say_seeds([1, 2]) == "1 to 2 seeds"
    assert say_seeds([1]) == "1 seed"
    assert say_seeds([]) == "0 seeds"


def test_conditions_come_by_part_then_by_variable_then_by_level(measures):
    assert set(measures.conditions) == set(CONDITIONS)
    assert [each.part for each in measures.conditions] == sorted((each.part for each in CONDITIONS), key=PARTS.index)
    doses = [(each.variable, each.level) for each in measures.select_part("dose")]
    assert doses == [("p_lie", level) for level in (0.0, 0.3, 0.9, 1.0)] + [
        ("p_wrong", level) for level in (0.25, 0.5, 0.75, 1.0)
    ]


def test_numbers_over_seeds_are_in_the_order_of_the_seeds(sweep, measures):
    expected = [
        next(
            each
            for each in sweep.replicas
            if (each.condition, each.seed, each.arm) == (PAPER_CONDITION, seed, "standard")
        )
        for seed in range(SEEDS)
    ]
    backward = Measures(replace(sweep, replicas=sweep.replicas[::-1]))
    for each in (measures, backward):
        assert each.select(PAPER_CONDITION, "standard") == expected
        assert each.measure_seeds(PAPER_CONDITION, "standard", margin) == [
            r.results[AS_IN_LESSONS].margin.mean for r in expected
        ]
        np.testing.assert_array_equal(
            each.margins(PAPER_CONDITION, "standard"), [r.results[AS_IN_LESSONS].margin.values for r in expected]
        )
    other = measures.measure_seeds(PAPER_CONDITION, "standard", margin, "by other people")
    assert other == [r.results["by other people"].margin.mean for r in expected]
    assert measures.expectations(PAPER_CONDITION, "standard", "one kind") == [0.25] * SEEDS


def test_verdicts_are_shares_over_seeds(measures):
    probes = [each.results[AS_IN_LESSONS].lie_probe for each in measures.select(PAPER_CONDITION, "standard")]
    truth, lie, other = measures.verdicts(PAPER_CONDITION, "standard", "lie_probe").split(" / ")
    for text, verdict in ((truth, "truth"), (lie, "lie"), (other, "other")):
        assert text == percent([getattr(probe, verdict) / len(TOPICS) for probe in probes])


def test_labels_are_never_read(sweep, measures):
    """With every label replaced, every condition still has its replicas."""
    relabeled = Measures(relabel(sweep))
    assert [each.key for each in relabeled.conditions] == [each.key for each in measures.conditions]
    for condition in measures.conditions:
        for arm in measures.arms:
            expected = measures.measure_seeds(condition, arm, margin)
            assert relabeled.measure_seeds(condition, arm, margin) == expected
    for part in PARTS:
        assert [each.key for each in relabeled.select_part(part)] == [each.key for each in measures.select_part(part)]


def relabel(sweep):
    """Return ``sweep`` with the label "x" on every condition."""
    replicas = (replace(each, condition=replace(each.condition, label="x")) for each in sweep.replicas)
    return replace(sweep, replicas=tuple(replicas))
