"""What a person can change, and that a change keeps distributions distributions."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from causal_agency.explore import answer
from causal_agency.explore._numbers import BadState, read_probability, rescale, write_probability


def after(change, link=None):
    given = answer({"change": change} | ({"link": link} if link else {}))
    assert "error" not in given, given
    return given["state"]


def priors(state):
    return [each["prior"] for each in state["hypotheses"]]


def test_a_flip_hands_the_slot_to_the_other():
    assert after({"flip": 0})["history"] == [["see", "A"], ["see", "B"]]
    assert after({"flip": 1})["history"] == [["do", "A"], ["do", "B"]]


def test_slots_come_and_go():
    assert after({"write": ["see", "B"]})["history"] == [["do", "A"], ["see", "B"], ["see", "B"]]
    assert after({"remove": 0})["history"] == [["see", "B"]]


def test_the_prior_is_dragged():
    assert priors(after({"prior": 0, "value": "0.5"})) == ["0.5", "0.5"]
    assert priors(after({"prior": 1, "value": "1/3"})) == ["2/3", "1/3"]


def test_a_kernel_is_dragged():
    state = after({"nu": [1, 0, "A"], "value": "1"})
    assert state["hypotheses"][1]["rows"] == [{"after": [], "probs": {"A": "1", "B": "0"}}]


def test_a_channel_is_dragged_alone():
    link = "action=go&action=stay&symbol=ok&symbol=no&p=p&w=1&nu=0.5+0.5+0.9+0.1"
    probs = after({"nu": [0, 0, "ok"], "value": "0.3"}, link)["hypotheses"][0]["rows"][0]["probs"]
    assert probs == {"go": "0.5", "stay": "0.5", "ok": "0.3", "no": "0.7"}


def test_a_new_symbol_has_no_chance_yet():
    state = after({"symbol": True, "value": "C"})
    assert state["symbols"] == ["A", "B", "C"]
    assert [each["rows"][0]["probs"]["C"] for each in state["hypotheses"]] == ["0", "0"]


def test_a_new_hypothesis_takes_its_share():
    state = after({"hypothesis": True, "value": "p_C"})
    assert priors(state) == ["7/30", "13/30", "1/3"]
    assert state["hypotheses"][2]["rows"][0]["probs"] == {"A": "0.5", "B": "0.5"}


def test_how_it_looks():
    assert after({"exact": True})["exact"]
    assert after({"guess": True})["guess"]


parts = st.lists(st.integers(0, 999), min_size=1, max_size=6).filter(any)


@given(parts, st.integers(0, 10**9 - 1), st.integers(1, 10**9 - 1))
def test_rescaling_keeps_a_distribution_that_can_be_written(numbers, numerator, denominator):
    assume(numerator <= denominator)
    probs = {i: Fraction(n, sum(numbers)) for i, n in enumerate(numbers)}
    value = Fraction(numerator, denominator)
    scaled = rescale(probs, 0, value)
    assert sum(scaled.values()) == 1
    assert min(scaled.values()) >= 0
    assert len(numbers) == 1 or scaled[0] == value
    assert all(read_probability(write_probability(x), "x") == x for x in scaled.values())


def test_rescaling_keeps_proportions():
    assert rescale({"a": Fraction(1, 2), "b": Fraction(1, 3), "c": Fraction(1, 6)}, "a", Fraction(1, 4)) == {
        "a": Fraction(1, 4),
        "b": Fraction(1, 2),
        "c": Fraction(1, 4),
    }


def test_too_many_digits_are_refused():
    with pytest.raises(BadState, match="at most nine"):
        rescale({"a": Fraction(1, 2), "b": Fraction(1, 3), "c": Fraction(1, 6)}, "a", Fraction(1, 999_999_999_989))


@given(st.fractions(0, 1, max_denominator=10**12))
def test_numbers_are_written_so_that_they_can_be_read(x):
    assert read_probability(write_probability(x), "x") == x
