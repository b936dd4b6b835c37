"""Kernels that learn from the past, and from whom: the delusion of section 4 may also sit inside a kernel."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from typing import Any

from causal_agency._probability import Number, to_number
from causal_agency.gate import Gate
from causal_agency.history import Symbol, see, symbols
from causal_agency.kernel import Kernel, unknown_token
from causal_agency.past import NOTHING, Past

__all__ = ["Bystander", "Dirichlet", "bystander", "dirichlet"]


class _WorldCounts:
    """The label under which a slot is counted: its symbol and the last symbols before it, if the world wrote it."""

    __slots__ = ("memory", "tokens")

    def __init__(self, tokens: frozenset, memory: int):
        self.tokens, self.memory = tokens, memory

    def __call__(self, symbol: Symbol, gate: Gate, before: Past) -> tuple[tuple, ...]:
        if gate != Gate.WORLD or symbol not in self.tokens:
            return ()
        context = recall(before, self.memory)
        return (context,), (context, symbol)


def recall(past: Past, memory: int) -> tuple[Symbol, ...]:
    """Return the last ``memory`` symbols."""
    return tuple(past[-memory:]) if memory else ()


@dataclass(frozen=True)
class Dirichlet:
    """The kernel ν(z | h) = (n_z + α) / (n + α K), n counting what the world wrote; `dirichlet` makes and checks it.

    Attributes:
        alpha: α, what each token counts before the first slot.
        tokens: The K tokens that it can write.
        memory: How many symbols back the counts are kept apart.

    Example:
        >>> from causal_agency import dirichlet, do, see
        >>> from causal_agency.history import symbols
        >>> nu = dirichlet(0.5, "AB")
        >>> nu("A", symbols([do("A"), do("A"), see("B")]))
        0.25
    """

    alpha: Number
    tokens: tuple[Symbol, ...]
    memory: int = 0
    _label: _WorldCounts = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_label", _WorldCounts(frozenset(self.tokens), self.memory))

    def __call__(self, token: Symbol, past: Any) -> Number:
        """Return ν(token | past).

        Args:
            token: One of the tokens.
            past: A `Past`; a tuple does not say who wrote it.

        Returns:
            A probability.

        Raises:
            TypeError: If ``past`` is a tuple that is not empty.
            UnknownToken: If ``token`` is not one of the tokens.
        """
        label = self._label
        if token not in label.tokens:
            raise unknown_token(token, self.tokens)
        if isinstance(past, tuple):
            if past:
                raise TypeError("a tuple does not say who wrote it: pass causal_agency.history.symbols(history)")
            past = NOTHING
        context, counted = recall(past, self.memory), past if self.memory else past.world
        known, all_known = counted.tally(label, (context, token)), counted.tally(label, (context,))
        return (known + self.alpha) / (all_known + self.alpha * len(self.tokens))


@dataclass(frozen=True)
class Bystander:
    """A kernel that takes everyone for the world; `bystander` makes it.

    Attributes:
        nu: The kernel that is told so.

    Example:
        >>> from causal_agency import bystander, dirichlet, do
        >>> from causal_agency.history import symbols
        >>> bystander(dirichlet(0.5, "AB"))("A", symbols([do("A")] * 49))
        0.99
    """

    nu: Kernel

    @property
    def order(self) -> int | None:
        """How many symbols back the kernel looks; None if it may look at the whole past."""
        return getattr(self.nu, "order", None)

    @property
    def tokens(self) -> tuple[Symbol, ...]:
        """The tokens that it can write."""
        return getattr(self.nu, "tokens", ())

    @property
    def density(self) -> bool:
        """Whether the kernel is a density."""
        return getattr(self.nu, "density", False) is True

    def __call__(self, token: Symbol, past: Any) -> Number:
        """Return ν(token | past), every γ = 0.

        Args:
            token: What may be written next.
            past: A `Past`, or a tuple of symbols.

        Returns:
            A probability.
        """
        return self.nu(token, past.bystander if isinstance(past, Past) else symbols(map(see, past)))


def dirichlet(alpha: Number, tokens: Iterable[Symbol], memory: int = 0) -> Dirichlet:
    """Make a kernel that learns how often the world writes each token: ν(z | h) = (n_z + α) / (n + α K).

    n_z counts where the world wrote z, and n where it wrote any of the K tokens: what the agent writes is not evidence
    inside a kernel either (section 3.1). With α = ½ it is the estimator of Krichevsky and Trofimov, with α = 1 that of
    Laplace. Each slot costs the same, however long the past. `bystander` gives its naive counterpart.

    Args:
        alpha: α > 0, what each token counts before the first slot. If it is rational, so are the probabilities.
        tokens: All that the kernel can write.
        memory: 0 counts all slots alike. 1 counts apart after each last symbol, whoever wrote that one, and so learns
            how the world answers each action; 2 counts apart after each last two, and so on.

    Returns:
        The kernel.

    Raises:
        ValueError: If ``alpha`` is not positive and finite, there are no tokens, or ``memory`` is negative.

    Example:
        >>> from causal_agency import Hypothesis, Mixture, bystander, dirichlet, do, memoryless, see
        >>> learner = Hypothesis("learner", dirichlet(0.5, "AB"))
        >>> deluded = Hypothesis("deluded", bystander(dirichlet(0.5, "AB")))
        >>> history = [do("A")] * 49
        >>> Mixture({learner: 1}).predict("A", history), Mixture({deluded: 1}).predict("A", history)
        (0.5, 0.99)
    """
    alpha, tokens = to_number(alpha), tuple(dict.fromkeys(tokens))
    if not alpha > 0 or not isfinite(alpha):
        raise ValueError(f"alpha must be positive, but is {alpha}")
    if not tokens:
        raise ValueError("there are no tokens: list all that the kernel can write")
    if memory < 0:
        raise ValueError(f"memory must be a number of symbols, but is {memory}")
    return Dirichlet(alpha if isinstance(alpha, float) else Fraction(alpha), tokens, memory)


def bystander(nu: Kernel) -> Bystander:
    """Make the kernel of someone who merely watches: whatever was written, it takes for the world's (section 3.2).

    The history that it is asked about stays as it is, so the posterior may be right while the kernel is deluded. For
    the bystander's whole answer, pass `as_bystander(history)` instead.

    Args:
        nu: A kernel that reads ``past.gates`` or ``past.world``, such as one made by `dirichlet`.

    Returns:
        The kernel.

    Example:
        >>> from causal_agency import bystander, do
        >>> from causal_agency.history import symbols
        >>> bystander(lambda token, past: len(past.world) / 10)("A", symbols([do("A"), do("B")]))
        0.2
    """
    return Bystander(nu)
