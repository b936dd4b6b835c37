"""The past that a kernel conditions on: a tuple of symbols that also knows who wrote them (paper, section 3.1)."""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import total_ordering
from threading import RLock
from typing import Any, SupportsIndex, TypeVar, overload

from causal_agency.gate import Gate

__all__ = ["Past", "Window"]

T_co = TypeVar("T_co", covariant=True)
Label = Callable[[Any, Gate, "Past"], Iterable[Hashable]]
WORLD = Gate.WORLD
ONE = range(1)
LOCK = RLock()  # held while lists that several pasts share grow; reentrant because a label may ask the past for a tally


@total_ordering
class Window(Sequence[T_co]):
    """Some consecutive items of a list that only grows; behaves like a tuple, equals one and hashes like one.

    The symbols of h_t and their gates γ_{1:t} (section 3.1) are kept so.

    Example:
        >>> from causal_agency import do, see
        >>> from causal_agency.history import symbols
        >>> symbols([do("A"), see("B")]).gates
        (<Gate.AGENT: 1>, <Gate.WORLD: 0>)
    """

    __slots__ = ("_items", "_span")

    def __init__(self, _items: list[Any], _span: range):
        self._items, self._span = _items, _span

    def __len__(self) -> int:
        return len(self._span)

    def __iter__(self) -> Iterator[T_co]:
        return iter(self._items[self._span.start : self._span.stop])

    @overload
    def __getitem__(self, i: SupportsIndex) -> T_co: ...

    @overload
    def __getitem__(self, i: slice) -> "Sequence[T_co]": ...

    def __getitem__(self, i: Any) -> Any:
        place = self._span[i]  # of an empty slice, perhaps range(1, 0)
        return self._at(place or range(0)) if isinstance(place, range) else self._items[place]

    def _at(self, span: range) -> "Sequence[T_co]":
        """Return the items at ``span``."""
        return Window(self._items, span) if span.step == 1 else tuple(self._items[i] for i in span)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (tuple, Window)):
            return NotImplemented
        return len(other) == len(self._span) and tuple(self) == tuple(other)

    def __lt__(self, other: Any) -> bool:
        return tuple(self) < tuple(other) if isinstance(other, (tuple, Window)) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __add__(self, other: Any) -> tuple:
        return (*self, *other) if isinstance(other, (tuple, Window)) else NotImplemented

    def __radd__(self, other: Any) -> tuple:
        return (*other, *self) if isinstance(other, tuple) else NotImplemented

    def __mul__(self, times: SupportsIndex) -> tuple:
        return tuple(self) * times

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return repr(tuple(self))

    def __reduce__(self) -> Any:
        return Window, ([*self], range(len(self)))


class _Shared:
    """What was derived of a list of symbols that only grows; every past in the list finds it here."""

    __slots__ = ("bystander", "gates", "tallies", "world", "world_lengths", "world_shared")

    def __init__(self) -> None:
        self.tallies: dict[Label, _Tally] = {}
        self.world: list = []
        self.world_lengths = [0]  # how many of the first 0, 1, 2, … symbols the world wrote
        self.world_shared: _Shared | None = None
        self.bystander: _Shared | None = None
        self.gates: list[Gate] = []  # as many WORLD as were asked for


class _Tally:
    """Where each key was counted, in increasing order: any past counts those in its span."""

    __slots__ = ("places", "seen")

    def __init__(self) -> None:
        self.places: dict[Hashable, list[int]] = {}
        self.seen = 0

    def catch_up(self, past: "Past", label: Label) -> None:
        """Count the slots up to the end of ``past`` that were not counted yet."""
        with LOCK:
            for i in range(self.seen, past._span.stop):
                before = past._at(range(i))
                for key in [*label(past._items[i], past._gate(i), before)]:
                    self.places.setdefault(key, []).append(i)
                self.seen = i + 1


