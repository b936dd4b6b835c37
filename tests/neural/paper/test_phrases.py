from itertools import chain, product

from neural.paper.facts import FACTS
from neural.paper.phrases import (
    CONFIRMATIONS,
    CONFIRMED,
    CONTEXT,
    CORRECTED,
    CORRECTIONS,
    EMPTY_CONFIRMATIONS,
    QUESTIONS,
    SMALL_TALK,
)
from neural.paper.verdicts import names


def test_the_pools_follow_section_5_3():
    assert len(SMALL_TALK) >= 20
    assert {len(tail) for tail in SMALL_TALK} == {2, 4}
    assert all("{}" in phrase for phrase in CONFIRMATIONS + CORRECTIONS)
    assert CORRECTIONS.count("{}") > len(CORRECTIONS) / 2


def test_empty_confirmations_state_nothing():
    assert not any("{}" in phrase for phrase in EMPTY_CONFIRMATIONS)


def test_only_claims_name_a_value():
    phrases = [CONTEXT, *QUESTIONS, *CONFIRMATIONS, *EMPTY_CONFIRMATIONS, *CORRECTIONS, *CONFIRMED, *CORRECTED,
               *chain(*SMALL_TALK)]  # fmt: skip
    for phrase, fact in product(phrases, FACTS):
        assert not names(phrase, fact.true), (phrase, fact)
        assert not names(phrase, fact.false), (phrase, fact)
