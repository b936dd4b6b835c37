"""The compiled trajectories, against the exact mixture, against long doubles and against NumPy's."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_agency import ImpossibleEvidence, _blocks, see, streams
from causal_agency.testing import TOKENS, histories, markov_kernels, memoryless_kernels, mixtures

pytest.importorskip("numba", reason="compiled trajectories need numba (the extra `compiled`)")
from causal_agency import _compiled


def compiled(*arguments, **options):
    with patch.object(streams, "_find_method", lambda cells: _compiled):
        return streams.trajectory(*arguments, **options)


def in_numpy(*arguments, **options):
    with patch.object(streams, "_find_method", lambda cells: _blocks):
        return streams.trajectory(*arguments, **options)


def as_arrays(mix, history):
    model = mix.as_arrays()
    z = model.encode(slot.symbol for slot in history)
    return model.prior, model.kernels, z, np.array([slot.gate == 0 for slot in history], bool)


def test_it_is_found():
    assert streams._find_method(streams._MIN_COMPILED) is _compiled


@given(
    mixtures(kernels=st.one_of(memoryless_kernels(), markov_kernels())),
    histories(max_size=12),
    st.integers(0, 1500),
    st.sampled_from(TOKENS),
)
def test_it_agrees_with_rationals(mix, history, ahead, symbol):
    """Also after a long run of one symbol, when a leader is ruled out and floats hold no other hypothesis."""
    history = (*[see(symbol)] * ahead, *history)
    arrays = as_arrays(mix, history)
    try:
        exact = mix.trajectory(history)
    except ImpossibleEvidence as problem:
        with pytest.raises(ImpossibleEvidence, match=str(problem).split(":")[0] + ":"):
            compiled(*arrays)
        return
    expected = np.array([[float(w) for w in posterior.values()] for posterior in exact[-13:]])
    np.testing.assert_allclose(compiled(*arrays)[-13:], expected, rtol=1e-13, atol=1e-150)


def stream(hypotheses, size, slots):
    rng = np.random.default_rng(slots)
    kernels = rng.dirichlet(np.ones(size), hypotheses)
    kernels[1:3] = kernels[0] * np.exp(rng.normal(0, 0.01, (2, size)))
    kernels /= kernels.sum(axis=1, keepdims=True)
    z = rng.choice(size, slots, p=kernels[0])
    return rng.dirichlet(np.ones(hypotheses)), kernels, z, rng.random(slots) < 0.5


@pytest.mark.parametrize("hypotheses", [1, 2, 7, 8, 9, 33])
def test_it_agrees_with_numpy(hypotheses):
    arrays = stream(max(hypotheses, 3), 5, 20_000)
    arrays = np.full(hypotheses, 1 / hypotheses), arrays[1][:hypotheses], *arrays[2:]
    np.testing.assert_allclose(compiled(*arrays), in_numpy(*arrays), rtol=1e-13, atol=1e-150)


def test_log_odds_stay_right_to_1e_14_after_a_million_slots():
    prior, kernels, z, evidence = stream(6, 8, 1_000_000)
    counts = np.bincount(z[evidence], minlength=8)
    right = np.log(kernels.astype(np.longdouble)) @ counts + np.log(prior.astype(np.longdouble))
    w = compiled(prior, kernels, z, evidence)[-1]
    near = np.flatnonzero(w > 1e-150)
    assert len(near) >= 2
    odds = np.log(w[near].astype(np.longdouble)) - np.log(w[near[0]].astype(np.longdouble))
    np.testing.assert_allclose(odds.astype(float), (right[near] - right[near[0]]).astype(float), rtol=1e-12, atol=1e-14)


def test_systematic_rounding_does_not_add_up():
    """The same factor a million times, and then its opposite: every rounding error is the same."""
    z = np.repeat([0, 1], 500_000)
    w = compiled([0.3, 0.7], [[1 / 3, 2 / 3], [2 / 3, 1 / 3]], z, np.ones(1_000_000, bool))
    np.testing.assert_allclose(w[-1], [0.3, 0.7], rtol=1e-13)
    assert w[500_000, 0] == 0.0


def test_priors_and_factors_of_any_size():
    w = compiled([1e-320, 1.0], [[0.9, 0.1], [1e-70, 1.0]], [0] * 5, [True] * 5)
    np.testing.assert_allclose(w[:, 0], [0, 0, 0, 0, 0, 1], atol=1e-30)
    tiny = [0.5, 0.5], [[1e-280, 1.0], [1e-285, 1.0]], [0, 0, 0], [True] * 3
    np.testing.assert_allclose(compiled(*tiny), in_numpy(*tiny), rtol=1e-13)
    extreme = [0.5, 0.5], [[1e-200, 1.0], [0.5, 0.5]], [0, 1, 0], [True] * 3  # left to NumPy
    np.testing.assert_allclose(compiled(*extreme), in_numpy(*extreme), rtol=1e-13, atol=1e-150)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_types(dtype):
    arrays = stream(4, 3, 300)
    got = compiled(*arrays, dtype=dtype)
    assert got.dtype == dtype
    np.testing.assert_array_max_ulp(got, in_numpy(*arrays, dtype=dtype), maxulp=100)


def test_many_streams_and_the_one_that_is_impossible():
    prior, kernels, z, evidence = stream(3, 4, 600)
    z, evidence = z.reshape(2, 3, 100), evidence.reshape(2, 3, 100)
    np.testing.assert_allclose(compiled(prior, kernels, z, evidence), in_numpy(prior, kernels, z, evidence), rtol=1e-13)
    z = np.zeros((3, 100), int)
    z[1, 70] = 1
    for method in (compiled, in_numpy):
        with pytest.raises(ImpossibleEvidence, match=r"^slot 71 of stream 1: no hypothesis"):
            method([0.5, 0.5], [[1.0, 0.0]] * 2, z, np.ones((3, 100), bool))
