"""What the rows of a log say: who wrote a symbol, and which."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from causal_agency.gate import Gate
from causal_agency.history import Symbol

# What a log may call the author of a symbol. An author that is not listed is an error, never a guess.
AUTHORS: Mapping[Any, Gate] = MappingProxyType(
    {**dict.fromkeys(("agent", "do", 1, "1"), Gate.AGENT), **dict.fromkeys(("world", "see", 0, "0"), Gate.WORLD)}
)


def find_gate(author: Any, authors: Mapping[Any, Gate]) -> Gate:
    """Return γ of an author; raise ValueError if it is not listed. True and False may mean either, and are refused."""
    truth_value = isinstance(author, bool) or str(getattr(author, "dtype", "")) == "bool"
    try:
        if not truth_value and author in authors:
            return Gate(authors[author])
    except TypeError:  # it cannot be hashed
        pass
    raise ValueError(f"unknown author {author!r}: the authors are {', '.join(map(repr, authors))}")


def check_symbol(symbol: Any) -> Symbol:
    """Return the symbol; raise ValueError if it is missing or cannot be hashed."""
    try:
        hash(symbol)
    except TypeError:
        raise ValueError(f"{symbol!r} cannot be a symbol: it cannot be hashed") from None
    if symbol is None or symbol != symbol:  # NaN
        raise ValueError("the symbol is missing")
    return symbol
