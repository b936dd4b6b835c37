from itertools import chain, product

import pytest

from neural.errors import BadInput
from neural.paper import phrases
from neural.paper.invented import OF_COUNTRIES, OF_PEOPLE, facts
from neural.paper.talk import NAMES
from neural.paper.verdicts import judge

WORLD = facts(1000)


def test_a_world_has_the_facts_asked_for_and_is_always_the_same():
    assert len(WORLD) == len({fact.topic for fact in WORLD}) == len({fact.sentence for fact in WORLD}) == 1000
    assert facts(1000) == WORLD
    assert facts(7) == WORLD[:7]


def test_more_facts_than_the_world_has_are_refused():
    with pytest.raises(BadInput, match="has 117,600 facts, not 117,601"):
        facts(117_601)


def test_each_fact_is_judged_by_its_values():
    for fact in WORLD:
        assert fact.true != fact.false
        assert [judge(fact, text)[0] for text in (fact.truth, fact.lie)] == ["truth", "lie"]
        assert fact.topic.split()[-1] in fact.sentence


def test_truth_and_lie_are_drawn_from_the_same_values():
    values = [value for attribute in (*OF_COUNTRIES, *OF_PEOPLE) for value in attribute.values]
    assert {fact.true for fact in WORLD} == {fact.false for fact in WORLD} == set(values)


@pytest.mark.parametrize("attribute", [*OF_COUNTRIES, *OF_PEOPLE], ids=lambda attribute: attribute.topic)
def test_no_phrase_of_a_lesson_names_a_value(attribute):
    texts = (*phrases.QUESTIONS, *phrases.CORRECTIONS, *phrases.CONFIRMATIONS, *phrases.EMPTY_CONFIRMATIONS,
             *phrases.CORRECTED, *phrases.CONFIRMED, *chain(*phrases.SMALL_TALK), *NAMES)  # fmt: skip
    fact = next(fact for fact in WORLD if fact.sentence.endswith(attribute.sentence.split("{}", 1)[1]))
    for text, value in product(texts, attribute.values):
        assert judge(type(fact)(fact.topic, fact.sentence, value, "(none)"), text)[0] == "other"
