"""Pieces of HTML that several parts of the page share."""

from collections.abc import Iterable
from fractions import Fraction
from html import escape
from json import dumps
from typing import Any

from causal_agency._probability import Number
from causal_agency.explore._marks import swatch
from causal_agency.gate import Gate
from causal_agency.history import Slot
from causal_agency.hypothesis import Hypothesis
from causal_agency.ledger import format_number

MAX_FRACTION_LENGTH = 13  # longer fractions are shown as decimals, marked as such


def number(x: Number | None) -> str:
    """Return a number as the page prints it: four digits of a float, a fraction unless it is long."""
    if isinstance(x, Fraction) and len(str(x)) <= MAX_FRACTION_LENGTH:
        return str(x)
    about = "≈ " if isinstance(x, Fraction) else ""
    return about + format_number(x).replace("-", "−")


def numbers(hypotheses: Iterable[Hypothesis], values: Iterable[Number | None], first: int = 0) -> str:
    """Return a number for each hypothesis, marked by its swatch and, for a screen reader, its name."""
    each = (
        f'<span class="number">{swatch(i)}<span class="sr">{escape(p.name)} </span><span>{number(x)}</span></span>'
        for i, (p, x) in enumerate(zip(hypotheses, values), first)
    )
    return "".join(each)


def slot_name(slot: Slot) -> str:
    """Return do(symbol) or see(symbol)."""
    return f"{author_verb(slot)}(<wbr>{escape(str(slot.symbol))})"


def author_verb(slot: Slot) -> str:
    """Return the word for who wrote a slot."""
    return "do" if slot.gate == Gate.AGENT else "see"


def changes(change: dict[str, Any]) -> str:
    """Return the attribute that says what an element changes."""
    return f'data-change="{escape(dumps(change))}"'
