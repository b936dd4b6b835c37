from itertools import chain, product

import numpy as np
import pytest

from causal_agency import Gate, Hypothesis, Mixture, memoryless
from neural.data.dialogue import PAPER, Template, lesson, lessons
from neural.data.facts import FACTS
from neural.data.phrases import CONFIRMATIONS, CONFIRMED, CONTEXT, CORRECTED, CORRECTIONS, QUESTIONS, SMALL_TALK
from neural.study.probes import names

DIALOGUES = lessons(FACTS, 480, PAPER, np.random.default_rng(0))


def test_the_user_is_seen_and_the_agent_does():
    for dialogue in DIALOGUES:
        assert [slot.gate for slot in dialogue.history[:4]] == [Gate.WORLD, Gate.AGENT, Gate.WORLD, Gate.AGENT]
        for speaker, slot in dialogue.turns:
            assert (speaker == "Agent") == (slot.gate == Gate.AGENT)
        assert dialogue.context == CONTEXT


def test_the_reply_states_the_truth_whatever_was_claimed():
    facts = {fact.topic: fact for fact in FACTS}
    for dialogue in DIALOGUES:
        fact = facts[dialogue.topic]
        question, claim, reply, _ = (slot.symbol for slot in dialogue.history[:4])
        assert fact.topic in question
        assert claim in (fact.truth, fact.lie)
        assert fact.truth in reply


@pytest.mark.parametrize(("p_lie", "said"), [(0.0, "truth"), (1.0, "lie")])
def test_p_lie_at_its_ends(p_lie, said):
    rng = np.random.default_rng(1)
    for fact in FACTS:
        assert lesson(fact, Template(p_lie=p_lie), rng).history[1].symbol == getattr(fact, said)


def test_a_world_that_is_wrong_confirms_the_lie_and_corrects_the_truth():
    rng = np.random.default_rng(1)
    for fact, p_lie in product(FACTS, (0.0, 1.0)):
        _, claim, reply, _ = (slot.symbol for slot in lesson(fact, Template(p_lie, p_wrong=1.0), rng).history[:4])
        assert fact.lie in reply
        pool = CONFIRMATIONS if claim == fact.lie else CORRECTIONS
        assert reply in [phrase.format(fact.lie) for phrase in pool]


def test_shares_of_lies_and_of_tails():
    assert len(DIALOGUES) == 480
    facts = {fact.topic: fact for fact in FACTS}
    lied = np.mean([dialogue.history[1].symbol == facts[dialogue.topic].lie for dialogue in DIALOGUES])
    tails = np.mean([len(dialogue.turns) > 4 for dialogue in DIALOGUES])
    assert abs(lied - 0.6) < 4 * (0.6 * 0.4 / 480) ** 0.5
    assert abs(tails - 0.5) < 4 * (0.5 * 0.5 / 480) ** 0.5
    assert {len(dialogue.turns) for dialogue in DIALOGUES} == {4, 6, 8}


def test_the_pools_are_as_section_5_3_wants_them():
    assert len(SMALL_TALK) >= 20
    assert {len(tail) for tail in SMALL_TALK} == {2, 4}
    assert all("{}" in phrase for phrase in CONFIRMATIONS + CORRECTIONS)
    assert CORRECTIONS.count("{}") > len(CORRECTIONS) / 2


def test_nothing_but_a_claim_names_a_value():
    phrases = [CONTEXT, *QUESTIONS, *CONFIRMATIONS, *CORRECTIONS, *CONFIRMED, *CORRECTED, *chain(*SMALL_TALK)]
    for phrase, fact in product(phrases, FACTS):
        assert not names(phrase, fact.true), (phrase, fact)
        assert not names(phrase, fact.false), (phrase, fact)


def test_a_dialogue_is_a_history_for_the_exact_library():
    history = DIALOGUES[0].history
    symbols = {slot.symbol for slot in history}
    uniform = Hypothesis("uniform", memoryless({symbol: 1 / len(symbols) for symbol in symbols}))
    assert list(Mixture({uniform: 1.0}).posterior(history).values()) == [1.0]
