"""Histories from logs that say who wrote each symbol (paper, section 3.1). For large files see `records`."""

from collections.abc import Iterable, Mapping
from typing import Any

from causal_agency._authors import AUTHORS, check_symbol, find_gate
from causal_agency.gate import Gate
from causal_agency.history import Slot, Symbol

__all__ = ["AUTHORS", "history"]


def history(rows: Iterable[tuple[Any, Symbol]], authors: Mapping[Any, Gate] = AUTHORS) -> tuple[Slot, ...]:
    """Return the history h_t that pairs of author and symbol tell (section 3.1).

    Args:
        rows: Pairs of author and symbol, such as ``zip(authors, symbols)``.
        authors: The gate of each author, such as ``{"assistant": Gate.AGENT, "user": Gate.WORLD}``.

    Returns:
        The slots.

    Raises:
        ValueError: If a row is no pair, its author is not listed, or its symbol is missing or cannot be hashed; names
            the row, counted from 1.

    Example:
        >>> from causal_agency.logs import history
        >>> history(zip(["agent", "world"], ["A", "B"]))
        (do('A'), see('B'))
        >>> history([("agent", "A"), ("bot", "B")])
        Traceback (most recent call last):
          ...
        ValueError: row 2: unknown author 'bot': the authors are 'agent', 'do', 1, '1', 'world', 'see', 0, '0'
    """
    return tuple(_read_row(row, number, authors) for number, row in enumerate(rows, 1))


def _read_row(row: Any, number: int, authors: Mapping[Any, Gate]) -> Slot:
    """Return a row's slot; raise ValueError that names the row."""
    try:
        if not isinstance(row, (tuple, list)) or len(row) != 2:
            raise ValueError(f"{row!r} is not a pair of author and symbol")
        return Slot(check_symbol(row[1]), find_gate(row[0], authors))
    except ValueError as problem:
        raise ValueError(f"row {number}: {problem}") from None
