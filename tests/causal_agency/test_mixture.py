import pickle
import random
from fractions import Fraction
from math import inf, log

import numpy as np
import pytest
from hypothesis import assume, given

from causal_agency import (
    Gate,
    Hypothesis,
    ImpossibleEvidence,
    L_do,
    Mixture,
    Slot,
    as_bystander,
    do,
    log_L_do,
    memoryless,
    see,
)
from causal_agency.testing import histories, mixtures
from growth import growth

p_B = Hypothesis("p_B", memoryless(A=0.20, B=0.80))
p_A = Hypothesis("p_A", memoryless(A=0.90, B=0.10))
MIX = Mixture({p_B: 0.35, p_A: 0.65})


@given(mixtures(), histories())
def test_trajectory_holds_the_posterior_after_every_slot(mix, history):
    try:
        mix.posterior(history)
    except ImpossibleEvidence:
        assume(False)
    expected = [mix.posterior(history[:t]) for t in range(len(history) + 1)]
    assert mix.trajectory(history) == expected


def test_the_papers_numbers():
    history = do("A"), see("B")
    assert MIX.predict("B") == pytest.approx(0.345, abs=1e-15)
    assert MIX.posterior(history)[p_B] == pytest.approx(float(Fraction(56, 69)), rel=1e-15)
    naive = MIX.trajectory(as_bystander(history))
    assert naive[1][p_B] == pytest.approx(float(Fraction(14, 131)), rel=1e-15)
    assert naive[2][p_B] == pytest.approx(float(Fraction(112, 229)), rel=1e-15)


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


def test_zeros_are_permanent():
    dead = Hypothesis("dead", memoryless(A=0.0, B=1.0))
    mix = Mixture({dead: 0.5, p_A: 0.5})
    assert mix.posterior([see("A"), *[see("B")] * 50])[dead] == 0.0


def test_impossible_evidence_names_the_slot_and_leaves_the_past_usable():
    sure = Mixture({Hypothesis("sure", memoryless(A=1, B=0)): 1})
    with pytest.raises(ImpossibleEvidence, match="slot 2: no hypothesis still alive gives 'B' any probability"):
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
    with pytest.raises(ValueError, match="lists no tokens to sample from"):
        mix.act([], random.Random(0))


def test_act_rejects_an_incomplete_list_of_tokens():
    """Sampling from the listed tokens alone would not be the hypothesis' distribution."""
    mix = Mixture({Hypothesis("p", memoryless(A=0.5, B=0.5), tokens=("A",)): 1.0})
    with pytest.raises(ValueError, match=r"the kernel of p over its tokens after .* sums to 0.5"):
        mix.act([], random.Random(0))


def test_a_mixture_cannot_be_changed():
    with pytest.raises(TypeError, match=r"^a posterior is immutable: change a copy, dict\(posterior\)$"):
        MIX.prior[p_B] = 0.9
    with pytest.raises(TypeError, match="is immutable"):
        MIX.posterior().update({p_B: 0.9})
    with pytest.raises(TypeError, match="is immutable"):
        p_B.nu.probs["A"] = 0.9
    with pytest.raises(TypeError):
        MIX.belief().products[0][0] = 0.9
    assert hash(MIX) == hash(Mixture({p_A: 0.65, p_B: 0.35}))
    assert hash(MIX.prior) != hash(MIX.posterior([see("B")]))
    assert hash(MIX.belief()) == hash(Mixture({p_B: 0.35, p_A: 0.65}).belief())


def test_a_wrong_gate_is_an_error():
    for gate in ("agent", 7, None):
        with pytest.raises(ValueError, match=r"slot 1: .* is not a gate: write do\('A'\) or see\('A'\)"):
            MIX.posterior([Slot("A", gate)])
        with pytest.raises(ValueError, match="is not a gate"):
            MIX.belief().after(Slot("A", gate))
    assert MIX.posterior([Slot("A", 1)]) == MIX.posterior()


