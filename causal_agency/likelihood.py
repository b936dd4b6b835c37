"""The two likelihoods of a history (paper, sections 3.2 and 3.3)."""

from reprlib import repr as shortened

from causal_agency.gate import Gate
from causal_agency.history import History, Symbol, as_bystander, slots
from causal_agency.hypothesis import Hypothesis, UnknownToken
from causal_agency.probability import Number, exact_or_float, is_probability, shown
from causal_agency.weight import ones


def remembered(past: tuple[Symbol, ...], order: int | None) -> tuple[Symbol, ...]:
    """The last ``order`` symbols of the past; all of them if it is None."""
    return past if order is None else past[-order:] if order else ()


def factor(p: Hypothesis, token: Symbol, past: tuple[Symbol, ...], t: int) -> Number:
    """ν_p(token | past) at slot ``t``.

    UnknownToken where the kernel does not know the token, ValueError where it returns no probability; where it fails in
    another way, its own error with a note of slot, hypothesis and token.
    """
    try:
        nu = p.nu(token, past)
    except UnknownToken as problem:
        raise UnknownToken(f"slot {t}, {p}: {problem}") from None
    except Exception as problem:
        problem.add_note(f"slot {t}: the kernel of {p} failed on {token!r} after {shortened(past)}")
        raise
    return nu if type(nu) is float and 0.0 <= nu <= 1.0 else as_probability(nu, p, token, past, t)


def as_probability(nu, p: Hypothesis, token: Symbol, past: tuple[Symbol, ...], t: int) -> Number:
    """``nu``, as a rational or a float, or ValueError where it is no probability."""
    try:
        number = exact_or_float(nu)
    except (TypeError, ValueError):
        number = float("nan")
    if not is_probability(number):
        raise ValueError(f"slot {t}: the kernel of {p} gives {token!r} the probability {nu!r} after {shortened(past)}")
    return number


def L_do(p: Hypothesis, history: History) -> Number:
    """L^do(p) = ∏_{i: γ_i = 0} ν_p(z_i | h_{<i})   (section 3.3): the world's factors alone.

    In floats it underflows to 0 on very long histories; `Mixture.posterior` does not.
    """
    history = slots(history)
    product, order = ones(1), p.order
    before: tuple[Symbol, ...] = ()
    for t, (z, gate) in enumerate(history, 1):
        if gate == Gate.WORLD:
            product = product.times([factor(p, z, before, t)])
        before = remembered((*before, z), order)
    return shown(product.values()[0])


def L_obs(p: Hypothesis, history: History) -> Number:
    """L^obs(p) = ∏_i ν_p(z_i | h_{<i})   (section 3.2): the bystander's likelihood, every factor counted."""
    return L_do(p, as_bystander(history))
