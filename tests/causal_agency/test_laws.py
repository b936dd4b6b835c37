"""The laws of interventional updating, over random mixtures and histories in exact rationals.

The same mixtures in floats are compared with the rationals at the end: a law that holds exactly there holds here to
rounding.
"""

from fractions import Fraction
from itertools import pairwise, permutations, zip_longest
from math import log, prod

import pytest
from hypothesis import assume, find, given, settings
from hypothesis import strategies as st

from causal_agency import Gate, Hypothesis, ImpossibleEvidence, L_do, Mixture, as_bystander, do, memoryless, see
from causal_agency.history import symbols
from causal_agency.testing import TOKENS, histories, memoryless_kernels, mixtures, whole_past_kernels

TOKEN = st.sampled_from(TOKENS)
POSITIVE = mixtures(smallest=1)


def posterior_or_skip(mix, history):
    try:
        return mix.posterior(history)
    except ImpossibleEvidence:
        assume(False)


def by_name(posterior):
    return {p.name: w for p, w in posterior.items()}


def changed(mix, change):
    """The same prior over hypotheses of the same names, each kernel replaced by ``change(kernel)``."""
    return Mixture({Hypothesis(p.name, change(p.nu), p.tokens): w for p, w in mix.prior.items()})


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


@given(mixtures(), histories(max_size=4))
def test_0_the_posterior_is_what_enumeration_gives(mix, history):
    expected = by_enumeration(mix, history)
    if expected is None:
        with pytest.raises(ImpossibleEvidence):
            mix.posterior(history)
    else:
        assert mix.posterior(history) == expected


@given(mixtures(), histories(), TOKEN)
def test_1_do_never_moves_the_posterior(mix, history, action):
    before = posterior_or_skip(mix, history)
    assert mix.posterior((*history, do(action))) == before


@given(mixtures(), histories())
def test_1_not_even_an_impossible_do_moves_it(mix, history):
    mix = changed(mix, lambda nu: lambda z, past: 0 if z == "!" else nu(z, past))
    before = posterior_or_skip(mix, history)
    assert mix.posterior((*history, do("!"))) == before
    with pytest.raises(ImpossibleEvidence, match=f"slot {len(history) + 1}: .*'!'"):
        mix.posterior((*history, see("!")))


@given(POSITIVE, histories(), TOKEN)
def test_2_see_multiplies_the_odds_by_the_kernel_ratio_whatever_the_symbol_looks_like(mix, history, symbol):
    before, after = mix.posterior(history), mix.posterior((*history, see(symbol)))
    past = symbols(history)
    for p, q in pairwise(mix.prior):
        assert after[p] / after[q] == before[p] / before[q] * p.nu(symbol, past) / q.nu(symbol, past)


@given(mixtures(), histories(), TOKEN)
def test_2_seeing_is_doing_exactly_if_all_living_hypotheses_agree_on_the_symbol(mix, history, symbol):
    alive = [p for p, w in posterior_or_skip(mix, history).items() if w]
    chances = {p.nu(symbol, symbols(history)) for p in alive}
    assume(chances != {0})
    seen, done = mix.posterior((*history, see(symbol))), mix.posterior((*history, do(symbol)))
    assert (seen == done) == (len(chances) == 1)


@given(mixtures(), histories(), st.integers(0, 6))
def test_3_batch_is_sequential_is_any_split(mix, history, cut):
    whole = posterior_or_skip(mix, history)
    belief = mix.belief(history[:cut])
    for slot in history[cut:]:
        belief = belief.after(slot)
    joint = {p: w * L_do(p, history) for p, w in mix.prior.items()}
    assert belief.posterior() == whole == {p: x / sum(joint.values()) for p, x in joint.items()}
    prefix = symbols(history[:cut])
    resumed = {Hypothesis(p.name, lambda z, past, nu=p.nu: nu(z, prefix + past)): w
               for p, w in mix.posterior(history[:cut]).items()}  # fmt: skip
    assert by_name(Mixture(resumed).posterior(history[cut:])) == by_name(whole)


@given(mixtures(), histories())
def test_3_the_chain_rule_of_predictions(mix, history):
    """∏_{γ_i = 0} π(z_i | ĥ_{<i}) = Σ_p w_0(p) L^do(p)."""
    posterior_or_skip(mix, history)
    one_by_one = prod(mix.predict(z, history[:i]) for i, (z, gate) in enumerate(history) if gate == Gate.WORLD)
    assert one_by_one == sum(w * L_do(p, history) for p, w in mix.prior.items())


