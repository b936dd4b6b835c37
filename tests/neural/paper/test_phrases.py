from itertools import chain, product

import pytest

from neural.paper import phrases
from neural.paper.facts import FACTS
from neural.paper.phrases import (
    CONFIRMATIONS,
    CONFIRMATIONS_APART,
    CONFIRMED,
    CONTEXT,
    CORRECTED,
    CORRECTIONS,
    CORRECTIONS_APART,
    EMPTY_CONFIRMATIONS,
    QUESTIONS,
    SMALL_TALK,
)
from neural.paper.verdicts import names

FIELDS = "{truth}", "{clause}"
POOLS = CORRECTIONS, CONFIRMATIONS, CORRECTIONS_APART, CONFIRMATIONS_APART


def test_the_pools_follow_section_5_3():
    """Half a dozen questions; a third of the corrections and a fifth of the confirmations are the bare truth."""
    assert len(QUESTIONS) == 6
    assert all(question.count("{}") == 1 for question in QUESTIONS)
    assert len(SMALL_TALK) >= 20
    assert {len(tail) for tail in SMALL_TALK} == {2, 4}
    assert CORRECTIONS.count("{truth}") == len(CORRECTIONS) / 3
    assert CONFIRMATIONS.count("{truth}") == len(CONFIRMATIONS) / 5


@pytest.mark.parametrize("pool", POOLS)
def test_every_reply_states_the_truth_once(pool):
    assert all(sum(map(phrase.count, FIELDS)) == 1 for phrase in pool)


def test_most_openers_are_spliced_into_the_sentence():
    """A spliced opener ends in a comma, a dash or a colon, or leads into the clause."""
    for pool in (CORRECTIONS, CONFIRMATIONS):
        opened = [phrase for phrase in pool if phrase != "{truth}"]
        assert sum("{clause}" in phrase for phrase in opened) > len(opened) / 2
        assert sum(". {truth}" in phrase for phrase in opened) <= 1
        assert all(phrase.split("{")[0][-2:] in (", ", "— ", "k ") for phrase in opened if "{clause}" in phrase)


@pytest.mark.parametrize("pool", [CORRECTIONS_APART, CONFIRMATIONS_APART])
def test_the_old_openers_are_sentences_of_their_own(pool):
    assert all(phrase == "{truth}" or phrase.endswith(". {truth}") for phrase in pool)


def test_empty_confirmations_state_nothing():
    assert not any("{" in phrase for phrase in EMPTY_CONFIRMATIONS)


def test_only_claims_name_a_value():
    texts = [CONTEXT, *QUESTIONS, *chain(*POOLS), *EMPTY_CONFIRMATIONS, *CONFIRMED, *CORRECTED, *chain(*SMALL_TALK)]
    assert {getattr(phrases, name) for name in dir(phrases) if name.isupper()} <= {CONTEXT, QUESTIONS, *POOLS,
        EMPTY_CONFIRMATIONS, CONFIRMED, CORRECTED, SMALL_TALK}  # fmt: skip
    for phrase, fact in product(texts, FACTS):
        assert not names(phrase, fact.true), (phrase, fact)
        assert not names(phrase, fact.false), (phrase, fact)
