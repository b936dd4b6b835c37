import jax
import numpy as np
import pytest
from hypothesis import given

from causal_agency import Gate, Hypothesis, Mixture, arrays, markov, memoryless, streams
from causal_agency.history import symbols
from causal_agency.testing import histories, markov_kernels, memoryless_kernels, mixtures

FIVE = histories(min_size=5, max_size=5)


@given(mixtures(kernels=memoryless_kernels(smallest=1) | markov_kernels(smallest=1), smallest=1), FIVE)
def test_a_mixture_and_its_tables_agree(mix, history):
    model = mix.as_arrays()
    z, evidence = model.encode(symbols(history)), np.array([slot.gate == Gate.WORLD for slot in history])
    expected = [[float(w) for w in posterior.values()] for posterior in mix.trajectory(history)]
    np.testing.assert_allclose(streams.trajectory(model.prior, model.kernels, z, evidence), expected, rtol=1e-12)
    got = jax.jit(arrays.trajectory)(np.log(model.prior), model.log_probs(z), evidence)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)


@given(mixtures(kernels=memoryless_kernels() | markov_kernels()), histories(min_size=1))
def test_the_logarithms_are_those_of_the_kernels(mix, history):
    model, past = mix.as_arrays(), symbols(history)
    factors = [[float(p.nu(z, past[:i])) for i, z in enumerate(past)] for p in mix.prior]
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(model.log_probs(model.encode(past)), np.log(factors), rtol=1e-14)
    twice = model.log_probs(np.stack([model.encode(past)] * 2))
    np.testing.assert_array_equal(twice[1], model.log_probs(model.encode(past)))


def test_memoryless_beside_markov():
    rows = {"A": {"A": 0.1, "B": 0.9}, "B": {"A": 0.7, "B": 0.3}}
    mix = Mixture(
        {Hypothesis("m", markov({"A": 0.5, "B": 0.5}, rows)): 0.5, Hypothesis("l", memoryless(B=0.8, A=0.2)): 0.5}
    )
    model = mix.as_arrays()
    assert model.tokens == ("A", "B")
    assert model.kernels.tolist() == [[[0.5, 0.5], [0.1, 0.9], [0.7, 0.3]], [[0.2, 0.8]] * 3]


def test_what_is_no_table_is_refused():
    whole = Hypothesis("whole", lambda token, past: 0.5, tokens=("A", "B"))
    fair, other = Hypothesis("fair", memoryless(A=0.5, B=0.5)), Hypothesis("other", memoryless(A=0.5, C=0.5))
    with pytest.raises(ValueError, match=r"^whole: only memoryless and Markov kernels that list their tokens"):
        Mixture({whole: 1}).as_arrays()
    with pytest.raises(ValueError, match=r"^other knows other tokens than fair"):
        Mixture({fair: 0.5, other: 0.5}).as_arrays()
    with pytest.raises(ValueError, match=r"^slot 2: unknown token 'C': the kernels know 'A', 'B'$"):
        Mixture({fair: 1}).as_arrays().encode("AC")
