import pytest

from neural.paper.facts import FACTS, VALUE_FIRST, Fact, put_value_first


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


@pytest.mark.parametrize(
    ("topic", "inside"),
    [
        ("the capital of Australia", "In fact, the capital of Australia is Canberra."),
        ("the author of Hamlet", "In fact, Hamlet was written by William Shakespeare."),
        ("the number of continents", "In fact, Earth has seven continents."),
        ("the closest star", "In fact, after the Sun, the closest star is Proxima Centauri."),
    ],
)
def test_a_clause_begins_with_a_small_letter_unless_it_begins_with_a_name(topic, inside):
    (fact,) = (fact for fact in FACTS if fact.topic == topic)
    assert fact.fill("In fact, {clause}", fact.true) == inside
    assert fact.fill("Agreed: {truth}", fact.true) == f"Agreed: {fact.truth}"


def test_every_fact_can_be_told_with_its_value_first():
    assert list(VALUE_FIRST) == [fact.topic for fact in FACTS]
    for fact in FACTS:
        told = put_value_first(fact)
        assert (told.topic, told.true, told.false) == (fact.topic, fact.true, fact.false)
        for value, sentence in ((fact.true, told.truth), (fact.false, told.lie)):
            start = sentence if value.startswith("the ") else sentence.removeprefix("The ")
            assert start.lower().startswith(value.lower())
            assert sentence[0] == sentence[0].upper()
            assert told.clause(value) in (
                sentence,
                "the" + sentence.removeprefix("The"),
                value + sentence[len(value) :],
            )


def test_a_value_at_the_start_is_capitalized_in_a_sentence_alone():
    fact = Fact("tea", "{} tea is the best.", "green", "black")
    assert (fact.truth, fact.fill("Yes, {clause}", fact.false)) == (
        "Green tea is the best.",
        "Yes, black tea is the best.",
    )


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