def test_an_entry_that_is_not_a_hypothesis_or_not_a_number_is_named():
    with pytest.raises(
        TypeError, match=r"a mixture needs hypotheses, not 0.35, 0.65: write \{Hypothesis\(name, nu\): 0\.5, …\}"
    ):
        Mixture({0.35: p_B, 0.65: p_A})
    with pytest.raises(TypeError, match="a mixture needs hypotheses, not 'a', 'b'"):
        Mixture({"a": 0.5, "b": 0.5})
    with pytest.raises(TypeError, match=r"'0.35' is not a number"):
        Mixture({p_B: "0.35", p_A: 0.65})


def test_many_hypotheses_are_checked_in_linear_time():
    """Four times as many take four times as long; pair by pair, sixteen times."""
    nu = memoryless(A=0.5, B=0.5)
    priors = {n: {Hypothesis(f"p{i}", nu): Fraction(1, n) for i in range(n)} for n in (5_000, 20_000)}
    assert growth(lambda n: Mixture(priors[n]), *priors) < 8
    assert Mixture(priors[20_000]).posterior([do("A")]) == priors[20_000]


def test_hostile_symbols():
    """None, and True beside 1, in all that a mixture answers."""
    p = Hypothesis("p", memoryless({None: Fraction(1, 2), 1: Fraction(1, 3), "": Fraction(1, 6)}))
    q = Hypothesis("q", memoryless({None: Fraction(1, 4), 1: Fraction(1, 2), "": Fraction(1, 4)}))
    mix = Mixture({p: Fraction(1, 2), q: Fraction(1, 2)})
    history = do(None), see(None), see(True), do(1), see("")
    w = mix.posterior(history)
    assert w == mix.posterior([do(None), see(None), see(1.0), do(True), see("")])
    assert w[p] / w[q] == Fraction(1, 36) / Fraction(1, 32)
    assert mix.predict(None, history) == w[p] / 2 + w[q] / 4
    assert mix.ledger(history)[-1].w == w
    assert {mix.act(history, random.Random(i)) for i in range(50)} == {None, 1, ""}


def test_a_prior_must_be_a_mapping():
    with pytest.raises(TypeError, match=r"the prior must map each name to its probability, but is \[p_A, p_B\]"):
        Mixture([p_A, p_B])


@pytest.mark.parametrize(
    ("prior", "problem"),
    [
        ({}, "the prior is empty"),
        ({p_A: 0.5, p_B: 0.6}, "the prior sums to 1.1, not to 1"),
        ({p_A: 0.9, p_B: 0.05}, "the prior sums to 0.95, not to 1"),
        ({p_A: 1.5, p_B: -0.5}, "gives p_B the probability -0.5"),
        ({p_A: float("nan"), p_B: 1.0}, "probability nan"),
        ({p_A: 0.5, Hypothesis("p_A", memoryless(A=1.0)): 0.5}, "two hypotheses are called p_A"),
    ],
)
def test_bad_priors_are_rejected(prior, problem):
    with pytest.raises(ValueError, match=problem):
        Mixture(prior)


def test_values_have_full_precision_and_a_short_repr():
    w = MIX.posterior([do("A"), see("B")])
    assert repr(w) == "{p_B: 0.8116, p_A: 0.1884}"
    assert abs(w[p_B] - 0.8115942028985507) < 1e-15


def test_a_posterior_is_a_prior_again():
    w = MIX.posterior([see("B")])
    for prior in (w, dict(w), {p: w[p] for p in w}):
        assert Mixture(prior).posterior([see("A")]) == pytest.approx(MIX.posterior([see("B"), see("A")]), rel=1e-14)


def test_numpy_scalars_are_numbers():
    kernel = memoryless(A=np.float32(0.7), B=np.float32(0.2), C=np.float32(0.1))  # sums to 1 + 2e-8
    mix = Mixture({Hypothesis("p", kernel): np.float64(1.0)})
    assert repr(mix.predict("A", [see("B")])) == "0.7"


def test_a_mixture_is_pickled_with_its_hypotheses():
    again = pickle.loads(pickle.dumps(MIX))
    assert again.posterior([see("B")]) == MIX.posterior([see("B")])


def test_predictions_and_errors_count_the_slots():
    with pytest.raises(ValueError, match="slot 3, p_B: unknown token 'C'"):
        MIX.predict("C", [do("A"), see("B")])


