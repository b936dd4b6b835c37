"""The two likelihoods of a history (paper, sections 3.2 and 3.3)."""

from reprlib import repr as shortened

from causal_agency.gate import Gate
from causal_agency.history import History, Symbol, as_bystander, slots, symbols
from causal_agency.hypothesis import Hypothesis, UnknownToken
from causal_agency.probability import Number, exact_or_float, is_probability, shown
from causal_agency.weight import ones


def factor(p: Hypothesis, token: Symbol, past: tuple[Symbol, ...], t: int) -> Number:
    """ν_p(token | past) at slot ``t``, or ValueError where the kernel knows no such token or returns no probability."""
    try:
        nu = p.nu(token, past)
    except UnknownToken as problem:
        raise UnknownToken(f"slot {t}: {problem}") from None
    if type(nu) is float and 0.0 <= nu <= 1.0:  # nearly always
        return nu
    nu = exact_or_float(nu)
    if not is_probability(nu):
        raise ValueError(f"slot {t}: the kernel of {p} gives {token!r} the probability {nu} after {shortened(past)}")
    return nu


def L_do(p: Hypothesis, history: History) -> Number:
    """L^do(p) = ∏_{i: γ_i = 0} ν_p(z_i | h_{<i})   (section 3.3): the world's factors alone.

    In floats it underflows to 0 on very long histories; `Mixture.posterior` does not.
    """
    history = slots(history)
    past = symbols(history)
    product = ones(1)
    for i, (z, gate) in enumerate(history):
        if gate == Gate.WORLD:
            product = product.times([factor(p, z, past[:i], i + 1)])
    return shown(product.values()[0])


def L_obs(p: Hypothesis, history: History) -> Number:
    """L^obs(p) = ∏_i ν_p(z_i | h_{<i})   (section 3.2): the bystander's likelihood, every factor counted."""
    return L_do(p, as_bystander(history))