@given(mixtures(kernels=memoryless_kernels()), histories(max_size=4))
def test_4_without_memory_neither_order_nor_actions_matter(mix, history):
    w = posterior_or_skip(mix, history)
    for order in permutations(history):
        assert mix.posterior(order) == w
    assert mix.posterior([slot for slot in history if slot.gate == Gate.WORLD]) == w


def test_4_with_memory_an_action_that_is_not_evidence_still_matters():
    """Do is not delete: an action is in the past of what the world writes next."""

    def deletion_changes(case):
        mix, history = case
        kept = [slot for slot in history if slot.gate == Gate.WORLD]
        return mix.posterior(history) != mix.posterior(kept)

    cases = st.tuples(mixtures(kernels=whole_past_kernels(smallest=1), smallest=1), histories())
    _, history = find(cases, deletion_changes, settings=settings(database=None))
    assert {slot.gate for slot in history} == {Gate.AGENT, Gate.WORLD}


@given(mixtures(), histories())
def test_5_possible_observations_average_to_the_posterior(mix, history):
    """Σ_o π(o) w(· | o) = w."""
    w = posterior_or_skip(mix, history)
    pi = {z: mix.predict(z, history) for z in TOKENS}
    assert sum(pi.values()) == 1
    for p in mix.prior:
        assert sum(prob * mix.posterior((*history, see(z)))[p] for z, prob in pi.items() if prob) == w[p]


def expected_after(mix, history, write):
    """Σ_a π(a) Σ_o π(o | a) w(· | a, o): the agent acts by ``write``, the world answers."""
    total = dict.fromkeys(mix.prior, Fraction(0))
    for a in TOKENS:
        acted = (*history, write(a))
        for o in TOKENS:
            chance = mix.predict(a, history) * mix.predict(o, (*history, do(a)))
            for p, w in mix.posterior((*acted, see(o))).items():
                total[p] += chance * w
    return total


@given(POSITIVE, histories(max_size=3))
def test_5_through_an_action_and_its_answer_too(mix, history):
    assert expected_after(mix, history, do) == mix.posterior(history)


def test_5_and_the_naive_rule_breaks_it():
    def breaks(case):
        return expected_after(*case, see) != case[0].posterior(case[1])

    assert find(st.tuples(POSITIVE, histories(max_size=0)), breaks, settings=settings(database=None))


@given(POSITIVE, histories())
def test_6_the_odds_are_the_prior_odds_times_the_worlds_ratios(mix, history):
    w = mix.posterior(history)
    for p, q in pairwise(mix.prior):
        assert w[p] / w[q] == mix.prior[p] / mix.prior[q] * L_do(p, history) / L_do(q, history)


@given(POSITIVE, histories(), st.integers(2, 9))
def test_6_a_common_factor_changes_nothing(mix, history, c):
    scaled = changed(mix, lambda nu: lambda z, past: nu(z, past) / c)
    assert by_name(scaled.posterior(history)) == by_name(mix.posterior(history))


@given(POSITIVE, histories())
def test_6_the_bystanders_odds_differ_by_the_agents_own_ratios(mix, history):
    w, naive = mix.posterior(history), mix.posterior(as_bystander(history))
    past = symbols(history)
    for p, q in pairwise(mix.prior):
        own = prod(p.nu(z, past[:i]) / q.nu(z, past[:i]) for i, (z, gate) in enumerate(history) if gate == Gate.AGENT)
        assert naive[p] / naive[q] == w[p] / w[q] * own


MAGNITUDES = st.builds(lambda digits, e: digits * 10.0**-e, st.floats(0.1, 1), st.integers(0, 319))
TINY = st.fixed_dictionaries(dict.fromkeys(TOKENS, MAGNITUDES))


