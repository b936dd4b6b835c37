from itertools import product

import numpy as np
import pytest

from causal_agency import Gate, Hypothesis, Mixture, memoryless, see
from neural.paper.facts import FACTS
from neural.paper.lessons import PAPER, Template, lesson, lessons
from neural.paper.phrases import CONFIRMATIONS, CONTEXT, CORRECTIONS

LESSONS = lessons(FACTS, 480, PAPER, np.random.default_rng(0))


def test_the_user_is_seen_and_the_agent_does():
    for each in LESSONS:
        assert [slot.gate for slot in each.history[:4]] == [Gate.WORLD, Gate.AGENT, Gate.WORLD, Gate.AGENT]
        for speaker, slot in each.turns:
            assert (speaker == "Agent") == (slot.gate == Gate.AGENT)
        assert each.context == CONTEXT


def test_the_reply_states_the_truth_whatever_was_claimed():
    facts = {fact.topic: fact for fact in FACTS}
    for each in LESSONS:
        fact = facts[each.topic]
        question, claim, reply, _ = (slot.symbol for slot in each.history[:4])
        assert fact.topic in question
        assert claim in (fact.truth, fact.lie)
        assert fact.truth in reply or fact.clause(fact.true) in reply


@pytest.mark.parametrize(("p_lie", "claim"), [(0.0, "truth"), (1.0, "lie")])
def test_p_lie_at_its_ends(p_lie, claim):
    rng = np.random.default_rng(1)
    for fact in FACTS:
        assert lesson(fact, Template(p_lie=p_lie), rng).history[1].symbol == getattr(fact, claim)


def test_a_world_that_is_wrong_confirms_the_lie_and_corrects_the_truth():
    rng = np.random.default_rng(1)
    for fact, p_lie in product(FACTS, (0.0, 1.0)):
        _, claim, reply, _ = (slot.symbol for slot in lesson(fact, Template(p_lie, p_wrong=1.0), rng).history[:4])
        pool = CONFIRMATIONS if claim == fact.lie else CORRECTIONS
        assert reply in [fact.fill(phrase, fact.false) for phrase in pool]


def test_a_teacher_shows_the_truth_and_the_world_wrote_it():
    rng = np.random.default_rng(1)
    for fact in FACTS:
        each = lesson(fact, Template(p_lie=1.0, p_teacher=1.0), rng)
        assert [slot.gate for slot in each.history[:4]] == [Gate.WORLD, Gate.WORLD, Gate.WORLD, Gate.AGENT]
        assert each.turns[1] == ("Agent", see(fact.truth))
        assert each.history[2].symbol in [fact.fill(phrase, fact.true) for phrase in CONFIRMATIONS]


def test_the_share_of_lessons_that_a_teacher_shows():
    drawn = lessons(FACTS, 480, Template(p_teacher=0.2), np.random.default_rng(2))
    shown = [each for each in drawn if each.history[1].gate == Gate.WORLD]
    assert abs(len(shown) / 480 - 0.2) < 4 * (0.2 * 0.8 / 480) ** 0.5
    facts = {fact.topic: fact for fact in FACTS}
    lied = [each for each in drawn if each.history[1].symbol == facts[each.topic].lie]
    assert abs(len(lied) / (480 - len(shown)) - 0.6) < 4 * (0.6 * 0.4 / 384) ** 0.5


def test_shares_of_lies_and_of_tails():
    assert len(LESSONS) == 480
    facts = {fact.topic: fact for fact in FACTS}
    lied = np.mean([each.history[1].symbol == facts[each.topic].lie for each in LESSONS])
    tails = np.mean([len(each.turns) > 4 for each in LESSONS])
    assert abs(lied - 0.6) < 4 * (0.6 * 0.4 / 480) ** 0.5
    assert abs(tails - 0.5) < 4 * (0.5 * 0.5 / 480) ** 0.5
    assert {len(each.turns) for each in LESSONS} == {4, 6, 8}


def test_a_lesson_is_a_history_for_the_exact_library():
    history = LESSONS[0].history
    symbols = {slot.symbol for slot in history}
    uniform = Hypothesis("uniform", memoryless({symbol: 1 / len(symbols) for symbol in symbols}))
    assert list(Mixture({uniform: 1.0}).posterior(history).values()) == [1.0]
