"""The two likelihoods of a history (paper, sections 3.2 and 3.3)."""

from math import prod
from reprlib import repr as shortened

from causal_agency.gate import Gate
from causal_agency.history import History, Symbol, as_bystander, slots, symbols
from causal_agency.hypothesis import Hypothesis
from causal_agency.probability import FLOAT_TOLERANCE, Number, exact_or_float, shown


def factor(p: Hypothesis, token: Symbol, past: tuple[Symbol, ...]) -> Number:
    """ν_p(token | past), or ValueError where the kernel returns no probability."""
    nu = exact_or_float(p.nu(token, past))
    if not 0 <= nu <= 1 + FLOAT_TOLERANCE:
        raise ValueError(f"{p}: the kernel gives {token!r} the probability {nu} after {shortened(past)}")
    return nu


def L_do(p: Hypothesis, history: History) -> Number:
    """L^do(p) = ∏_{i: γ_i = 0} ν_p(z_i | h_{<i})   (section 3.3): the world's factors alone.

    In floats it underflows to 0 on very long histories; `Mixture.posterior` does not.
    """
    history = slots(history)
    past = symbols(history)
    return shown(prod(factor(p, z, past[:i]) for i, (z, gate) in enumerate(history) if gate == Gate.WORLD))


def L_obs(p: Hypothesis, history: History) -> Number:
    """L^obs(p) = ∏_i ν_p(z_i | h_{<i})   (section 3.2): the bystander's likelihood, every factor counted."""
    return L_do(p, as_bystander(history))