@given(st.lists(TINY, min_size=2, max_size=4), histories(), TOKEN)
def test_6_holds_in_floats_wherever_they_can_show_it(tables, history, token):
    """From 1e-320 to 1, in posteriors and in predictions."""
    exact = [{z: Fraction(nu) for z, nu in table.items()} for table in tables]
    prior = Fraction(1, len(tables))
    floats, right = (Mixture({Hypothesis(f"p{i}", lambda z, past, nu=nu: nu[z]): prior for i, nu in enumerate(kernels)})
                     for kernels in (tables, exact))  # fmt: skip
    pairs = [*zip(floats.posterior(history).values(), right.posterior(history).values(), strict=True)]
    for got, want in [*pairs, (floats.predict(token, history), right.predict(token, history))]:
        assert abs(Fraction(got) - want) <= want / 10**13 + len(tables) * Fraction(5e-324)


@given(st.lists(st.tuples(MAGNITUDES, MAGNITUDES), min_size=2, max_size=4), histories(), TOKEN)
def test_1_3_and_5_hold_in_floats_of_any_size(kernels, history, action):
    """Probabilities from 1e-320 to 1: do to the bit, the chain rule and the average to rounding."""
    tables = [{"A": a / 3, "B": b / 3, "C": 1 - a / 3 - b / 3} for a, b in kernels]
    mix = Mixture({Hypothesis(f"p{i}", memoryless(table)): Fraction(1, len(tables)) for i, table in enumerate(tables)})
    w = mix.posterior(history)
    assert mix.posterior((*history, do(action))) == w
    seen = [mix.predict(z, history[:i]) for i, (z, gate) in enumerate(history) if gate == Gate.WORLD]
    if min(seen, default=1) > 1e-300:  # smaller floats have few digits
        assert sum(map(log, seen)) == pytest.approx(mix.log_evidence(history), rel=1e-12, abs=1e-12)
    mean = dict.fromkeys(w, 0.0)
    for token in TOKENS:
        for p, after in mix.posterior((*history, see(token))).items():
            mean[p] += mix.predict(token, history) * after
    assert all(mean[p] == pytest.approx(w[p], rel=1e-12, abs=1e-300) for p in w)


def test_6_holds_after_factors_that_are_tiny_for_all():
    p = Hypothesis("p", lambda z, past: {"A": 1.0, "B": 1e-140, "C": 0.0}[z])
    q = Hypothesis("q", lambda z, past: {"A": 1e-241, "B": 1e-140, "C": 1.0}[z])
    mix, history = Mixture({p: 0.5, q: 0.5}), [see("A"), see("B")]
    assert mix.posterior(history)[q] == pytest.approx(1e-241, rel=1e-15, abs=0)
    assert mix.predict("C", history) == pytest.approx(1e-241, rel=1e-15, abs=0)


@given(mixtures(), histories(), histories())
def test_7_zeros_are_permanent(mix, history, more):
    w, later = posterior_or_skip(mix, history), posterior_or_skip(mix, history + more)
    assert all(later[p] == 0 for p in mix.prior if w[p] == 0)


def in_floats(mix):
    floats = {Hypothesis(p.name, lambda z, past, nu=p.nu: float(nu(z, past)), p.tokens): float(w)
              for p, w in mix.prior.items()}  # fmt: skip
    return Mixture(floats)


def test_7_finite_odds_come_back_from_any_detour():
    """Weights as small as e^−800 do not exist in floats; the way back must lead to the prior all the same."""
    out, back = [see("A")] * 2000, [see("B")] * 2000
    right = Hypothesis("right", memoryless(A=0.4, B=0.6))
    left = Hypothesis("left", memoryless(A=0.6, B=0.4))
    mix = Mixture({right: 0.25, left: 0.75})
    far = mix.posterior(out)
    assert far[right] == 0.0  # 811 nats down: nothing that a float can show
    assert mix.posterior(out + back)[right] == pytest.approx(0.25, rel=1e-12)


@given(POSITIVE, histories(), TOKEN, TOKEN)
def test_8_the_gap_between_seeing_and_doing_is_a_covariance(mix, history, a, o):
    """π(o | h, a) − π(o | h, do(a)) = Cov_w(ν(a), ν(o | a)) / E_w ν(a)."""
    w, past = mix.posterior(history), symbols(history)
    nu_a = {p: p.nu(a, past) for p in w}
    nu_o = {p: p.nu(o, (*past, a)) for p in w}

    def mean(x):
        return sum(w[p] * x[p] for p in w)

    covariance = mean({p: nu_a[p] * nu_o[p] for p in w}) - mean(nu_a) * mean(nu_o)
    gap = mix.predict(o, (*history, see(a))) - mix.predict(o, (*history, do(a)))
    assert gap == covariance / mean(nu_a)


