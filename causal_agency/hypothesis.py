"""Hypotheses p ∈ 𝒫 and their kernels ν_p(z | h) (paper, section 3.1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
    sampling; kernels made by `memoryless` and `markov` bring their list with them.
    """

    name: str
    nu: Kernel = field(hash=False)
    tokens: tuple[Symbol, ...] = ()

    def __post_init__(self):
        if not callable(self.nu):
            raise TypeError(f"{self.name}: nu is {self.nu!r}, not a function of (token, past)")
        object.__setattr__(self, "tokens", tuple(self.tokens or getattr(self.nu, "tokens", ())))

    def __repr__(self) -> str:
        return self.name


def look_up(probs: Mapping[Symbol, Number], token: Symbol) -> Number:
    """``probs[token]``, or an error that names the tokens there are."""
    if token not in probs:
        raise UnknownToken(f"unknown token {token!r}: the kernel knows {', '.join(map(repr, probs))}")
    return probs[token]


@dataclass(frozen=True)
class Memoryless:
    """ν(token | past) = probs[token]."""

    probs: Mapping[Symbol, Number]

    @property
    def tokens(self) -> tuple[Symbol, ...]:
        """What it can write."""
        return tuple(self.probs)

    def __call__(self, token: Symbol, past: tuple[Symbol, ...]) -> Number:
        """ν(token | past)."""
        return look_up(self.probs, token)


@dataclass(frozen=True)
class Markov:
    """ν(token | past) = then[past[-1]][token], and first[token] where there is no past."""

    first: Mapping[Symbol, Number]
    then: Mapping[Symbol, Mapping[Symbol, Number]]

    @property
    def tokens(self) -> tuple[Symbol, ...]:
        """What it can write."""
        return tuple(self.first)

    def __call__(self, token: Symbol, past: tuple[Symbol, ...]) -> Number:
        """ν(token | past)."""
        return look_up(self.after(past[-1]) if past else self.first, token)

    def after(self, last: Symbol) -> Mapping[Symbol, Number]:
        """The row for the symbol that follows ``last``."""
        if last not in self.then:
            raise UnknownToken(
                f"unknown token {last!r} in the past: the kernel knows {', '.join(map(repr, self.then))}"
            )
        return self.then[last]


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
    rows = {z: checked(row, f"the kernel after {z!r}") for z, row in then.items()}
    kernel = Markov(checked(first, "the kernel for the first symbol"), rows)
    tables: dict[str, Mapping] = {"then": rows, **{f"then[{z!r}]": row for z, row in rows.items()}}
    for where, table in tables.items():
        if table.keys() != kernel.first.keys():
            raise ValueError(f"{where} knows {list(table)}, but first knows {list(kernel.first)}")
    return kernel
