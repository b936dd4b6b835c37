"""Numbers that are probabilities: floats with a short repr, and Fractions that stay exact."""

from collections.abc import Mapping
from decimal import MAX_EMAX, MIN_EMIN, Context
from fractions import Fraction
from html import escape
from math import exp, inf, log
from reprlib import repr as short_repr
from sys import float_info
from typing import Any, TypeVar

from causal_agency._table import Table

Number = float | Fraction
T = TypeVar("T")

MAX_SUM_ERROR = 1e-6  # how far from one a sum of floats may be, in single precision too; a sum of Fractions must be one
MAX_LOG = log(float_info.max)
SHORT, FULL = 4, 17  # significant digits: of a repr, and of a float
MAX_PRINTED_BITS = 2000  # of a numerator or denominator that Python prints whatever its limit of digits
MAX_DESCRIBED_BITS = 200  # of one in a message
KEPT_BITS = 128  # of one that is written as a decimal
BAR = 8  # em: the length of a bar of probability one
WIDE = Context(prec=50, Emax=MAX_EMAX, Emin=MIN_EMIN)


class Probability(float):
    """A float in full precision whose repr, and nothing else, is rounded to four significant digits."""

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(float(f"{self:.{SHORT}g}"))

    def __str__(self) -> str:
        return float.__repr__(self)


class LogNumber(float):
    """A number of any size, given by its logarithm; as a float it is 0 or ∞ where floats end.

    Attributes:
        log: The logarithm, in nats.
    """

    __slots__ = ("log",)
    log: float

    def __new__(cls, log: float) -> "LogNumber":
        number = super().__new__(cls, inf if log > MAX_LOG else exp(log))
        number.log = log
        return number

    def __reduce__(self) -> tuple[type, tuple[float]]:
        return type(self), (self.log,)


class LongFraction(Fraction):
    """A Fraction with many digits; if they are more than Python prints, it shows a decimal after ≈."""

    __slots__ = ()

    def __repr__(self) -> str:
        try:
            return f"Fraction({self.numerator}, {self.denominator})"
        except ValueError:
            return f"≈{to_decimal(self, SHORT)}"

    def __str__(self) -> str:
        try:
            return super().__str__()
        except ValueError:
            return f"≈{to_decimal(self, FULL)}"


class Distribution(Table[T, Number]):
    """An immutable dict of probabilities in full precision. Its repr and those of its items show four digits.

    Posteriors w_t (section 3.3) and predictions π (section 3.4) are such.
    Only what is shown at the prompt is rounded: ``str``, ``print`` and f-strings write all digits.

    Example:
        >>> from causal_agency import Distribution
        >>> w = Distribution(A=1 / 3, B=2 / 3)
        >>> w, w["A"]
        ({'A': 0.3333, 'B': 0.6667}, 0.3333)
        >>> print(w["A"])
        0.3333333333333333
        >>> w["A"] == 1 / 3
        True
    """

    __slots__ = ()

    def __init__(self, *args: Any, **by_name: Number) -> None:
        super().__init__(*args, **by_name)
        for x, prob in self.items():
            if isinstance(prob, Fraction):
                dict.__setitem__(self, x, display(prob))  # so values and items print, too

    def __getitem__(self, x: T) -> Number:
        return display(super().__getitem__(x))

    def get(self, x: T, default: Any = None) -> Any:
        """Return the probability of ``x``.

        Args:
            x: What the probability is of.
            default: What to return if ``x`` is missing.

        Returns:
            The probability.
        """
        try:
            return self[x]
        except KeyError:
            return default

    def __repr__(self) -> str:
        return repr({x: display(prob) for x, prob in self.items()})

    def __str__(self) -> str:
        return f"{{{', '.join(f'{x!r}: {display(prob)}' for x, prob in self.items())}}}"

    def _repr_html_(self) -> str:
        """Return a table with a bar for each probability, as a notebook shows it."""
        return f"<table><tbody>{''.join(_html_row(x, display(prob)) for x, prob in self.items())}</tbody></table>"


def _html_row(x: Any, prob: Number) -> str:
    """Return one probability as a row: what it is of, its digits, and a bar."""
    digits = repr(prob) if isinstance(prob, float) else str(prob)
    bar = f"<div style='background-color: #0060a8; width: {BAR * float(prob):.2f}em; height: 0.8em'></div>"
    return f"<tr><th scope='row'>{escape(repr(x))}</th><td>{escape(digits)}</td><td>{bar}</td></tr>"


def display(x: Number) -> Number:
    """Return the number as one that Python can print: a `Probability`, a `LongFraction`, or a short rational as is."""
    if isinstance(x, float):
        return Probability(x)
    return LongFraction(x) if isinstance(x, Fraction) and count_bits(x) > MAX_PRINTED_BITS else x


def count_bits(x: int | Fraction) -> int:
    """Return the length of the numerator or of the denominator, whichever is longer."""
    return max(x.numerator.bit_length(), x.denominator.bit_length())


def to_decimal(x: Number, digits: int) -> str:
    """Write a number of any size as a decimal with so many significant digits."""
    if isinstance(x, float) or float_info.min <= abs(x) <= float_info.max:
        return f"{float(x):.{digits}g}"
    n, d = x.numerator, x.denominator
    shifts = [max(k.bit_length() - KEPT_BITS, 0) for k in (n, d)]
    ratio = WIDE.divide(WIDE.create_decimal(n >> shifts[0]), WIDE.create_decimal(d >> shifts[1]))
    value = WIDE.multiply(ratio, WIDE.power(2, shifts[0] - shifts[1]))
    rounded = Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN).create_decimal(value)
    return f"{WIDE.normalize(rounded):g}"


def describe(x: Any) -> str:
    """Write what should be a number for a message: never more than a line."""
    if not isinstance(x, (int, Fraction)):
        return repr(x)
    return f"≈{to_decimal(x, FULL)}" if count_bits(x) > MAX_DESCRIBED_BITS else str(x)


def to_number(x: Any) -> Number:
    """Return a rational as it is and anything else, such as a NumPy scalar, as a float; raise TypeError for text."""
    if isinstance(x, (str, bytes)):
        raise TypeError(f"{x!r} is not a number")
    if isinstance(x, LogNumber):
        return x
    return x if isinstance(x, (Fraction, int)) and not isinstance(x, bool) else float(x)


def is_probability(x: Number) -> bool:
    """Return whether 0 ≤ x ≤ 1, up to the rounding of floats; False for NaN."""
    if isinstance(x, float):
        return 0.0 <= x <= 1.0 + MAX_SUM_ERROR
    return 0 <= x.numerator <= x.denominator


def validate_distribution(probs: Mapping[T, Number], name: str) -> Table[T, Number]:
    """Return ``probs`` as a `Table`; raise an error that begins with ``name`` if they are not a distribution."""
    if not isinstance(probs, Mapping):
        raise TypeError(f"{name} must map each name to its probability, but is {short_repr(probs)}")
    if not probs:
        raise ValueError(f"{name} is empty")
    probs = Table({x: to_number(prob) for x, prob in probs.items()})
    for x, prob in probs.items():
        if x != x:
            raise ValueError(f"{name} names {x!r}, which does not equal itself: use a string, such as {str(x)!r}")
        if not 0 <= prob <= float_info.max:
            raise ValueError(f"{name} gives {x!r} the probability {describe(prob)}")
    total: Any = sum(probs.values())
    if abs(total - 1) > (MAX_SUM_ERROR if isinstance(total, float) else 0):
        written = f"{total:.9g}" if isinstance(total, float) else describe(total)
        raise ValueError(f"{name} sums to {written}, not to 1")
    return probs
