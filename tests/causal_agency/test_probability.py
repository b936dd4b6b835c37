import copy
import csv
import io
import json
import pickle
import sys
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_agency import Distribution, Hypothesis, L_do, Mixture, do, memoryless, see
from causal_agency._probability import LongFraction, Probability, describe, display, to_decimal, validate_distribution

p_B, p_A = Hypothesis("p_B", memoryless(A=0.2, B=0.8)), Hypothesis("p_A", memoryless(A=0.9, B=0.1))
MIX, HISTORY = Mixture({p_B: 0.35, p_A: 0.65}), (do("A"), see("B"))
W = 0.8115942028985507
LONG = Fraction(56 * 10**5000 + 1, 69 * 10**5000)
TINY = Fraction(1234567, 10**5006)


def test_a_probability_is_a_float_with_a_short_repr():
    x = Probability(W)
    assert repr(x) == "0.8116"
    assert x == W
    assert repr(Probability(1.0)) == "1.0"
    assert pickle.loads(pickle.dumps(x)) == x
    assert repr(copy.deepcopy(x)) == "0.8116"


def test_only_the_prompt_rounds():
    x, table = Probability(W), io.StringIO()
    csv.writer(table).writerow([x, MIX.posterior(HISTORY)[p_B]])
    assert str(x) == f"{x}" == format(x) == "%s" % x == json.dumps(x) == str(W)  # noqa: UP031
    assert table.getvalue() == f"{W},{W}\r\n"
    assert f"{x:.2f}" == "0.81"
    assert json.dumps(list(MIX.posterior(HISTORY).values())) == f"[{W}, 0.1884057971014493]"
    assert json.dumps({p.name: w for p, w in MIX.posterior(HISTORY).items()}).startswith(f'{{"p_B": {W}')


def test_a_posterior_and_its_items_look_alike():
    w = MIX.posterior(HISTORY)
    assert repr(w) == "{p_B: 0.8116, p_A: 0.1884}"
    assert (repr(w[p_B]), repr(w[p_A])) == ("0.8116", "0.1884")
    assert repr(w.get(p_B)) == repr(w.get("?", w[p_B])) == "0.8116"
    assert w.get("?") is None
    assert w[p_B] == w.get(p_B) == W
    assert str(w) == f"{w}" == f"{{p_B: {W}, p_A: 0.1884057971014493}}"
    assert repr(Mixture({p_B: 1 / 3, p_A: 2 / 3}).prior) == "{p_B: 0.3333, p_A: 0.6667}"
    assert repr(MIX.trajectory(HISTORY)[-1][p_B]) == "0.8116"


def test_in_a_notebook_it_is_a_table_with_bars():
    w = Distribution({Hypothesis("<p>", memoryless(A=1.0)): Fraction(1, 4), Hypothesis("q", memoryless(A=1.0)): 0.75})
    bar = "<div style='background-color: #0060a8; width: {}em; height: 0.8em'></div>"
    assert w._repr_html_() == (
        f"<table><tbody><tr><th scope='row'>&lt;p&gt;</th><td>1/4</td><td>{bar.format('2.00')}</td></tr>"
        f"<tr><th scope='row'>q</th><td>0.75</td><td>{bar.format('6.00')}</td></tr></tbody></table>"
    )


def test_a_notebook_shows_short_digits_of_floats_and_whole_fractions():
    shown = Distribution(A=1 / 3, B=Fraction(2, 3))._repr_html_()
    assert "<td>0.3333</td>" in shown
    assert "<td>2/3</td>" in shown


def test_fractions_stay_as_they_are():
    w = Distribution(A=Fraction(56, 69), B=Fraction(13, 69))
    assert type(w["A"]) is Fraction
    assert repr(w) == "{'A': Fraction(56, 69), 'B': Fraction(13, 69)}"
    assert str(w) == "{'A': 56/69, 'B': 13/69}"


def test_only_what_needs_it_is_wrapped():
    assert display(1) == 1
    assert type(display(1)) is int
    assert type(display(Fraction(1, 2**1999))) is Fraction
    assert type(display(Fraction(1, 2**2000))) is type(display(Fraction(2**2000))) is LongFraction


def test_a_long_fraction_shows_a_decimal_and_keeps_its_value():
    x = display(LONG)
    assert (repr(x), str(x), f"{x}") == ("≈0.8116", "≈0.81159420289855078", "≈0.81159420289855078")
    assert x == LONG
    assert hash(x) == hash(LONG)
    assert pickle.loads(pickle.dumps(x)) == copy.copy(x) == copy.deepcopy(x) == LONG
    assert repr(copy.copy(x)) == "≈0.8116"
    assert x - LONG == 0
    assert json.dumps([x], default=str) == json.dumps(["≈0.81159420289855078"])