def of_the_world(mix):
    """The same hypotheses, each told of the world's past alone."""
    return changed(mix, lambda nu: lambda z, past: nu(z, past.world))


@given(mixtures(), histories(), histories(), TOKEN)
def test_9_what_reads_the_worlds_past_is_moved_by_nothing_that_the_agent_does(mix, history, others, token):
    """Whatever the agent writes, wherever and however much: likelihoods, posterior and prediction are the same."""
    mix = of_the_world(mix)
    world = [slot for slot in history if slot.gate == Gate.WORLD]
    w = posterior_or_skip(mix, world)
    acted = [slot for pair in zip_longest(world, map(do, symbols(others))) for slot in pair if slot]
    for some in (history, acted):
        assert mix.posterior(some) == w
        assert mix.predict(token, some) == mix.predict(token, world)
        assert all(L_do(p, some) == L_do(p, world) for p in mix.prior)


def test_9_a_kernel_that_reads_every_past_may_be_moved():
    def moved(case):
        mix, history = case
        world = [slot for slot in history if slot.gate == Gate.WORLD]
        return any(mix.predict(token, history) != mix.predict(token, world) for token in TOKENS)

    cases = st.tuples(mixtures(kernels=whole_past_kernels(smallest=1), smallest=1), histories())
    assert find(cases, moved, settings=settings(database=None))


@given(mixtures(), histories(), st.permutations(TOKENS))
def test_10_names_do_not_matter(mix, history, others):
    w = posterior_or_skip(mix, history)
    back = dict(zip(others, TOKENS, strict=True))
    to = dict(zip(TOKENS, others, strict=True))
    symbols_renamed = changed(mix, lambda nu: lambda z, past: nu(back[z], tuple(back[x] for x in past)))
    told = [slot._replace(symbol=to[slot.symbol]) for slot in history]
    assert by_name(symbols_renamed.posterior(told)) == by_name(w)
    turned = Mixture(dict(reversed(mix.prior.items())))
    assert turned.posterior(history) == w


@given(mixtures(), histories(), st.integers(0, 4))
def test_10_a_hypothesis_may_be_split_in_two(mix, history, share):
    w = posterior_or_skip(mix, history)
    first, *others = mix.prior
    twins = [Hypothesis(name, first.nu) for name in ("one", "two")]
    part = mix.prior[first] * Fraction(share, 4)
    split = Mixture({twins[0]: part, twins[1]: mix.prior[first] - part, **{p: mix.prior[p] for p in others}})
    after = split.posterior(history)
    assert after[twins[0]] + after[twins[1]] == w[first]
    assert all(after[p] == w[p] for p in others)


@given(mixtures(), histories(max_size=12), TOKEN)
def test_floats_agree_with_rationals(mix, history, token):
    exact, floats = posterior_or_skip(mix, history), in_floats(mix)
    for got, want in zip(floats.posterior(history).values(), exact.values(), strict=True):
        assert isinstance(got, float)
        assert got == pytest.approx(float(want), rel=1e-13, abs=0)
    assert floats.predict(token, history) == pytest.approx(float(mix.predict(token, history)), rel=1e-13, abs=0)
    for p, q in zip(mix.prior, floats.prior, strict=True):
        assert L_do(q, history) == pytest.approx(float(L_do(p, history)), rel=1e-13, abs=0)


@given(mixtures(), histories(max_size=12), st.data())
def test_mixed_numbers_agree_with_rationals(mix, history, data):
    """Some kernels in floats, some in Fractions."""
    exact = posterior_or_skip(mix, history)
    floats = in_floats(mix)
    pairs = zip(mix.prior.items(), floats.prior, strict=True)
    mixed = Mixture({(q if data.draw(st.booleans()) else p): w for (p, w), q in pairs})
    for got, want in zip(mixed.posterior(history).values(), exact.values(), strict=True):
        assert float(got) == pytest.approx(float(want), rel=1e-13, abs=0)


@given(POSITIVE, histories(), TOKEN)
def test_in_floats_do_is_invariant_to_the_bit(mix, history, action):
    floats = in_floats(mix)
    assert floats.posterior((*history, do(action))) == floats.posterior(history)
