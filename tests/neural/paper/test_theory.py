from fractions import Fraction

import numpy as np
import pytest

from causal_agency import do, see
from neural.dialogue.authors import ASSISTANT_ONLY, INTERVENTIONAL, STANDARD
from neural.dialogue.dialogue import Dialogue, agent, user
from neural.paper.facts import FACTS
from neural.paper.lessons import PAPER, Lesson, Template, lessons
from neural.paper.theory import (
    AGENT,
    CONTRARY,
    expects_the_lie,
    observer,
    read_claim,
    record_evidence,
    share_expecting_the_lie,
)

GOLD = next(fact for fact in FACTS if fact.true == "Au")
QUESTION, THANKS = user("Tell me about gold."), agent("Thanks.")
LESSON = Lesson("", (QUESTION, agent(GOLD.lie), user(f"No. {GOLD.truth}"), THANKS), GOLD.topic)
AGREED = Lesson("", (QUESTION, agent(GOLD.lie), user(GOLD.lie), THANKS), GOLD.topic)
ONE_KIND, TWO_CHANNELS = (observer(GOLD, contrary) for contrary in (CONTRARY["one kind"], Fraction(1, 4)))


def beliefs(mix, lessons, weights):
    """(w(true), w(the agent is contrary)) after the lessons."""
    history = [slot for lesson in lessons for slot in record_evidence(lesson, weights)]
    w = {p.name: prob for p, prob in mix.posterior(history).items()}
    return w["true"] + w["true, contrary"], w["true, contrary"] + w["false, contrary"]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [(STANDARD, Fraction(1, 2)), (INTERVENTIONAL, Fraction(3, 4)), (ASSISTANT_ONLY, Fraction(1, 4))],
)
def test_one_lie_and_one_correction_by_hand(weights, expected):
    """A bystander has heard one of each; the world's turns alone favor the truth, the agent's alone the lie."""
    assert beliefs(ONE_KIND, [LESSON], weights) == (expected, 0)


def test_with_a_channel_of_its_own_the_same_lie_says_that_the_agent_is_contrary():
    """Lie and correction have the likelihoods 3/16, contrary 9/16 if the fact is true, else 3/16, contrary 1/16."""
    total = 3 * 3 + 9 * 1 + 3 * 3 + 1 * 1
    assert beliefs(TWO_CHANNELS, [LESSON], STANDARD) == (Fraction(9 + 9, total), Fraction(9 + 1, total))
    assert beliefs(TWO_CHANNELS, [LESSON], INTERVENTIONAL) == (Fraction(3, 4), Fraction(1, 4))


@pytest.mark.parametrize("n", [1, 5])
def test_what_each_arm_expects_of_a_liar_who_was_corrected(n):
    """If the agent's own turns are evidence, it expects more lies; if the corrections alone are, the truth."""
    for weights, share in {STANDARD: 1.0, INTERVENTIONAL: 0.0, ASSISTANT_ONLY: 1.0}.items():
        assert expects_the_lie(TWO_CHANNELS, GOLD, n * [LESSON], weights) == share
    assert expects_the_lie(ONE_KIND, GOLD, n * [LESSON], STANDARD) == 0.5


def test_lessons_add_up_and_those_on_other_facts_tell_nothing():
    assert beliefs(ONE_KIND, [LESSON, AGREED], STANDARD) == (Fraction(1, 10), 0)
    other = Lesson("", LESSON.turns, "another topic")
    assert expects_the_lie(ONE_KIND, GOLD, [other], STANDARD) == 0.5


def test_turns_that_count_are_evidence_and_name_their_speaker():
    dialogue = Dialogue("", (user("q"), agent("a"), user("o")))
    q, a, o = ("User", "q"), (AGENT, "a"), ("User", "o")
    assert tuple(record_evidence(dialogue, STANDARD)) == (see(q), see(a), see(o))
    assert tuple(record_evidence(dialogue, INTERVENTIONAL)) == (see(q), do(a), see(o))
    assert tuple(record_evidence(dialogue, ASSISTANT_ONLY)) == (do(q), see(a), do(o))


def test_only_the_two_claims_say_anything():
    for fact in FACTS:
        assert read_claim(fact, f"Yes. {fact.truth}") is True
        assert read_claim(fact, fact.lie) is False
        assert read_claim(fact, f"Tell me about {fact.topic}.") is None


def test_shares_at_the_ends_of_both_doses():
    def shares(template, weights):
        return share_expecting_the_lie(FACTS, lessons(FACTS, 200, template, np.random.default_rng(0)), weights)

    assert set(shares(Template(p_lie=0.0), STANDARD).values()) == {0.0}
    assert set(shares(Template(p_lie=1.0), ASSISTANT_ONLY).values()) == {1.0}
    sure = shares(Template(p_lie=1.0), STANDARD)
    assert sure["one kind"] == 0.5  # as many lies as corrections
    assert all(sure[name] > 0.9 for name in CONTRARY if name != "one kind")
    assert set(shares(Template(p_wrong=1.0), INTERVENTIONAL).values()) == {1.0}
    assert set(shares(PAPER, INTERVENTIONAL).values()) == {0.0}


def test_one_lie_more_than_truths_tips_the_scale_between_the_two_priors():
    """ν(lie)/ν(truth) is 3 for a contrary agent, so one lie more weighs as much as a prior of 1/4 against 3/4."""
    truthful = Lesson("", (QUESTION, agent(GOLD.truth), user(GOLD.truth), THANKS), GOLD.topic)
    history = [LESSON, truthful, LESSON] * 3 + [truthful] * 2  # six lies, five truths, eleven right replies
    expected = {"one kind": 0.0, "two channels, 1/5": 0.0, "two channels, 1/3": 1.0}
    for name, share in expected.items():
        assert expects_the_lie(observer(GOLD, CONTRARY[name]), GOLD, history, STANDARD) == share
