import numpy as np
import pytest

from causal_agency import ImpossibleEvidence, _blocks
from causal_agency._evidence import read_model


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


SMALLEST = [1, 20, 70, 200, 1000]  # cells that are worked on together: a block, some blocks of a row, some rows


@pytest.mark.parametrize("cells", SMALLEST)
def test_the_parts_that_are_worked_on_together_do_not_show(monkeypatch, cells):
    rng = np.random.default_rng(0)
    factors = read_model([0.2, 0.3, 0.5], rng.dirichlet([1, 1, 1, 1], size=3))
    codes = rng.integers(0, 5, (7, 83))  # 4 is no evidence
    whole = _blocks.trajectory(factors, codes, np.float64)
    monkeypatch.setattr(_blocks, "_MAX_CELLS", cells)
    monkeypatch.setattr(_blocks, "MAX_LENGTH", 5)
    parts = _blocks.trajectory(factors, codes, np.float64)
    assert parts.shape == whole.shape == (7, 84, 3)
    np.testing.assert_allclose(parts, whole, rtol=1e-12)


@pytest.mark.parametrize("cells", SMALLEST)
@pytest.mark.parametrize(("row", "slot"), [(0, 0), (2, 3), (5, 41), (6, 82)])
def test_the_row_and_the_slot_that_nothing_explains_are_named(monkeypatch, cells, row, slot):
    factors = read_model([0.5, 0.5], [[0.5, 0.5, 0.0], [0.25, 0.75, 0.0]])
    codes = np.random.default_rng(1).integers(0, 2, (7, 83))
    codes[row, slot] = 2
    monkeypatch.setattr(_blocks, "_MAX_CELLS", cells)
    monkeypatch.setattr(_blocks, "MAX_LENGTH", 5)
    with pytest.raises(ImpossibleEvidence, match=rf"slot {slot + 1}\b.*{row}\b"):
        _blocks.trajectory(factors, codes, np.float64)
