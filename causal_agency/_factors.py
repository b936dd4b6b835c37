"""One factor ν_p(z_i | h_{<i}) of a likelihood, checked (paper, section 3.2)."""

from collections.abc import Sequence
from math import inf
from reprlib import repr as short_repr
from typing import Any

from causal_agency._probability import Number, describe, is_probability, to_number
from causal_agency._products import Products, empty_products, empty_wide_products, log_of
from causal_agency.history import Symbol
from causal_agency.hypothesis import Hypothesis
from causal_agency.kernel import UnknownToken
from causal_agency.past import Past


def begin(hypotheses: Sequence[Hypothesis]) -> Products:
    """Return a product of no factors for each hypothesis."""
    n = len(hypotheses)
    return empty_wide_products(n) if any(p.density for p in hypotheses) else empty_products(n)


def factor(p: Hypothesis, token: Symbol, past: Past, t: int) -> Number:
    """Return ν_p(token | past) at slot ``t``; every error names slot, hypothesis and token."""
    try:
        nu = p.nu(token, past)
    except UnknownToken as problem:
        raise UnknownToken(f"slot {t}, {p}: {problem}") from None
    except Exception as problem:
        problem.add_note(f"slot {t}: the kernel of {p} failed on {token!r} after {short_repr(tuple(past))}")
        raise
    return nu if type(nu) is float and 0.0 <= nu <= 1.0 else to_probability(nu, p, token, past, t)


def to_probability(nu: Any, p: Hypothesis, token: Symbol, past: Past, t: int) -> Number:
    """Return ``nu`` as a rational or a float; raise ValueError if it is not a probability."""
    try:
        number = to_number(nu)
    except (TypeError, ValueError):
        number = float("nan")
    if not (number >= 0 and log_of(number) < inf if p.density else is_probability(number)):
        before = short_repr(tuple(past))
        raise ValueError(f"slot {t}: the kernel of {p} gives {token!r} the probability {describe(nu)} after {before}")
    return number
