from neural.paper.facts import FACTS


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
