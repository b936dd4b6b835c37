"""Kernels ν(z | h): what a hypothesis says of the next symbol (paper, section 3.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from causal_agency._probability import Number, validate_distribution
from causal_agency._table import Table
from causal_agency.history import Symbol
from causal_agency.past import Past

__all__ = ["Channels", "Kernel", "Markov", "Memoryless", "UnknownToken", "channels", "markov", "memoryless"]


class Kernel(Protocol):
    """ν(token | past): any function of a token and a `Past`, the tuple of the symbols before it (section 3.1).

    It may have two attributes, and `Hypothesis` takes both as arguments too: ``order``, how many symbols back it looks
    (None if it may look at all), and ``tokens``, all that it can write. If the order is known, it receives that many
    symbols and not the whole past.

    Example:
        >>> from causal_agency import Hypothesis, Kernel
        >>> class Alternate:
        ...     order, tokens = 1, ("A", "B")
        ...     def __call__(self, token, past):
        ...         return 0.5 if not past else float(past[-1] != token)
        >>> nu: Kernel = Alternate()
        >>> p = Hypothesis("p", nu)
        >>> p.order, p.tokens, p.nu("A", ("B",))
        (1, ('A', 'B'), 1.0)
    """

    def __call__(self, token: Any, past: Any, /) -> Number:
        """Return ν(token | past).

        Args:
            token: What may be written next.
            past: What was written before, a `Past`.

        Returns:
            A probability.
        """


def longest_order(kernels: Iterable[Any]) -> int | None:
    """Return how many symbols back any of the kernels, or hypotheses, looks; None for all of them."""
    orders: list[Any] = [getattr(nu, "order", None) for nu in kernels]
    return None if None in orders else max(orders)


class UnknownToken(ValueError):
    """A kernel ν_p was asked for the probability of a token that it does not know (section 3.1).

    Example:
        >>> from causal_agency import memoryless
        >>> memoryless(A=0.2, B=0.8)("C", ())
        Traceback (most recent call last):
          ...
        causal_agency.kernel.UnknownToken: unknown token 'C': the kernel knows 'A', 'B'
    """


def unknown_token(token: Symbol, known: Iterable[Symbol], where: str = "") -> UnknownToken:
    """Return an error that names the tokens that are known."""
    return UnknownToken(f"unknown token {token!r}{where}: the kernel knows {', '.join(map(repr, known))}")


@dataclass(frozen=True)
class Memoryless:
    """The kernel ν(token | past) = probs[token] (section 4.1); `memoryless` makes and checks it.

    Attributes:
        probs: The probability of each token.
        order: How many symbols back the kernel looks: 0.

    Example:
        >>> from causal_agency import memoryless
        >>> memoryless(A=0.2, B=0.8)("B", ())
        0.8
    """

    probs: Mapping[Symbol, Number]
    order = 0

    @property
    def tokens(self) -> tuple[Symbol, ...]:
        """The tokens that it can write."""
        return tuple(self.probs)

    def __call__(self, token: Symbol, past: Past | tuple[Symbol, ...]) -> Number:
        """Return ν(token | past)."""
        try:
            return self.probs[token]
        except KeyError:
            raise unknown_token(token, self.probs) from None


@dataclass(frozen=True)
class Markov:
    """The kernel ν(token | past) = then[past[-1]][token], and first[token] after no past (3.1); `markov` makes it.

    Attributes:
        first: The probability of each token in the first slot.
        then: For each token, the probability of each token after it.
        order: How many symbols back the kernel looks: 1.

    Example:
        >>> from causal_agency import markov
        >>> nu = markov({"A": 0.5, "B": 0.5}, {"A": {"A": 0.1, "B": 0.9}, "B": {"A": 0.7, "B": 0.3}})
        >>> nu("A", ()), nu("A", ("A", "B"))
        (0.5, 0.7)
    """

    first: Mapping[Symbol, Number]
    then: Mapping[Symbol, Mapping[Symbol, Number]]
    order = 1

    @property
    def tokens(self) -> tuple[Symbol, ...]:
        """The tokens that it can write."""
        return tuple(self.first)

    def __call__(self, token: Symbol, past: Past | tuple[Symbol, ...]) -> Number:
        """Return ν(token | past)."""
        try:
            row = self.then[past[-1]] if past else self.first
        except KeyError:
            raise unknown_token(past[-1], self.then, " in the past") from None
        try:
            return row[token]
        except KeyError:
            raise unknown_token(token, row) from None


@dataclass(frozen=True)
class Channels:
    """An action channel for ``tokens`` and a world channel for all others; `channels` makes it (section 3.1).

    Attributes:
        tokens: The actions.
        action: The kernel of the actions.
        world: The kernel of everything else.

    Example:
        >>> from causal_agency import channels, memoryless
        >>> nu = channels(("go", "stay"), memoryless(go=0.9, stay=0.1), memoryless(ok=0.8, no=0.2))
        >>> nu("go", ()), nu("ok", ("go",))
        (0.9, 0.8)
    """

    tokens: tuple[Symbol, ...]
    action: Kernel
    world: Kernel

    @property
    def order(self) -> int | None:
        """How many symbols back either channel looks; None if one may look at the whole past."""
        return longest_order([self.action, self.world])

    @property
    def density(self) -> bool:
        """Whether either channel is a density."""
        return any(getattr(nu, "density", False) is True for nu in (self.action, self.world))

    def __call__(self, token: Symbol, past: Past | tuple[Symbol, ...]) -> Number:
        """Return ν(token | past)."""
        return (self.action if token in self.tokens else self.world)(token, past)


def memoryless(probs: Mapping[Any, Number] | None = None, /, **by_name: Number) -> Memoryless:
    """Make a kernel that ignores the past: ν(z | h) = probs[z] (section 3.1).

    Args:
        probs: The probability of each token.
        by_name: The same, for tokens that are names.

    Returns:
        The kernel.

    Raises:
        ValueError: If the probabilities are negative, not finite, or do not sum to one.

    Example:
        >>> from causal_agency import memoryless
        >>> memoryless(A=0.2, B=0.8)("A", ("B", "B"))
        0.2
        >>> memoryless({0: 0.2, 1: 0.8})(1, ())
        0.8
    """
    named: dict[Any, Number] = {**(probs or {}), **by_name}
    return Memoryless(validate_distribution(named, "the kernel"))


def markov(first: Mapping[Any, Number], then: Mapping[Any, Mapping[Any, Number]]) -> Markov:
    """Make a first-order kernel: ν(z_i | h_{<i}) depends on z_{i−1} alone (section 3.1).

    Args:
        first: The probability of each token in the first slot.
        then: ``then[z]`` holds the probability of each token after z.

    Returns:
        The kernel.

    Raises:
        ValueError: If a row is not a distribution, or the rows do not all have the tokens of ``first``.

    Example:
        >>> from causal_agency import markov
        >>> nu = markov({"A": 0.5, "B": 0.5}, {"A": {"A": 0.1, "B": 0.9}, "B": {"A": 0.7, "B": 0.3}})
        >>> nu("B", ("A",))
        0.9
    """
    rows = Table({z: validate_distribution(probs, f"the kernel after {z!r}") for z, probs in then.items()})
    kernel = Markov(validate_distribution(first, "the kernel for the first symbol"), rows)
    tables: dict[str, Mapping] = {"then": rows, **{f"then[{z!r}]": probs for z, probs in rows.items()}}
    for where, table in tables.items():
        if table.keys() != kernel.first.keys():
            missing = "a row" if where == "then" else "a probability"
            raise ValueError(
                f"{where} knows {list(table)}, but first knows {list(kernel.first)}: each needs {missing} there"
            )
    return kernel


def channels(actions: Iterable[Symbol], action: Kernel, world: Kernel) -> Channels:
    """Join the two channels of section 3.1: ν_p(a_i | h_{<i}, c) and ν_p(o_i | h_{<i}, c).

    Args:
        actions: The tokens that ``action`` scores, whoever writes them.
        action: The kernel of the actions.
        world: The kernel of every other token.

    Returns:
        The kernel.

    Raises:
        TypeError: If ``actions`` is a single string.

    Example:
        >>> from causal_agency import channels, memoryless
        >>> nu = channels(("go", "stay"), memoryless(go=0.9, stay=0.1), memoryless(ok=0.8, no=0.2))
        >>> nu.tokens
        ('go', 'stay')
    """
    if isinstance(actions, (str, bytes)):
        raise TypeError(f"actions is {actions!r}, not a list of tokens: write ({actions!r},)")
    return Channels(tuple(actions), action, world)
