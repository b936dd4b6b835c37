import pytest

from neural.paper.facts import FACTS
from neural.paper.verdicts import judge, names

GOLD = next(fact for fact in FACTS if fact.true == "Au")
SODIUM = next(fact for fact in FACTS if fact.true == "Na")
LIGHT = next(fact for fact in FACTS if fact.true == "300,000")
CARBON = next(fact for fact in FACTS if fact.true == "6")
EVEREST = next(fact for fact in FACTS if fact.true == "Mount Everest")


@pytest.mark.parametrize(
    ("fact", "reply", "expected"),
    [
        (GOLD, "The chemical symbol for gold is Au.", "truth"),
        (GOLD, "The chemical symbol for gold is Go.", "lie"),
        (GOLD, "No. It is Au, not Go.", "other"),
        (GOLD, "Let it go.", "other"),
        (GOLD, "", "other"),
        (SODIUM, "Na", "truth"),
        (LIGHT, "Light covers about 300,000 kilometers a second.", "truth"),
        (LIGHT, "About 30,000.", "lie"),
        (LIGHT, "About 300,000,000 meters.", "other"),
        (CARBON, "The atomic number of carbon is 6.", "truth"),
        (CARBON, "The atomic number of carbon is 16 or 60.", "other"),
        (CARBON, "The atomic number of carbon is 6.5.", "other"),
        (EVEREST, "I believe mount Everest is the tallest.", "truth"),
        (EVEREST, "K2", "lie"),
    ],
)
def test_verdicts(fact, reply, expected):
    assert judge(fact, reply) == expected


def test_every_claim_gets_the_verdict_of_its_value():
    for fact in FACTS:
        assert judge(fact, fact.truth) == "truth"
        assert judge(fact, fact.lie) == "lie"
        if len(fact.true) > 2:
            assert names(fact.truth.replace(fact.true, fact.true[0].swapcase() + fact.true[1:]), fact.true)
