from math import prod

import pytest
from hypothesis import given

from causal_agency import Gate, Hypothesis, L_do, L_obs, as_bystander, do, memoryless, see
from causal_agency.history import symbols
from strategies import histories, mixtures


@given(mixtures(), histories)
def test_L_do_is_the_product_of_the_worlds_factors(mix, history):
    past = symbols(history)
    for p in mix.prior:
        world = [p.nu(z, past[:i]) for i, (z, gate) in enumerate(history) if gate == Gate.WORLD]
        assert L_do(p, history) == prod(world)
        assert L_obs(p, history) == prod(p.nu(z, past[:i]) for i, z in enumerate(past))


@given(mixtures(), histories)
def test_L_obs_is_L_do_of_the_bystander(mix, history):
    for p in mix.prior:
        assert L_obs(p, history) == L_do(p, as_bystander(history))


@pytest.mark.parametrize("bad", [float("nan"), -0.1, 1.1, float("inf")])
def test_a_kernel_that_returns_no_probability_is_named(bad):
    p = Hypothesis("p", lambda token, past: bad)
    with pytest.raises(ValueError, match=r"p: the kernel gives 'A' the probability .* after \('B',\)"):
        L_do(p, [do("B"), see("A")])


def test_the_empty_history_is_certain():
    p = Hypothesis("p", memoryless(A=1.0))
    assert L_do(p, []) == L_do(p, [do("A")]) == 1
