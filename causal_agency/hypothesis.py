"""Hypotheses p ∈ 𝒫 (paper, section 3.1)."""

from dataclasses import dataclass

from causal_agency.history import Symbol
from causal_agency.kernel import Channels, Kernel, Markov, Memoryless

__all__ = ["Hypothesis"]


@dataclass(frozen=True)
class Hypothesis:
    """p ∈ 𝒫: a name and a kernel ``nu(token, past)`` = ν_p(token | past) (section 3.1).

    The kernel serves both channels, actions and observations. A context c that it depends on is bound into it.

    Args:
        name: What the hypothesis is called; unique within a mixture.
        nu: Any function of a token and of the tuple of the symbols before it, whoever wrote them.
        tokens: The tokens to sample from, for `Mixture.act`. The kernels of `memoryless`, `markov` and `channels`
            bring their own.

    Raises:
        TypeError: If ``name`` is not a string, or ``nu`` is not callable.

    Example:
        >>> from causal_agency import Hypothesis, memoryless
        >>> p = Hypothesis("p_A", memoryless(A=0.9, B=0.1))
        >>> p, p.nu("A", ()), p.tokens
        (p_A, 0.9, ('A', 'B'))
        >>> Hypothesis("repeats", lambda token, past: 0.9 if past[-1:] == (token,) else 0.1)
        repeats
    """

    name: str
    nu: Kernel
    tokens: tuple[Symbol, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise TypeError(f"a hypothesis is called {self.name!r}, which is not a string: write {str(self.name)!r}")
        if not callable(self.nu):
            raise TypeError(f"{self.name}: nu is {self.nu!r}, not a function of (token, past)")
        listed = self.nu.tokens if isinstance(self.nu, (Memoryless, Markov, Channels)) else ()
        object.__setattr__(self, "tokens", tuple(self.tokens or listed))

    def __repr__(self) -> str:
        return self.name

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def order(self) -> int | None:
        """How many symbols back the kernel looks; None if it may look at the whole past."""
        return self.nu.order if isinstance(self.nu, (Memoryless, Markov)) else None
