import numpy as np

from causal_agency import _blocks


def test_scaling_is_by_powers_of_two():
    table = np.array([[0.3, 0.04], [1e-280, 1e-285], [0.0, 0.0], [5e-324, 0.0], [1.0, 0.5]])
    got = _blocks.relative(table)
    assert (got.max(axis=1)[[0, 1, 4]] >= 0.5).all()
    assert (got <= 1).all()
    scale = got[table > 0] / table[table > 0]
    assert (np.frexp(scale[np.isfinite(scale)])[0] == 0.5).all()
    assert (got[2] == 0).all()
    assert got[3, 0] == 5e-324 * 2.0**1000


def test_how_many_factors_stay_above_a_power_of_two():
    assert _blocks.count_factors(np.array([[0.5, 0.5]]), 511) == _blocks.MAX_LENGTH
    assert _blocks.count_factors(np.array([[1.0, 0.0]]), 511) == _blocks.MAX_LENGTH
    assert _blocks.count_factors(np.array([[1e-20, 0.0]]), 511) == 7
    assert _blocks.count_factors(np.array([[2.0**-600, 1.0]]), 511) == 0
