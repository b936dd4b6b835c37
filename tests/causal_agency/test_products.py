import math
from fractions import Fraction
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_agency._products import MIN_MANTISSA, ExactProducts, ScaledProducts, empty_products, log_of, split

RATIONALS = st.fractions(0, 1, max_denominator=50)
ROWS = st.lists(st.tuples(RATIONALS, RATIONALS.filter(bool)), min_size=1, max_size=30)

MAGNITUDES = st.builds(lambda digits, e: digits * 10.0**-e, st.floats(0.1, 1), st.integers(0, 319))
SMALLEST = Fraction(5e-324)


def products(rows):
    return [math.prod(column) for column in zip(*rows, strict=True)]


def test_split_takes_a_number_apart():
    for x in (0.3, 5e-324, 1.0, Fraction(1, 3), Fraction(7, 2), Fraction(1, 10**400), 1):
        mantissa, exponent = split(x)
        assert 0.25 <= mantissa <= 2
        assert math.isclose(Fraction(mantissa) * Fraction(2) ** exponent / Fraction(x), 1, rel_tol=1e-15)
    assert split(0)[0] == split(0.0)[0] == split(Fraction(0))[0] == 0


@given(ROWS)
def test_exact_products_are_exact(rows):
    result = reduce(ExactProducts.multiply, rows, empty_products(2))
    assert isinstance(result, ExactProducts)
    assert result.values() == products(rows)
    assert result.normalize() == [x / sum(products(rows)) for x in products(rows)]


@given(ROWS, st.integers(0, 30))
def test_floats_among_them_make_floats(rows, exact):
    """The first factors exact, the others in floats: each product is right to rounding."""
    mixed = rows[:exact] + [(float(a), b) for a, b in rows[exact:]]
    result = reduce(lambda w, row: w.multiply(row), mixed, empty_products(2))
    assert isinstance(result, ScaledProducts if len(rows) > exact else ExactProducts)
    for got, want in zip(result.values(), products(rows), strict=True):
        assert float(got) == pytest.approx(float(want), rel=1e-13, abs=0)
    for got, want in zip(result.logs(), products(rows), strict=True):
        assert got == (pytest.approx(math.log(want), abs=1e-12) if want else -math.inf)
    for got, want in zip(result.normalize(), products(rows), strict=True):
        assert float(got) == pytest.approx(float(want / sum(products(rows))), rel=1e-13, abs=0)


@pytest.mark.parametrize("factor", [0.5, MIN_MANTISSA, 1e-300, 5e-324, Fraction(1, 10**400)])
def test_no_product_underflows(factor):
    result = reduce(lambda w, _: w.multiply([factor, 0.5]), range(10), ScaledProducts([1.0, 1.0], [0, 0]))
    mantissa, exponent = result.mantissas[0], result.exponents[0]
    want = Fraction(factor) ** 10
    assert math.isclose(Fraction(mantissa) * Fraction(2) ** exponent / want, 1, rel_tol=1e-14)
    assert result.logs()[0] == pytest.approx(10 * (math.log(factor.numerator) - math.log(factor.denominator)
        if isinstance(factor, Fraction) else math.log(factor)))  # fmt: skip


@given(st.lists(st.tuples(MAGNITUDES, MAGNITUDES, MAGNITUDES), min_size=1, max_size=6), MAGNITUDES)
def test_no_posterior_loses_digits(rows, start):
    """Whatever a float can show is right, to the last bit of a subnormal number."""
    result = reduce(ScaledProducts.multiply, rows, ScaledProducts((start, 1.0, start), (0, 0, 0)))
    want = [x * Fraction(y) for x, y in zip(products([map(Fraction, row) for row in rows]), (start, 1, start))]
    for got, x in zip(result.normalize(), want, strict=True):
        assert abs(Fraction(got) - x / sum(want)) <= x / sum(want) / 10**14 + SMALLEST


def test_a_zero_stays_zero_and_hides_nothing():
    result = ScaledProducts([1.0, 1.0], [0, 0]).multiply([0.0, 1e-200]).multiply([1.0, 1e-200]).multiply([0.5, 1.0])
    assert result.values() == [0.0, 0.0]
    assert result.normalize() == [0.0, 1.0]
    assert result.logs()[0] == -math.inf


def test_the_logarithm_of_a_number_of_any_size():
    assert log_of(0.5) == log_of(Fraction(1, 2)) == pytest.approx(math.log(0.5))
    assert log_of(Fraction(1, 10**1000)) == pytest.approx(-1000 * math.log(10))
    assert log_of(5e-324) == pytest.approx(-744.4400719, abs=1e-6)
    assert log_of(0) == log_of(0.0) == -math.inf
    assert log_of(1) == 0
