"""Hypotheses p ∈ 𝒫 and their kernels ν_p(z | h) (paper, section 3.1)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from causal_agency.history import Symbol
from causal_agency.probability import Number, checked

Kernel = Callable[[Symbol, tuple[Symbol, ...]], Number]


class UnknownToken(ValueError):
    """A kernel was asked for a token that it does not know."""


@dataclass(frozen=True)
class Hypothesis:
    """p ∈ 𝒫: a name and a kernel ``nu(token, past)`` = ν_p(token | past).

    ``past`` is the tuple of the symbols before the token, whoever wrote them. The kernel serves both channels, actions
    and observations, and a context c that it depends on is bound into it. ``tokens`` lists what it can write, for
    sampling; kernels made by `memoryless`, `markov` and `channels` bring their list with them.
    """

    name: str
    nu: Kernel
    tokens: tuple[Symbol, ...] = ()

    def __post_init__(self):
        if not callable(self.nu):
            raise TypeError(f"{self.name}: nu is {self.nu!r}, not a function of (token, past)")
        known = self.nu.tokens if isinstance(self.nu, (Memoryless, Markov, Channels)) else ()
        object.__setattr__(self, "tokens", tuple(self.tokens or known))

    def __repr__(self) -> str:
        return self.name

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def order(self) -> int | None:
        """How many of the last symbols the kernel looks at; None where it may look at the whole past."""
        return self.nu.order if isinstance(self.nu, (Memoryless, Markov)) else None


def unknown(token: Symbol, table: Mapping[Symbol, Any], where: str = "") -> UnknownToken:
    """An error that names the tokens there are in ``table``."""
    return UnknownToken(f"unknown token {token!r}{where}: the kernel knows {', '.join(map(repr, table))}")


def look_up(table: Mapping[Symbol, Any], token: Symbol, where: str = "") -> Any:
    """``table[token]``, or an error that names the tokens there are."""
    try:
        return table[token]
    except KeyError:
        raise unknown(token, table, where) from None


@dataclass(frozen=True)
class Memoryless:
    """ν(token | past) = probs[token]."""

    probs: Mapping[Symbol, Number]
    order = 0

    @property
    def tokens(self) -> tuple[Symbol, ...]:
        """What it can write."""
        return tuple(self.probs)

    def __call__(self, token: Symbol, past: tuple[Symbol, ...]) -> Number:
        """ν(token | past)."""
        try:
            return self.probs[token]
        except KeyError:
            raise unknown(token, self.probs) from None


@dataclass(frozen=True)
class Markov:
    """ν(token | past) = then[past[-1]][token], and first[token] where there is no past."""

    first: Mapping[Symbol, Number]
    then: Mapping[Symbol, Mapping[Symbol, Number]]
    order = 1

    @property
    def tokens(self) -> tuple[Symbol, ...]:
        """What it can write."""
        return tuple(self.first)

    def __call__(self, token: Symbol, past: tuple[Symbol, ...]) -> Number:
        """ν(token | past)."""
        return look_up(look_up(self.then, past[-1], " in the past") if past else self.first, token)


@dataclass(frozen=True)
class Channels:
    """ν(token | past) by the action channel if ``token`` is one of ``tokens``, else by the world channel."""

    tokens: tuple[Symbol, ...]
    action: Kernel
    world: Kernel

    def __call__(self, token: Symbol, past: tuple[Symbol, ...]) -> Number:
        """ν(token | past)."""
        return (self.action if token in self.tokens else self.world)(token, past)


def memoryless(probs: Mapping[Any, Number] | None = None, /, **by_name: Number) -> Memoryless:
    """A kernel that forgets the past: ``memoryless(A=0.2, B=0.8)`` or ``memoryless({0: 0.2, 1: 0.8})``.

    ValueError where the probabilities are negative, not finite, or do not sum to one.
    """
    named: dict[Any, Number] = {**(probs or {}), **by_name}
    return Memoryless(checked(named, "the kernel"))


def markov(first: Mapping[Any, Number], then: Mapping[Any, Mapping[Any, Number]]) -> Markov:
    """A first-order kernel: ``first`` for the first symbol, ``then[z]`` for the one after z.

    ValueError where a row is no distribution, or a token has no row or stands in no list.
    """
    rows = {z: checked(probs, f"the kernel after {z!r}") for z, probs in then.items()}
    kernel = Markov(checked(first, "the kernel for the first symbol"), rows)
    tables: dict[str, Mapping] = {"then": rows, **{f"then[{z!r}]": probs for z, probs in rows.items()}}
    for where, table in tables.items():
        if table.keys() != kernel.first.keys():
            raise ValueError(f"{where} knows {list(table)}, but first knows {list(kernel.first)}")
    return kernel


def channels(actions: Iterable[Symbol], action: Kernel, world: Kernel) -> Channels:
    """The two chronological channels of section 3.1: ν_p(a_i | h_{<i}, c) and ν_p(o_i | h_{<i}, c).

    A token that is one of ``actions`` is scored by ``action``, any other by ``world``, whoever writes it.
    """
    return Channels(tuple(actions), action, world)
