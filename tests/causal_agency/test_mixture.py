import random
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from causal_agency import Gate, Hypothesis, ImpossibleEvidence, Mixture, as_bystander, do, memoryless, see
from causal_agency.history import symbols
from strategies import TOKENS, histories, mixtures

p_B = Hypothesis("p_B", memoryless(A=0.20, B=0.80))
p_A = Hypothesis("p_A", memoryless(A=0.90, B=0.10))
MIX = Mixture({p_B: 0.35, p_A: 0.65})


def posterior_or_skip(mix, history):
    try:
        return mix.posterior(history)
    except ImpossibleEvidence:
        assume(False)


def by_enumeration(mix, history):
    """Write down P_do(p, z_1 … z_T) for every hypothesis and every stream, as in section 2.2; keep what happened."""
    joint = {(p, ()): w for p, w in mix.prior.items()}
    for slot in history:
        longer = {}
        for (p, past), prob in joint.items():
            for z in TOKENS:
                delta = Fraction(int(z == slot.symbol))
                longer[p, (*past, z)] = prob * (delta if slot.gate == Gate.AGENT else p.nu(z, past))
        joint = longer
    happened = {p: joint[p, symbols(history)] for p in mix.prior}
    total = sum(happened.values())
    return {p: prob / total for p, prob in happened.items()} if total else None


@given(mixtures(), st.lists(st.sampled_from([do, see]), max_size=4), st.data())
def test_posterior_is_what_enumeration_gives(mix, writers, data):
    history = tuple(write(data.draw(st.sampled_from(TOKENS))) for write in writers)
    expected = by_enumeration(mix, history)
    if expected is None:
        with pytest.raises(ImpossibleEvidence):
            mix.posterior(history)
    else:
        assert mix.posterior(history) == expected


@given(mixtures(), histories, st.sampled_from(TOKENS))
def test_do_never_moves_the_posterior(mix, history, action):
    before = posterior_or_skip(mix, history)
    assert mix.posterior((*history, do(action))) == before


@given(mixtures(), histories)
def test_do_never_moves_it_even_where_every_kernel_is_zero(mix, history):
    mix = Mixture({Hypothesis(p.name, lambda z, past, nu=p.nu: 0 if z == "!" else nu(z, past)): w
                   for p, w in mix.prior.items()})  # fmt: skip
    before = posterior_or_skip(mix, history)
    assert mix.posterior((*history, do("!"))) == before
    with pytest.raises(ImpossibleEvidence, match=f"slot {len(history) + 1}: .*'!'"):
        mix.posterior((*history, see("!")))


@given(mixtures(smallest=1), histories, st.sampled_from(TOKENS))
def test_see_multiplies_the_odds_by_the_kernel_ratio(mix, history, symbol):
    before, after = mix.posterior(history), mix.posterior((*history, see(symbol)))
    past = symbols(history)
    for p, q in pairwise(mix.prior):
        assert after[p] / after[q] == before[p] / before[q] * p.nu(symbol, past) / q.nu(symbol, past)


@given(mixtures(), histories, st.integers(0, 6))
def test_any_split_gives_the_same_posterior(mix, history, cut):
    whole = posterior_or_skip(mix, history)
    prefix = symbols(history[:cut])
    resumed = {Hypothesis(p.name, lambda z, past, nu=p.nu: nu(z, prefix + past)): w
               for p, w in mix.posterior(history[:cut]).items()}  # fmt: skip
    assert list(Mixture(resumed).posterior(history[cut:]).values()) == list(whole.values())


@given(mixtures(), histories)
def test_trajectory_holds_the_posterior_after_every_slot(mix, history):
    posterior_or_skip(mix, history)
    expected = [mix.posterior(history[:t]) for t in range(len(history) + 1)]
    assert mix.trajectory(history) == expected


@given(mixtures(), histories)
def test_predictions_sum_to_one_and_average_back_to_the_posterior(mix, history):
    w = posterior_or_skip(mix, history)
    pi = {z: mix.predict(z, history) for z in TOKENS}
    assert sum(pi.values()) == 1
    for p in mix.prior:
        assert sum(prob * mix.posterior((*history, see(z)))[p] for z, prob in pi.items() if prob) == w[p]


@given(mixtures(), histories)
def test_floats_agree_with_rationals(mix, history):
    exact = posterior_or_skip(mix, history)
    rounded = Mixture({Hypothesis(p.name, lambda z, past, nu=p.nu: float(nu(z, past))): float(w)
                       for p, w in mix.prior.items()})  # fmt: skip
    for got, want in zip(rounded.posterior(history).values(), exact.values(), strict=True):
        assert isinstance(got, float)
        assert got == pytest.approx(float(want), rel=1e-13, abs=0)