class Past(Window[Any]):
    """h_{<i}, what a kernel looks back on: a tuple of symbols that also knows who wrote them (section 3.1).

    It equals a tuple of the symbols, and compares, hashes, indexes, slices and prints like one, but is not an instance
    of `tuple`: write ``tuple(past)`` where one is needed. Authors play no part in that, so a kernel that reads `gates`
    or `world` must not remember its answers by the past alone. A past is immutable. Pasts of one history share their
    memory: a belief takes the same time for each slot, and `count`, ``in``, `world` and `tally` do not read the past
    again.

    A kernel receives it; `causal_agency.history.symbols` makes one.

    Example:
        >>> from causal_agency import do, see
        >>> from causal_agency.history import symbols
        >>> past = symbols([do("A"), see("B"), do("A")])
        >>> past, past == ("A", "B", "A"), past[-1]
        (('A', 'B', 'A'), True, 'A')
        >>> past.count("A"), past.world, past.world.count("A")
        (2, ('B',), 0)
    """

    __slots__ = ("_authors", "_share")

    def __init__(self, _items: list, _authors: list[Gate] | None, _span: range, _share: _Shared | None):
        self._items, self._authors, self._span, self._share = _items, _authors, _span, _share

    def after(self, symbol: Hashable, gate: Gate, order: int | None = None) -> "Past":
        """Return the past one slot later; this one stays as it is.

        Args:
            symbol: z_i.
            gate: γ_i, who wrote it.
            order: How many symbols to keep; None keeps all.

        Returns:
            The longer past.
        """
        items, authors, start, stop = self._items, self._authors, self._span.start, self._span.stop
        if order == 1:  # by far the most common
            return Past([symbol], [gate], ONE, None)
        if order is not None:
            start, authors = max(start, stop + 1 - order), authors or [WORLD] * stop
            items = [*items[start:stop], symbol]
            return Past(items, [*authors[start:stop], gate], range(len(items)), None)
        share = self._shared
        with LOCK:
            if authors is None or stop == 0 or stop != len(items):  # the list is not ours to extend
                items, authors, share = items[start:stop], [*self.gates], _Shared()
                start, stop = 0, len(items)
            items.append(symbol)
            authors.append(gate)
        return Past(items, authors, range(start, stop + 1), share)

    def _at(self, span: range) -> "Past":
        if span.step == 1:
            return Past(self._items, self._authors, span, self._shared)
        items, authors = [self._items[i] for i in span], [self._gate(i) for i in span]
        return Past(items, authors, range(len(items)), None)

    @property
    def _shared(self) -> _Shared:
        """What all pasts in this list share."""
        self._share = self._share or _Shared()
        return self._share

    def _gate(self, i: int) -> Gate:
        """Return γ of one symbol."""
        return WORLD if self._authors is None else self._authors[i]

    @property
    def gates(self) -> Window[Gate]:
        """γ_1 … γ_{i−1}: who wrote each symbol.

        Returns:
            As many gates as there are symbols.
        """
        if self._authors is not None:
            return Window(self._authors, self._span)
        gates = self._shared.gates
        with LOCK:
            gates.extend([WORLD] * (self._span.stop - len(gates)))
        return Window(gates, self._span)

    @property
    def world(self) -> "Past":
        """The symbols that the world wrote, alone.

        Returns:
            A past.
        """
        if self._authors is None:
            return self
        share, span = self._shared, self._span
        with LOCK:
            share.world_shared = share.world_shared or _Shared()
            for i in range(len(share.world_lengths) - 1, span.stop):
                if self._authors[i] == WORLD:
                    share.world.append(self._items[i])
                share.world_lengths.append(len(share.world))
        there = range(share.world_lengths[span.start], share.world_lengths[span.stop])
        return Past(share.world, None, there, share.world_shared)

    @property
    def bystander(self) -> "Past":
        """The same symbols as a bystander records them: every gate is WORLD.

        Returns:
            A past.
        """
        if self._authors is None:
            return self
        share = self._shared
        share.bystander = share.bystander or _Shared()
        return Past(self._items, None, self._span, share.bystander)

    def tally(self, label: Label, key: Hashable) -> int:
        """Return how often the slots of this past were counted under ``key``: statistics for kernels that learn.

        Each slot is labeled once, however often a kernel asks and however long the past grows.

        Args:
            label: Any function of a symbol, its gate and the past before it; returns the keys to count it under. It is
                the key of a dictionary: define it once, not at every call.
            key: The key.

        Returns:
            The count.
        """
        span = self._span
        if not span:
            return 0
        tallies = self._shared.tallies
        tally = tallies.get(label) or tallies.setdefault(label, _Tally())
        if tally.seen < span.stop:
            tally.catch_up(self, label)
        places = tally.places.get(key, ())
        return bisect_left(places, span.stop) - (bisect_left(places, span.start) if span.start else 0)

    def count(self, value: Hashable) -> int:
        """Return how often ``value`` was written, by anyone.

        Args:
            value: A symbol.

        Returns:
            The count.
        """
        return self.tally(_by_symbol, value)

    def __contains__(self, value: object) -> bool:
        return self.count(value) > 0

    def __reduce__(self) -> Any:
        return Past, ([*self], [*self.gates], range(len(self)), None)


def _by_symbol(symbol: Hashable, gate: Gate, before: Past) -> tuple[Hashable]:
    """Count every slot under its symbol."""
    return (symbol,)


NOTHING = Past([], [], range(0), None)  # h_0
