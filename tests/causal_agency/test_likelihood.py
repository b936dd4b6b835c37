from fractions import Fraction
from math import inf, log, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_agency import (
    Gate,
    Hypothesis,
    L_do,
    L_obs,
    UnknownToken,
    as_bystander,
    do,
    log_L_do,
    memoryless,
    pairs,
    see,
)
from causal_agency.history import symbols
from causal_agency.testing import histories, mixtures

LETTERS = st.sampled_from("ABC")


@given(mixtures(), histories())
def test_L_do_is_the_product_of_the_worlds_factors(mix, history):
    past = symbols(history)
    for p in mix.prior:
        world = [p.nu(z, past[:i]) for i, (z, gate) in enumerate(history) if gate == Gate.WORLD]
        assert L_do(p, history) == prod(world)
        assert L_obs(p, history) == prod(p.nu(z, past[:i]) for i, z in enumerate(past))


@given(mixtures(), histories())
def test_L_obs_is_L_do_of_the_bystander(mix, history):
    for p in mix.prior:
        assert L_obs(p, history) == L_do(p, as_bystander(history))


@given(mixtures(), st.lists(st.tuples(LETTERS, LETTERS), max_size=4))
def test_in_pairs_the_likelihoods_are_products_over_turns(mix, turns):
    """∏_k ν_p(a_k | ao_<k) ν_p(o_k | ao_<k, a_k), and ∏_k ν_p(o_k | ao_<k, a_k): sections 3.2 and 3.3."""
    history = pairs(turns)
    for p in mix.prior:
        actions, outcomes, past = [], [], ()
        for a, o in turns:
            actions.append(p.nu(a, past))
            outcomes.append(p.nu(o, (*past, a)))
            past = (*past, a, o)
        assert L_obs(p, history) == prod(actions) * prod(outcomes)
        assert L_do(p, history) == prod(outcomes)


@pytest.mark.parametrize("bad", [float("nan"), -0.1, 1.1, float("inf"), None, "0.5", [0.5, 0.5], Fraction(3, 2)])
def test_a_kernel_that_does_not_return_a_probability_is_named(bad):
    p = Hypothesis("p", lambda token, past: bad)
    with pytest.raises(ValueError, match=r"slot 2: the kernel of p gives 'A' the probability .* after \('B',\)"):
        L_do(p, [do("B"), see("A")])


def test_the_error_of_a_kernel_says_where():
    p = Hypothesis("p", lambda token, past: {"A": 1}[token])
    with pytest.raises(KeyError) as error:
        L_do(p, [see("A"), see("B")])
    assert error.value.__notes__ == ["slot 2: the kernel of p failed on 'B' after ('A',)"]


def test_true_and_false_are_one_and_zero():
    p = Hypothesis("p", lambda token, past: token == "A")
    assert repr(L_do(p, [see("A")])) == "1.0"
    assert L_do(p, [see("B")]) == 0


def test_a_long_history_takes_no_longer_per_slot():
    """Memoryless kernels do not receive the whole past."""
    p = Hypothesis("p", memoryless(A=1.0))
    assert L_do(p, [see("A")] * 100_000) == 1


def test_an_unknown_token_is_named_with_its_slot():
    with pytest.raises(UnknownToken, match="slot 2, p: unknown token 'C'"):
        L_do(Hypothesis("p", memoryless(A=1.0)), [do("A"), see("C")])


def test_long_products_round_to_zero_and_fractions_do_not():
    p, q = (Hypothesis("p", memoryless(A=half, B=1 - half)) for half in (0.5, Fraction(1, 2)))
    assert L_do(p, [see("A")] * 2000) == 0.0
    assert L_do(p, [see("A")] * 1000) == 0.5**1000
    assert L_do(q, [see("A")] * 2000) == Fraction(1, 2**2000)


@pytest.mark.parametrize("likelihood", [L_do, L_obs, log_L_do])
def test_swapped_arguments_and_a_name_are_told_from_a_hypothesis(likelihood):
    p, history = Hypothesis("p", memoryless(A=1.0)), [see("A")]
    with pytest.raises(TypeError, match=r"a history is a list of slots, such as .*, but this is p"):
        likelihood(history, p)
    with pytest.raises(TypeError, match="'p' is not a hypothesis, which comes before the history"):
        likelihood("p", history)


def test_the_empty_history_is_certain():
    p = Hypothesis("p", memoryless(A=1.0))
    assert L_do(p, []) == L_do(p, [do("A")]) == 1


@given(mixtures(), histories())
def test_log_L_do_is_the_logarithm(mix, history):
    for p in mix.prior:
        exact = L_do(p, history)
        assert log_L_do(p, history) == (pytest.approx(log(exact), abs=1e-12) if exact else -inf)


def test_log_L_do_of_any_length():
    p, q = (Hypothesis("p", memoryless(A=half, B=1 - half)) for half in (0.5, Fraction(1, 2)))
    for each in (p, q):
        assert log_L_do(each, [do("B"), *[see("A")] * 20_000]) == pytest.approx(20_000 * log(0.5), rel=1e-14)