def test_the_papers_numbers():
    history = do("A"), see("B")
    assert MIX.predict("B") == pytest.approx(0.345, abs=1e-15)
    assert MIX.posterior(history)[p_B] == pytest.approx(float(Fraction(56, 69)), rel=1e-15)
    naive = MIX.trajectory(as_bystander(history))
    assert naive[1][p_B] == pytest.approx(float(Fraction(14, 131)), rel=1e-15)
    assert naive[2][p_B] == pytest.approx(float(Fraction(112, 229)), rel=1e-15)


def test_a_detour_of_800_nats_is_forgiven():
    """Weights as small as e^-800 do not exist in floats; the way back must lead home all the same."""
    out, back = [see("A")] * 2000, [see("B")] * 2000
    right = Hypothesis("right", memoryless(A=0.4, B=0.6))
    left = Hypothesis("left", memoryless(A=0.6, B=0.4))
    mix = Mixture({right: 0.25, left: 0.75})
    far = mix.posterior(out)
    assert far[right] == 0.0  # 811 nats down: nothing that a float can show
    assert mix.posterior(out + back)[right] == pytest.approx(0.25, rel=1e-12)


def test_the_smallest_float_is_not_zero():
    rare = Hypothesis("rare", lambda token, past: 5e-324)
    never = Hypothesis("never", lambda token, past: 0.0)
    assert list(Mixture({rare: 0.5, never: 0.5}).posterior([see("A")] * 3).values()) == [1.0, 0.0]


def test_an_error_after_a_long_past_is_still_short():
    sure = Mixture({Hypothesis("sure", memoryless(A=1, B=0)): 1})
    with pytest.raises(ImpossibleEvidence) as error:
        sure.posterior([*[see("A")] * 1000, see("B")])
    assert "slot 1001" in str(error.value)
    assert len(str(error.value)) < 150


def test_zeros_are_for_ever():
    dead = Hypothesis("dead", memoryless(A=0.0, B=1.0))
    mix = Mixture({dead: 0.5, p_A: 0.5})
    assert mix.posterior([see("A"), *[see("B")] * 50])[dead] == 0.0


def test_impossible_evidence_names_the_slot_and_leaves_the_past_usable():
    sure = Mixture({Hypothesis("sure", memoryless(A=1, B=0)): 1})
    with pytest.raises(ImpossibleEvidence, match=r"slot 2: no hypothesis still alive gives 'B' .* after \('A',\)"):
        sure.posterior([see("A"), see("B")])
    assert list(sure.posterior([see("A")]).values()) == [1]


@pytest.mark.parametrize("rng", [random.Random(0), np.random.default_rng(0)])
def test_act_samples_the_next_action_mixture(rng):
    history = do("A"), see("B")
    n = 4000
    share = sum(MIX.act(history, rng) == "B" for _ in range(n)) / n
    pi = MIX.predict("B", history)
    assert abs(share - pi) < 4 * (pi * (1 - pi) / n) ** 0.5


def test_act_needs_a_list_of_tokens():
    mix = Mixture({Hypothesis("p", lambda token, past: 0.5): 1.0})
    with pytest.raises(ValueError, match="no list of tokens"):
        mix.act([], random.Random(0))


def test_act_refuses_a_list_of_tokens_that_leaves_something_out():
    """Drawing from what is listed alone would not be the hypothesis' own distribution."""
    mix = Mixture({Hypothesis("p", memoryless(A=0.5, B=0.5), tokens=("A",)): 1.0})
    with pytest.raises(ValueError, match=r"the kernel of p over its tokens after .* sums to 0.5"):
        mix.act([], random.Random(0))


def test_a_prior_that_is_no_mapping_is_named():
    with pytest.raises(TypeError, match="the prior must map each name to its probability"):
        Mixture([p_A, p_B])


@pytest.mark.parametrize(
    ("prior", "problem"),
    [
        ({}, "the prior is empty"),
        ({p_A: 0.5, p_B: 0.6}, "the prior sums to 1.1"),
        ({p_A: 1.5, p_B: -0.5}, "gives p_B the probability -0.5"),
        ({p_A: float("nan"), p_B: 1.0}, "probability nan"),
        ({p_A: 0.5, Hypothesis("p_A", memoryless(A=1.0)): 0.5}, "two hypotheses are called p_A"),
    ],
)
def test_bad_priors_are_refused(prior, problem):
    with pytest.raises(ValueError, match=problem):
        Mixture(prior)


def test_values_are_full_and_print_short():
    w = MIX.posterior([do("A"), see("B")])
    assert repr(w) == "{p_B: 0.8116, p_A: 0.1884}"
    assert abs(w[p_B] - 0.8115942028985507) < 1e-15


def test_numpy_scalars_are_numbers():
    kernel = memoryless(A=np.float32(0.7), B=np.float32(0.2), C=np.float32(0.1))  # sums to 1 + 2e-8
    mix = Mixture({Hypothesis("p", kernel): np.float64(1.0)})
    assert repr(mix.predict("A", [see("B")])) == "0.7"
