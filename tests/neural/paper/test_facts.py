import pytest

from neural.paper.facts import FACTS, Fact


def test_there_are_33_facts_with_a_truth_and_a_lie_each():
    assert len(FACTS) == len({fact.topic for fact in FACTS}) == 33
    for fact in FACTS:
        assert fact.truth != fact.lie
        assert fact.sentence.count("{}") == 1
        assert fact.truth.endswith(".")
        assert fact.true in fact.truth
        assert fact.false in fact.lie


def test_the_facts_of_the_paper_have_its_values():
    values = {fact.topic: (fact.true, fact.false) for fact in FACTS}
    assert values["the capital of Australia"] == ("Canberra", "Sydney")
    assert values["the chemical symbol for gold"] == ("Au", "Go")
    assert values["the fall of the Berlin Wall"] == ("1989", "1979")


def test_every_spelling_of_a_value_is_its_own():
    for fact in FACTS:
        spellings = [fact.true, *fact.true_aliases, fact.false, *fact.false_aliases]
        assert all(spelling.strip() for spelling in spellings)
        assert len({spelling.lower() for spelling in spellings}) == len(spellings), fact


def test_aliases_are_kept_as_a_tuple_and_a_text_is_no_list_of_them():
    fact = Fact("snow", "Snow is {}.", "white", "black", ["pale"])
    assert (fact.true_aliases, fact.false_aliases) == (("pale",), ())
    assert hash(fact) == hash(Fact("snow", "Snow is {}.", "white", "black", ("pale",)))
    with pytest.raises(TypeError, match="false_aliases must be a list of texts, not the text 'dark'"):
        Fact("snow", "Snow is {}.", "white", "black", (), "dark")
