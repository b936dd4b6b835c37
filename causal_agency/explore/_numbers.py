"""Probabilities as text, such as 9/10 or 0.9: read exactly, and written so that they can be read again."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypeVar

T = TypeVar("T")

NUMBER = re.compile(r"[0-9]{1,15}(?:\.[0-9]{0,15}|/[0-9]{1,15})?|\.[0-9]{1,15}")
MAX_TERM = 10**15  # a longer numerator or denominator cannot be read again
GRID = 10**6  # what does not come out even is rounded to parts of this


class BadState(ValueError):
    """What was asked of the explorer makes no sense; the message is one line."""


def read_probability(text: Any, what: str) -> Fraction:
    """Return the probability that ``text`` names; raise BadState, which names ``what``, if it names none."""
    if not isinstance(text, str) or not NUMBER.fullmatch(text.strip()):
        raise BadState(f"{what} is {short(text)}: write a probability such as 0.9 or 9/10")
    numerator, _, denominator = text.strip().partition("/")
    if denominator and not int(denominator):
        raise BadState(f"{what} is {text}: the denominator is zero")
    x = Fraction(numerator) / int(denominator or 1)
    if x > 1:
        raise BadState(f"{what} is {text}: a probability is at most 1")
    return x


def write_probability(x: Fraction) -> str:
    """Return a short decimal if it is exact, else a fraction."""
    if GRID % x.denominator:
        return str(x)
    return f"{float(x):.6f}".rstrip("0").rstrip(".")


def short(value: Any) -> str:
    """Return the repr of anything on one line of at most 40 characters."""
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def rescale(probs: Mapping[T, Fraction], key: T, value: Fraction) -> dict[T, Fraction]:
    """Return a distribution with ``probs[key] = value`` in which all others keep their proportions."""
    others = [x for x in probs if x != key]
    if not others:
        return {key: Fraction(1)}
    total = sum(probs[x] for x in others)
    parts = {x: _round((1 - value) * (probs[x] / total if total else Fraction(1, len(others)))) for x in others}
    largest = max(others, key=parts.__getitem__)
    parts[largest] += 1 - value - sum(parts.values())
    if any(part.denominator >= MAX_TERM for part in parts.values()):
        raise BadState(f"{write_probability(value)} has too many digits: use at most nine")
    return {x: value if x == key else parts[x] for x in probs}


def _round(x: Fraction) -> Fraction:
    """Return ``x`` itself if it is short, else the next part of the grid."""
    return x if x.denominator <= GRID else Fraction(round(x * GRID), GRID)
