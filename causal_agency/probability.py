"""Numbers that are probabilities: floats that print short, Fractions that stay exact."""

from collections.abc import Mapping
from fractions import Fraction
from math import isfinite
from reprlib import repr as shortened
from typing import Any, TypeVar

Number = float | Fraction
T = TypeVar("T")

FLOAT_TOLERANCE = 1e-6  # how far from one floats may sum, single precision included; Fractions may not


class Probability(float):
    """A float in full precision that prints four significant digits."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(float(f"{self:.4g}"))


class Distribution(dict[T, Number]):
    """A dict of probabilities in full precision that cannot be changed and prints four significant digits of each."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr({x: shown(prob) for x, prob in self.items()})

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self):
        return type(self), (dict(self),)

    def _refuse(self, *_, **__):
        raise TypeError("a distribution cannot be changed: make another of dict(distribution)")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse


def shown(x: Number) -> Number:
    """``x``, as a `Probability` if it is a float. A Fraction stays what it is."""
    return Probability(x) if isinstance(x, float) else x


def exact_or_float(x) -> Number:
    """``x`` if it is a rational, else the float nearest to it, as for NumPy's scalars; TypeError for text."""
    if isinstance(x, (str, bytes)):
        raise TypeError(f"{x!r} is no number")
    return x if isinstance(x, (Fraction, int)) and not isinstance(x, bool) else float(x)


def is_probability(x: Number) -> bool:
    """Whether 0 ≤ x ≤ 1, up to the rounding of floats; never true of NaN."""
    if isinstance(x, float):
        return 0.0 <= x <= 1.0 + FLOAT_TOLERANCE
    return 0 <= x.numerator <= x.denominator


def checked(probs: Mapping[T, Number], what: str) -> Distribution[T]:
    """``probs`` as a `Distribution`, or ValueError where they are none."""
    if not isinstance(probs, Mapping):
        raise TypeError(f"{what} must map each name to its probability, but is {shortened(probs)}")
    if not probs:
        raise ValueError(f"{what} is empty")
    probs = Distribution({x: exact_or_float(prob) for x, prob in probs.items()})
    for x, prob in probs.items():
        if not (isfinite(prob) and prob >= 0):
            raise ValueError(f"{what} gives {x!r} the probability {prob}")
    total: Any = sum(probs.values())
    if abs(total - 1) > (FLOAT_TOLERANCE if isinstance(total, float) else 0):
        raise ValueError(f"{what} sums to {total}, not to 1")
    return probs
