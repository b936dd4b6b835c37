"""Hypotheses p ∈ 𝒫 (paper, section 3.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from causal_agency.history import Symbol
from causal_agency.kernel import Kernel

__all__ = ["Hypothesis"]


@dataclass(frozen=True)
class Hypothesis:
    """p ∈ 𝒫: a name and a kernel ``nu(token, past)`` = ν_p(token | past) (section 3.1).

    The kernel serves both channels, actions and observations. A context c that it depends on is bound into it.

    Args:
        name: What the hypothesis is called; unique within a mixture.
        nu: Any function of a token and of the tuple of the symbols before it, whoever wrote them.
        tokens: All that the kernel can write, for `Mixture.act`; by default, the kernel's own attribute ``tokens``.
        order: How many symbols back the kernel looks; it receives no more. By default, the kernel's own attribute
            ``order``; None if it has none: then it receives the whole past.

    Raises:
        TypeError: If ``name`` is not a string, ``nu`` is not callable, ``tokens`` cannot be listed, or ``order`` is not
            a number of symbols.

    Example:
        >>> from causal_agency import Hypothesis, memoryless
        >>> p = Hypothesis("p_A", memoryless(A=0.9, B=0.1))
        >>> p, p.nu("A", ()), p.tokens, p.order
        (p_A, 0.9, ('A', 'B'), 0)
        >>> repeats = Hypothesis("repeats", lambda token, past: 0.9 if past[-1:] == (token,) else 0.1, order=1)
        >>> repeats.nu("A", ("A",))
        0.9
    """

    name: str
    nu: Kernel
    tokens: tuple[Symbol, ...] = ()
    order: int | None = None

    def __post_init__(self) -> None:
        if callable(self.name):
            raise TypeError(f'the name of a hypothesis comes before its kernel: write Hypothesis("p", {self.name!r})')
        if not isinstance(self.name, str):
            raise TypeError(f"a hypothesis is called {self.name!r}, which is not a string: write {str(self.name)!r}")
        if not callable(self.nu):
            raise TypeError(f"{self.name}: nu is {_describe(self.nu)}")
        tokens: Any = self.tokens or getattr(self.nu, "tokens", ())
        order: Any = getattr(self.nu, "order", None) if self.order is None else self.order
        if not isinstance(tokens, Iterable):
            raise TypeError(f"{self.name}: tokens is {tokens!r}, not a list of what the kernel can write")
        if order is not None and (isinstance(order, bool) or not isinstance(order, int) or order < 0):
            raise TypeError(f"{self.name}: order is {order!r}, not the number of symbols that the kernel looks back")
        object.__setattr__(self, "tokens", tuple(dict.fromkeys(tokens)))
        object.__setattr__(self, "order", order)

    @property
    def density(self) -> bool:
        """Whether the kernel returns densities, which may be larger than one, as those of `density` do."""
        return getattr(self.nu, "density", False) is True

    def __repr__(self) -> str:
        return self.name

    def __hash__(self) -> int:
        return hash(self.name)


def _describe(nu: object) -> str:
    """Return what is wrong with something that is no kernel, and what to write."""
    table = f": write memoryless({nu!r})" if isinstance(nu, Mapping) else ""
    return f"{nu!r}, not a function of (token, past){table}"
