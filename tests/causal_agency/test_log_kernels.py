import pickle
import random
from fractions import Fraction
from math import exp, inf, log, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from causal_agency import (
    Hypothesis,
    ImpossibleEvidence,
    L_do,
    Mixture,
    as_bystander,
    bystander,
    channels,
    density,
    do,
    from_logs,
    from_scipy,
    log_L_do,
    memoryless,
    see,
)
from causal_agency._probability import LogNumber
from causal_agency.testing import check_laws, histories, mixtures

HALVES = from_logs(lambda token, past: log(0.5))


def in_logs(mix):
    """The same hypotheses, each kernel by its logarithm."""

    def taken(nu):
        return lambda z, past: log(nu(z, past)) if nu(z, past) else -inf

    return Mixture({Hypothesis(p.name, from_logs(taken(p.nu)), p.tokens): w for p, w in mix.prior.items()})


@given(mixtures(), histories())
def test_they_agree_with_the_rationals(mix, history):
    logs = in_logs(mix)
    for p, q in zip(mix.prior, logs.prior, strict=True):
        assert L_do(q, history) == pytest.approx(float(L_do(p, history)), rel=1e-12)
    try:
        exact = mix.posterior(history)
    except ImpossibleEvidence:
        with pytest.raises(ImpossibleEvidence):
            logs.posterior(history)
        return
    assert logs.posterior(history).by_name() == pytest.approx(
        {p: float(w) for p, w in exact.by_name().items()}, rel=1e-12
    )
    assert logs.log_evidence(history) == pytest.approx(mix.log_evidence(history), abs=1e-12)


@given(
    st.lists(st.floats(-5000, 0), min_size=1, max_size=5), st.floats(-5000, 0), st.sampled_from([0.5, Fraction(1, 2)])
)
def test_no_message_is_too_unlikely(logs, other, half):
    """Beside a kernel that is not in logarithms, too."""
    p, q = Hypothesis("p", from_logs(lambda x, past: logs[x])), Hypothesis("q", from_logs(lambda x, past: other))
    history = [see(i) for i in range(len(logs))]
    mix = Mixture({p: half, q: half})
    difference = sum(logs) - other * len(logs)
    assert log_L_do(p, history) == pytest.approx(sum(logs), rel=1e-12, abs=1e-9)
    if abs(difference) < 700:
        assert log(mix.posterior(history).odds(p, q)) == pytest.approx(difference, rel=1e-9, abs=1e-8)
    plain = Hypothesis("plain", memoryless(dict.fromkeys(range(8), Fraction(1, 8))))
    beside = Mixture({p: half, plain: half}).log_evidence(history)
    assert beside == pytest.approx(
        log(0.5) + max(a := sum(logs), b := len(logs) * log(1 / 8)) + log(1 + exp(-abs(a - b)))
    )


@pytest.mark.parametrize("wrong", [0.1, inf, float("nan")])
def test_what_is_no_probability_is_named(wrong):
    p = Hypothesis("p", from_logs(lambda z, past: wrong))
    with pytest.raises(ValueError, match=r"slot 1: the kernel of p gives 'A' the probability"):
        L_do(p, [see("A")])


def test_what_is_impossible():
    never = Hypothesis("never", from_logs(lambda z, past: -inf))
    assert L_do(never, [see("A")]) == 0
    assert log_L_do(never, [see("A"), see("A")]) == -inf
    with pytest.raises(ImpossibleEvidence):
        Mixture({never: 1.0}).posterior([see("A")])


def test_they_act_and_predict():
    p = Hypothesis("p", HALVES, tokens="AB")
    assert Mixture({p: 1.0}).predictive() == {"A": 0.5, "B": 0.5}
    assert Mixture({p: 1.0}).act([], random.Random(0)) in "AB"
    check_laws(HALVES, "AB")


def gaussian(mean, scale):
    def log_density(z, past):
        return -(((z - mean) / scale) ** 2) / 2 - log(scale * (2 * pi) ** 0.5)

    return density(log_density)


