"""Numbers that are probabilities: floats with a short repr, and Fractions that stay exact."""

from collections.abc import Mapping
from fractions import Fraction
from reprlib import repr as short_repr
from sys import float_info
from typing import Any, NoReturn, TypeVar

Number = float | Fraction
T = TypeVar("T")

MAX_SUM_ERROR = 1e-6  # how far from one a sum of floats may be, in single precision too; a sum of Fractions must be one


class Probability(float):
    """A float in full precision whose repr has four significant digits."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(float(f"{self:.4g}"))


class Distribution(dict[T, Number]):
    """An immutable dict of probabilities in full precision whose repr has four significant digits of each.

    Example:
        >>> from causal_agency import Distribution
        >>> w = Distribution(A=1 / 3, B=2 / 3)
        >>> w
        {'A': 0.3333, 'B': 0.6667}
        >>> w["A"] == 1 / 3
        True
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr({x: display(prob) for x, prob in self.items()})

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[type, tuple[dict[T, Number]]]:
        return type(self), (dict(self),)

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a distribution is immutable: change a copy, dict(distribution)")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse


def display(x: Number) -> Number:
    """Return a float as a `Probability`, and a rational as it is."""
    return Probability(x) if isinstance(x, float) else x


def to_number(x: Any) -> Number:
    """Return a rational as it is and anything else, such as a NumPy scalar, as a float; raise TypeError for text."""
    if isinstance(x, (str, bytes)):
        raise TypeError(f"{x!r} is not a number")
    return x if isinstance(x, (Fraction, int)) and not isinstance(x, bool) else float(x)


def is_probability(x: Number) -> bool:
    """Return whether 0 ≤ x ≤ 1, up to the rounding of floats; False for NaN."""
    if isinstance(x, float):
        return 0.0 <= x <= 1.0 + MAX_SUM_ERROR
    return 0 <= x.numerator <= x.denominator


def validate_distribution(probs: Mapping[T, Number], name: str) -> Distribution[T]:
    """Return ``probs`` as a `Distribution`; raise an error that begins with ``name`` if they are not one."""
    if not isinstance(probs, Mapping):
        raise TypeError(f"{name} must map each name to its probability, but is {short_repr(probs)}")
    if not probs:
        raise ValueError(f"{name} is empty")
    probs = Distribution({x: to_number(prob) for x, prob in probs.items()})
    for x, prob in probs.items():
        if not 0 <= prob <= float_info.max:
            raise ValueError(f"{name} gives {x!r} the probability {prob}")
    total: Any = sum(probs.values())
    if abs(total - 1) > (MAX_SUM_ERROR if isinstance(total, float) else 0):
        raise ValueError(f"{name} sums to {total}, not to 1")
    return probs
