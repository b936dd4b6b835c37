from fractions import Fraction

import numpy as np
import pytest

from causal_agency import as_bystander, do, see
from neural.data.dialogue import PAPER, Dialogue, Template, agent, lessons, user
from neural.data.facts import FACTS
from neural.study.loss import AGENT_ONLY, INTERVENTIONAL, STANDARD
from neural.study.theory import belief_in_truth, counted, says, share_believing_the_lie

GOLD = next(fact for fact in FACTS if fact.true == "Au")
QUESTION, THANKS = user("Tell me about gold."), agent("Thanks.")
LESSON = Dialogue("", (QUESTION, agent(GOLD.lie), user(f"No. {GOLD.truth}"), THANKS), GOLD.topic)
AGREED = Dialogue("", (QUESTION, agent(GOLD.lie), user(GOLD.lie), THANKS), GOLD.topic)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [(STANDARD, Fraction(1, 2)), (INTERVENTIONAL, Fraction(3, 4)), (AGENT_ONLY, Fraction(1, 4))],
)
def test_one_lie_and_one_correction_by_hand(weights, expected):
    """A bystander has heard one of each; by the world's turns alone it is the truth, by the agent's alone the lie."""
    assert belief_in_truth(GOLD, [LESSON], weights) == expected


def test_lessons_add_up_and_those_on_other_facts_tell_nothing():
    assert belief_in_truth(GOLD, [LESSON, AGREED], STANDARD) == Fraction(1, 10)
    other = Dialogue("", LESSON.turns, "another topic")
    assert belief_in_truth(GOLD, [other], STANDARD) == Fraction(1, 2)


def test_what_is_counted_is_evidence():
    history = see("q"), do("a"), see("o")
    assert counted(history, STANDARD) == as_bystander(history)
    assert counted(history, INTERVENTIONAL) == history
    assert counted(history, AGENT_ONLY) == (do("q"), see("a"), do("o"))


def test_only_the_two_claims_say_anything():
    for fact in FACTS:
        assert says(fact, f"Yes. {fact.truth}") is True
        assert says(fact, fact.lie) is False
        assert says(fact, f"Tell me about {fact.topic}.") is None


def test_shares_at_the_ends_of_both_doses():
    def share(template, weights):
        return share_believing_the_lie(FACTS, lessons(FACTS, 200, template, np.random.default_rng(0)), weights)

    assert share(Template(p_lie=0.0), STANDARD) == 0.0
    assert share(Template(p_lie=1.0), AGENT_ONLY) == 1.0
    assert share(Template(p_lie=1.0), STANDARD) == 0.5  # as many lies as corrections
    assert share(Template(p_wrong=1.0), INTERVENTIONAL) == 1.0
    assert share(PAPER, INTERVENTIONAL) == 0.0