def test_below_pythons_limit_all_digits_are_shown(monkeypatch):
    x = display(Fraction(1, 7**3000))
    assert repr(x) == f"Fraction(1, {7**3000})"
    assert str(x) == f"1/{7**3000}"
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        assert repr(x).startswith("≈")
    finally:
        sys.set_int_max_str_digits(limit)


def test_numbers_beyond_floats_are_not_shown_as_zero_or_infinite():
    assert repr(display(TINY)) == "≈1.235e-5000"
    assert str(display(TINY)) == "≈1.234567e-5000"
    assert repr(display(Fraction(10**5000 + 1, 3))) == "≈3.333e+4999"
    assert to_decimal(Fraction(0), 4) == "0"
    assert to_decimal(-TINY, 4) == "-1.235e-5000"
    assert to_decimal(Fraction(1, 10**400), 4) == "1e-400"
    assert to_decimal(Fraction(1, 2**4_000_000), 4) == "1.041e-1204120"
    assert to_decimal(2**4_000_000, 4) == "9.609e+1204119"


@given(st.fractions(min_value=Fraction(1, 10**6), max_value=10**6), st.integers(-900, 900))
def test_decimals_are_right_to_their_last_digit(x, exponent):
    x *= Fraction(10) ** exponent
    got = Fraction(to_decimal(x, 4))
    assert abs(got - x) <= x / 2000 * (1 + Fraction(1, 10**12))


def mixture(p, q):
    kernels = (memoryless(A=a, B=1 - a) for a in (p, q))
    return Mixture({Hypothesis(name, nu): Fraction(1, 2) for name, nu in zip("pq", kernels, strict=True)})


def test_results_too_long_for_python_print_everywhere():
    """After 10,000 slots, the numbers have 9,542 digits."""
    mix, history = mixture(Fraction(1, 3), Fraction(1, 7)), [see("B")] * 10_000
    p, q = mix.prior
    w = mix.posterior(history)
    assert repr(w) == "{p: ≈3.592e-1092, q: ≈1}"
    assert (repr(w[q]), str(w[q])) == ("≈1", "≈1")
    assert str(w).startswith("{p: ≈3.59")
    assert repr(mix.belief(history)) == f"after 10000 slots: {w!r}"
    assert (
        repr([*w.values()]) == repr([*w.by_name().values()]) == repr([x for _, x in w.items()]) == "[≈3.592e-1092, ≈1]"
    )
    assert pickle.loads(pickle.dumps(w)) == copy.deepcopy(w) == w
    assert repr(mix.predict("A", history)) == repr(mix.expect(lambda z: int(z == "A"), history)) == "≈0.1429"
    assert repr(L_do(p, history)) == "≈1.223e-1761"
    assert w[p] / w[q] == Fraction(7, 9) ** 10_000


def test_fractions_of_floats_are_soon_too_long():
    w = mixture(Fraction(0.1), Fraction(0.3)).posterior([see("A"), see("B")] * 150)
    assert repr(w).startswith("{p: ≈")
    assert sum(w.values()) == 1


def test_messages_have_short_numbers():
    for number, text in (
        (0.5, "0.5"),
        (None, "None"),
        (Fraction(11, 10), "11/10"),
        (10**60, str(10**60)),
        (10**400, "≈1e+400"),
        (10**5000, "≈1e+5000"),
        (-(10**5000), "≈-1e+5000"),
        (Fraction(1, 10**5000), "≈1e-5000"),
    ):
        assert describe(number) == text


HUGE = {"int": 10**400, "longer": 10**5000, "Fraction": Fraction(10**5000, 3), "negative": -(10**5000)}


@pytest.mark.parametrize("number", HUGE.values(), ids=HUGE)
def test_numbers_beyond_floats_are_named_in_one_line(number):
    huge = Hypothesis("huge", lambda token, past: number)
    for ask in (
        lambda: Mixture({p_B: number, p_A: 1}),
        lambda: memoryless(A=number),
        lambda: Mixture({huge: 1}).posterior([see("A")]),
        lambda: Mixture({huge: 1.0}).predict("A"),
        lambda: L_do(huge, [see("A")]),
    ):
        with pytest.raises(ValueError, match=r"(p_B|'A') the probability ≈-?[\d.]+e\+\d+") as problem:
            ask()
        assert len(str(problem.value)) < 100


def test_a_sum_that_is_too_long_is_described():
    with pytest.raises(ValueError, match=r"^it sums to ≈0.5, not to 1$"):
        validate_distribution({"a": Fraction(1, 2) - Fraction(1, 10**5000), "b": 0}, "it")


def test_nan_is_not_a_name():
    nan = float("nan")
    with pytest.raises(ValueError, match=r"^the kernel names nan, which does not equal itself: use a string, such as "):
        memoryless({nan: 0.5, "A": 0.5})