@given(st.lists(st.tuples(st.floats(-5, 5), st.booleans()), max_size=8))
def test_gaussians_in_closed_form(told):
    """The log-odds are a sum of differences of squares; agents' numbers do not count."""
    p, q = Hypothesis("p", gaussian(0, 0.01)), Hypothesis("q", gaussian(0.02, 0.01))
    history = [(do if own else see)(z) for z, own in told]
    seen = [z for z, own in told if not own]
    difference = sum((z - 0.02) ** 2 - z**2 for z in seen) / 2 / 0.01**2
    assert log_L_do(p, history) - log_L_do(q, history) == pytest.approx(difference, rel=1e-9, abs=1e-6)
    w = Mixture({p: 0.5, q: 0.5}).posterior(history)
    if abs(difference) < 600:
        assert log(w.odds(p, q)) == pytest.approx(difference, rel=1e-9, abs=1e-6)
    else:
        assert w.map() == (p if difference > 0 else q)


def test_densities_larger_than_one_do_not_overflow():
    p, q = Hypothesis("p", gaussian(0, 1e-30)), Hypothesis("q", gaussian(0, 1e-31))
    history = [see(0.0)] * 50
    mix = Mixture({p: 0.5, q: 0.5})
    assert mix.posterior(history)["p"] == pytest.approx(1e-50)
    assert mix.belief(history).posterior() == mix.posterior(history)
    assert L_do(p, history) == inf
    assert log_L_do(p, history) == pytest.approx(50 * log(1e30 / (2 * pi) ** 0.5))
    assert mix.log_evidence(history) == pytest.approx(log_L_do(q, history) + log(0.5))
    assert mix.predict(0.0) == pytest.approx((1e30 + 1e31) / 2 / (2 * pi) ** 0.5)
    assert mix.posterior(as_bystander([do(0.0)] * 50)) == mix.posterior(history)


def test_an_infinite_density_is_named():
    p = Hypothesis("p", density(lambda z, past: inf))
    with pytest.raises(ValueError, match="the kernel of p gives 0"):
        L_do(p, [see(0)])


def test_what_is_made_of_densities_is_one():
    nu = gaussian(0, 1e-200)
    for made in (nu, bystander(nu), channels(["go"], memoryless(go=1), nu)):
        p = Hypothesis("p", made)
        assert p.density
        assert log_L_do(p, [see(0.0)] * 9) == pytest.approx(9 * log(1e200 / (2 * pi) ** 0.5))
    assert not Hypothesis("p", HALVES).density
    assert not Hypothesis("p", memoryless(A=1)).density


def test_they_carry_order_and_tokens():
    def last(token, past):
        return log(0.9 if past[-1:] == (token,) else 0.1)

    last.order, last.tokens = 1, ("A", "B")
    p = Hypothesis("p", from_logs(last))
    assert (p.order, p.tokens) == (1, ("A", "B"))
    assert (Hypothesis("p", HALVES).order, Hypothesis("p", HALVES).tokens) == (None, ())


def test_distributions_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    near, far = Hypothesis("near", from_scipy(stats.norm(0, 1))), Hypothesis("far", from_scipy(stats.norm(5, 1)))
    assert near.density
    assert near.order == 0
    assert log_L_do(near, [see(3.0), do(9.0)]) == pytest.approx(stats.norm(0, 1).logpdf(3.0))
    assert Mixture({near: 0.5, far: 0.5}).posterior([see(-40.0)]).map() == near
    counts = Hypothesis("counts", from_scipy(stats.poisson(3)))
    assert not counts.density
    assert L_do(counts, [see(2)]) == pytest.approx(stats.poisson(3).pmf(2))
    plane = Hypothesis("plane", from_scipy(stats.multivariate_normal([0, 0])))
    assert log_L_do(plane, [see((1.0, 2.0))]) == pytest.approx(-log(2 * pi) - 2.5)
    with pytest.raises(TypeError, match="has neither logpmf nor logpdf"):
        from_scipy(3)


def test_a_number_remembers_its_logarithm():
    for number in (LogNumber(-2000.0), LogNumber(-0.5), LogNumber(2000.0)):
        again = pickle.loads(pickle.dumps(number))
        assert (again, again.log) == (number, number.log)
    assert [float(LogNumber(x)) for x in (-2000.0, 0.0, 2000.0, -inf, inf)] == [0.0, 1.0, inf, 0.0, inf]
