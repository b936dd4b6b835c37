import pickle

from causal_agency.probability import Probability, shown


def test_a_probability_is_a_float_that_prints_short():
    x = Probability(0.8115942028985507)
    assert repr(x) == str(x) == "0.8116"
    assert x == 0.8115942028985507
    assert repr(Probability(1.0)) == "1.0"
    assert pickle.loads(pickle.dumps(x)) == x


def test_only_floats_are_wrapped():
    assert shown(1) == 1
    assert type(shown(1)) is int
