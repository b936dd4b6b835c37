import pickle

from causal_agency._probability import Probability, display


def test_a_probability_is_a_float_with_a_short_repr():
    x = Probability(0.8115942028985507)
    assert repr(x) == str(x) == "0.8116"
    assert x == 0.8115942028985507
    assert repr(Probability(1.0)) == "1.0"
    assert pickle.loads(pickle.dumps(x)) == x


def test_only_floats_are_wrapped():
    assert display(1) == 1
    assert type(display(1)) is int
