"""A history is data: a tuple of slots, each a symbol and its author (paper, section 3.1)."""

from collections.abc import Hashable, Iterable
from typing import NamedTuple

from causal_agency.gate import Gate

Symbol = Hashable


class Slot(NamedTuple):
    """z_i and γ_i: what was written, and who wrote it. Made by `do` and `see`."""

    symbol: Symbol
    gate: Gate

    def __repr__(self) -> str:
        return f"{'do' if self.gate == Gate.AGENT else 'see'}({self.symbol!r})"


History = Iterable[Slot]


def do(action: Symbol) -> Slot:
    """a_i, γ_i = 1: the agent writes ``action``. An intervention, never evidence."""
    return Slot(action, Gate.AGENT)


def see(observation: Symbol) -> Slot:
    """o_i, γ_i = 0: the world writes ``observation``. Evidence, even where it looks like an action (ã_i)."""
    return Slot(observation, Gate.WORLD)


def slots(history: History) -> tuple[Slot, ...]:
    """``history`` as a tuple, or TypeError at the first entry that does not say who wrote it."""
    if isinstance(history, Slot):
        raise TypeError(f"a history is a list of slots: write [{history!r}]")
    history = tuple(history)
    for i, slot in enumerate(history, 1):
        if not isinstance(slot, Slot):
            raise TypeError(f"slot {i} is {slot!r}: write do({slot!r}) or see({slot!r})")
        if slot.gate not in (Gate.AGENT, Gate.WORLD):
            raise ValueError(f"slot {i}: {slot.gate!r} is no gate; write do({slot.symbol!r}) or see({slot.symbol!r})")
    return history


def symbols(history: History) -> tuple[Symbol, ...]:
    """h_t = (z_1, …, z_t), whoever wrote them: the past that a kernel conditions on."""
    return tuple(slot.symbol for slot in slots(history))


def as_bystander(history: History) -> tuple[Slot, ...]:
    """The same symbols as one who merely watched would book them: every γ_i = 0 (section 3.2)."""
    return tuple(see(symbol) for symbol in symbols(history))