@given(mixtures(), histories())
def test_the_predictive_is_the_prediction_of_every_token(mix, history):
    try:
        pi = mix.predictive(history)
    except ImpossibleEvidence:
        assume(False)
    assert list(pi) == list(mix.tokens) == list("ABC")
    assert pi == {z: mix.predict(z, history) for z in mix.tokens}
    assert sum(pi.values()) == 1
    assert mix.expect("ABC".index, history) == pi["B"] + 2 * pi["C"]


def test_a_hypothesis_gives_nothing_to_tokens_that_it_does_not_list():
    p, q = Hypothesis("p", memoryless(A=0.5, B=0.5)), Hypothesis("q", memoryless(B=0.5, C=0.5))
    mix = Mixture({p: 0.5, q: 0.5})
    assert mix.tokens == ("A", "B", "C")
    assert mix.predictive() == {"A": 0.25, "B": 0.5, "C": 0.25}
    sure = Mixture({p: 1.0, q: 0.0})
    assert sure.predictive() == {"A": 0.5, "B": 0.5, "C": 0.0}
    assert sure.expect(lambda z: {"A": 1, "B": 3}[z]) == 2.0
    assert type(sure.expect(lambda z: 1 / 3)) is float


def test_an_expectation_of_any_length_can_be_printed():
    sure = Mixture({Hypothesis("p", memoryless(A=1)): 1})
    assert repr(sure.expect(lambda z: Fraction(1, 10**5000))) == "≈1e-5000"
    assert repr(sure.expect(lambda z: Fraction(1, 3))) == "Fraction(1, 3)"


def test_a_predictive_needs_all_tokens_of_what_is_alive():
    plain = Hypothesis("plain", lambda token, past: 0.5)
    with pytest.raises(ValueError, match=r"^plain lists no tokens"):
        Mixture({plain: 0.5, p_A: 0.5}).predictive()
    assert Mixture({plain: 0, p_A: 1}).predictive() == {"A": 0.9, "B": 0.1}
    short = Hypothesis("short", memoryless(A=0.5, B=0.5), tokens=("A",))
    with pytest.raises(ValueError, match=r"the kernel of short over its tokens after \(\) sums to 0.5"):
        Mixture({short: 1}).predictive()


@given(mixtures(), histories())
def test_the_evidence_is_the_sum_over_hypotheses_and_over_slots(mix, history):
    exact = sum(w * L_do(p, history) for p, w in mix.prior.items())
    if not exact:
        assert mix.log_evidence(history) == -inf
        with pytest.raises(ImpossibleEvidence):
            mix.log_predictions(history)
        return
    assert mix.log_evidence(history) == pytest.approx(log(exact), abs=1e-12)
    each = mix.log_predictions(history)
    assert len(each) == len(history)
    for i, (z, gate) in enumerate(history):
        expected = 0.0 if gate == Gate.AGENT else log(mix.predict(z, history[:i]))
        assert each[i] == pytest.approx(expected, abs=1e-12)
        assert gate == Gate.WORLD or each[i] == 0


def test_evidence_of_any_length_gives_bayes_factors():
    """The evidence of one hypothesis is its likelihood; twenty thousand slots are e^−4463."""
    history = [see("B")] * 20_000
    alone = [Mixture({p: 1}).log_evidence(history) for p in (p_B, p_A)]
    assert alone == [pytest.approx(log_L_do(p, history)) for p in (p_B, p_A)]
    assert alone[0] == pytest.approx(20_000 * log(0.8))
    assert MIX.log_evidence(history) == pytest.approx(log(0.35) + alone[0])


def test_choose_says_by_which_hypothesis():
    rng, n = random.Random(0), 4000
    only_A, only_B = Hypothesis("only_A", memoryless(A=1.0, B=0.0)), Hypothesis("only_B", memoryless(A=0.0, B=1.0))
    mix = Mixture({only_A: 0.25, only_B: 0.75})
    choices = [mix.choose([do("A")], rng) for _ in range(n)]
    assert all((p == only_A) == (a == "A") for p, a in choices)
    share = sum(choice.hypothesis == only_A for choice in choices) / n
    assert abs(share - 0.25) < 4 * (0.25 * 0.75 / n) ** 0.5
    assert MIX.choose([], random.Random(5)).action == MIX.act([], random.Random(5))


def test_priors_are_asked_by_name():
    assert MIX.prior["p_B"] == 0.35
