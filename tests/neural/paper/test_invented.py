from itertools import chain, product

import pytest

from causal_agency.cli import BadInput
from neural.data import phrases
from neural.data.invented import OF_COUNTRIES, OF_PEOPLE, facts
from neural.data.talk import NAMES
from neural.study.probes import verdict

WORLD = facts(1000)


def test_as_many_as_are_asked_for_and_always_the_same():
    assert len(WORLD) == len({fact.topic for fact in WORLD}) == len({fact.sentence for fact in WORLD}) == 1000
    assert facts(1000) == WORLD
    assert facts(7) == WORLD[:7]


def test_more_than_there_are_are_refused():
    with pytest.raises(BadInput, match="has 117,600 facts, not 117,601"):
        facts(117_601)


def test_each_is_judged_by_its_values():
    for fact in WORLD:
        assert fact.true != fact.false
        assert (verdict(fact, fact.truth), verdict(fact, fact.lie)) == ("truth", "lie")
        assert fact.topic.split()[-1] in fact.sentence


def test_truth_and_lie_are_drawn_alike():
    values = [value for attribute in (*OF_COUNTRIES, *OF_PEOPLE) for value in attribute.values]
    assert {fact.true for fact in WORLD} == {fact.false for fact in WORLD} == set(values)


@pytest.mark.parametrize("attribute", [*OF_COUNTRIES, *OF_PEOPLE], ids=lambda attribute: attribute.topic)
def test_no_phrase_of_a_lesson_names_a_value(attribute):
    said = (*phrases.QUESTIONS, *phrases.CORRECTIONS, *phrases.CONFIRMATIONS, *phrases.EMPTY_CONFIRMATIONS,
            *phrases.CORRECTED, *phrases.CONFIRMED, *chain(*phrases.SMALL_TALK), *NAMES)  # fmt: skip
    fact = next(fact for fact in WORLD if fact.sentence.endswith(attribute.sentence.split("{}", 1)[1]))
    for text, value in product(said, attribute.values):
        assert verdict(type(fact)(fact.topic, fact.sentence, value, "(none)"), text) == "other"
