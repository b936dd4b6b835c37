"""Sums of logarithms in two parts, against the widest floats and against Fractions of the parts themselves."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from causal_agency import _log_sums

FACTORS = arrays(np.float64, (4, 3), elements=st.one_of(st.just(0.0), st.floats(1e-300, 1.0)))
CODES = arrays(np.int64, (3, 6), elements=st.integers(0, 4))  # 4: no evidence


def summed(table, codes, look_up):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_log_sums, "_COUNTED", 0 if look_up else 10)
        patch.setattr(_log_sums, "_MAX_CELLS", 5)
        return _log_sums.sum_logs(table, lambda part, left, right: codes[part, left:right], codes.shape)


@given(FACTORS, CODES, st.booleans())
def test_both_ways_agree_with_exact_sums_of_the_parts(table, codes, look_up):
    coarse, fine = _log_sums.logarithms(np.vstack([table, np.ones(3)]))
    got = summed(table, codes, look_up)
    for row in range(3):
        for p in range(3):
            terms = [float(coarse[c, p]) for c in codes[row]]
            exact = -np.inf if -np.inf in terms else float(sum(map(Fraction, terms)))
            assert got.coarse[row, p] == exact
            rest = float(sum(Fraction(float(fine[c, p])) for c in codes[row]))
            np.testing.assert_allclose(got.fine[row, p], rest, rtol=1e-9, atol=1e-20)


@given(FACTORS)
def test_the_parts_make_the_logarithm(table):
    got = _log_sums.logarithms(table)
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(got.total(), np.log(table), rtol=1e-15, atol=1e-20)
    grid = got.coarse[np.isfinite(got.coarse)] / _log_sums._GRID
    assert (grid == np.rint(grid)).all()
    assert (np.abs(got.fine) <= _log_sums._GRID / 2).all()


def test_relative_logarithms_of_the_impossible_are_minus_infinity():
    logs = _log_sums.logarithms(np.array([[0.0, 0.0], [0.25, 0.0], [0.25, 0.5]]))
    np.testing.assert_allclose(logs.relative(), [[-np.inf] * 2, [0.0, -np.inf], [np.log(0.5), 0.0]], rtol=1e-15)


def test_renumbering():
    assert _log_sums.renumber(np.array([True, False, True, False])).tolist()[::2] == [0, 1]
    assert _log_sums.renumber(np.array([True, False, True, True])).tolist()[-1] == 2
