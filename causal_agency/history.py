"""A history is data: a tuple of slots, each a symbol and its author (paper, section 3.1).

Two symbols are the same if they are equal, as in every dict: 1, 1.0 and True are one symbol, None is a symbol, and
strings are compared code point by code point, so two forms of Unicode that look alike are two symbols. (Python
normalizes names of keyword arguments: for symbols outside ASCII, write ``memoryless({"é": 1.0})``.) NaN is no symbol.
"""

from collections.abc import Hashable, Iterable
from typing import NamedTuple

from causal_agency.gate import Gate
from causal_agency.past import NOTHING, Past

__all__ = ["History", "Slot", "Symbol", "as_bystander", "do", "pairs", "see", "slots", "symbols"]

Symbol = Hashable


class Slot(NamedTuple):
    """A symbol z_i and its author γ_i (section 3.1). `do` and `see` make slots.

    Attributes:
        symbol: z_i, what was written.
        gate: γ_i, who wrote it.

    Example:
        >>> from causal_agency import see
        >>> slot = see("B")
        >>> slot, slot.symbol, int(slot.gate)
        (see('B'), 'B', 0)
    """

    symbol: Symbol
    gate: Gate

    def __repr__(self) -> str:
        return f"{'do' if self.gate == Gate.AGENT else 'see'}({self.symbol!r})"


History = Iterable[Slot]


def _validate(symbol: Symbol) -> Symbol:
    """Return ``symbol``; raise an error if it is a slot already, or NaN."""
    if isinstance(symbol, Slot):
        raise TypeError(f"{symbol!r} is a slot already: write it as it is, or do and see of {symbol.symbol!r}")
    if symbol != symbol:
        raise ValueError(f"{symbol!r} does not equal itself: write a string, such as {str(symbol)!r}")
    return symbol


def do(action: Symbol) -> Slot:
    """Record a_i, γ_i = 1: the agent writes ``action``. It is an intervention, never evidence (section 3.1).

    Args:
        action: What the agent writes.

    Returns:
        The slot.

    Raises:
        TypeError: If ``action`` is a slot already.
        ValueError: If ``action`` is NaN, which does not equal itself.

    Example:
        >>> from causal_agency import do
        >>> do("A")
        do('A')
    """
    return Slot(_validate(action), Gate.AGENT)


def see(observation: Symbol) -> Slot:
    """Record o_i, γ_i = 0: the world writes ``observation``. It is evidence (section 3.1).

    A demonstration ã_i is evidence too: authorship decides, not what the symbol looks like.

    Args:
        observation: What the world writes.

    Returns:
        The slot.

    Raises:
        TypeError: If ``observation`` is a slot already.
        ValueError: If ``observation`` is NaN, which does not equal itself.

    Example:
        >>> from causal_agency import see
        >>> see("B")
        see('B')
    """
    return Slot(_validate(observation), Gate.WORLD)


def pairs(turns: Iterable[tuple[Symbol, Symbol]]) -> tuple[Slot, ...]:
    """Return the history (a_1, o_1, a_2, o_2, …): the agent acts and the world answers, in turn (section 3.1).

    Args:
        turns: Pairs of an action and an observation.

    Returns:
        Two slots for each pair.

    Example:
        >>> from causal_agency import pairs
        >>> pairs([("left", "won"), ("right", "lost")])
        (do('left'), see('won'), do('right'), see('lost'))
    """
    return tuple(slot for action, observation in turns for slot in (do(action), see(observation)))


def slots(history: History) -> tuple[Slot, ...]:
    """Return ``history`` as a tuple, after checking that every entry says who wrote it (γ_i of section 3.1).

    Args:
        history: Slots made by `do` and `see`.

    Returns:
        The same slots.

    Raises:
        TypeError: If ``history`` is a single slot, or an entry is not a slot.
        ValueError: If the gate of a slot is neither 0 nor 1.

    Example:
        >>> from causal_agency import do, see
        >>> from causal_agency.history import slots
        >>> slots([do("A"), see("B")])
        (do('A'), see('B'))
    """
    if isinstance(history, Slot):
        raise TypeError(f"a history is a list of slots: write [{history!r}]")
    given: object = history
    if isinstance(given, str) or not isinstance(given, Iterable):
        order = "; of predict, the token comes first" if isinstance(given, str) else ""
        raise TypeError(f"a history is a list of slots, such as [do('A'), see('B')], but this is {history!r}{order}")
    history = tuple(history)
    for i, slot in enumerate(history, 1):
        if not isinstance(slot, Slot):
            raise TypeError(f"slot {i} is {slot!r}: write do({slot!r}) or see({slot!r})")
        if slot.gate not in (Gate.AGENT, Gate.WORLD):
            raise ValueError(
                f"slot {i}: {slot.gate!r} is not a gate: write do({slot.symbol!r}) or see({slot.symbol!r})"
            )
    return history


def symbols(history: History) -> Past:
    """Return h_t = (z_1, …, z_t), whoever wrote them: the past that a kernel conditions on (section 3.1).

    Args:
        history: Slots made by `do` and `see`.

    Returns:
        The symbols, in order, as a tuple that knows their authors.

    Example:
        >>> from causal_agency import do, see
        >>> from causal_agency.history import symbols
        >>> past = symbols([do("A"), see("B")])
        >>> past, past.world
        (('A', 'B'), ('B',))
    """
    past = NOTHING
    for symbol, gate in slots(history):
        past = past.after(symbol, gate)
    return past


def as_bystander(history: History) -> tuple[Slot, ...]:
    """Return the history as a bystander records it: the same symbols, every γ_i = 0 (section 3.2).

    Args:
        history: Slots made by `do` and `see`.

    Returns:
        The same symbols, all written by the world.

    Example:
        >>> from causal_agency import as_bystander, do, see
        >>> as_bystander([do("A"), see("B")])
        (see('A'), see('B'))
    """
    return tuple(see(symbol) for symbol in symbols(history))
