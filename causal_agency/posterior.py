"""A posterior distribution over hypotheses, which can also be asked by name (paper, sections 3.2 and 3.3)."""

from math import inf
from typing import Any

from causal_agency._probability import Distribution, Number, display
from causal_agency._products import log_of
from causal_agency.hypothesis import Hypothesis

__all__ = ["Posterior"]


class Posterior(Distribution[Hypothesis]):
    """w(p) of every hypothesis: an immutable dict; a name may stand for its hypothesis (section 3.3).

    Example:
        >>> from causal_agency import Hypothesis, Mixture, do, memoryless, see
        >>> p_B, p_A = Hypothesis("p_B", memoryless(A=0.2, B=0.8)), Hypothesis("p_A", memoryless(A=0.9, B=0.1))
        >>> w = Mixture({p_B: 0.35, p_A: 0.65}).posterior([do("A"), see("B")])
        >>> w["p_B"], w[p_B], w.map(), w.odds("p_B", "p_A"), round(w.entropy(), 4)
        (0.8116, 0.8116, p_B, 4.308, 0.4839)
        >>> w.by_name()["p_B"]
        0.8115942028985507
    """

    __slots__ = ()

    def _find(self, p: Any) -> Any:
        """Return the hypothesis of that name, if ``p`` is a name."""
        return next((q for q in self if q.name == p), p) if isinstance(p, str) else p

    def __getitem__(self, p: Hypothesis | str) -> Number:
        found = self._find(p)
        if isinstance(found, str):
            raise KeyError(f"no hypothesis is called {p!r}: there are {', '.join(map(str, self))}")
        return super().__getitem__(found)

    def __contains__(self, p: object) -> bool:
        return super().__contains__(self._find(p))

    def map(self) -> Hypothesis:
        """Return the hypothesis with the largest weight; the first of several."""
        return max(self, key=dict(self).__getitem__)

    def odds(self, p: Hypothesis | str, q: Hypothesis | str | None = None) -> Number:
        """Return w(p) / w(q), or w(p) / (1 − w(p)).

        Args:
            p: A hypothesis or its name.
            q: The hypothesis that it is compared with; if None, all others together.

        Returns:
            The odds; ∞ if only ``p`` is possible.

        Raises:
            ValueError: If both sides are ruled out.
        """
        others = [self[x] for x in self if x != self._find(p)] if q is None else [self[q]]
        against: Any = sum(others)
        if not against and not self[p]:
            raise ValueError(f"{p} and what it is compared with are both ruled out")
        return display(self[p] / against) if against else inf

    def entropy(self) -> float:
        """Return −Σ_p w(p) log w(p), in nats."""
        return -sum(float(w) * log_of(w) for w in self.values() if w)

    def by_name(self) -> dict[str, Number]:
        """Return a plain dict from names to weights, as JSON and tables of data take it."""
        return {p.name: w for p, w in self.items()}
