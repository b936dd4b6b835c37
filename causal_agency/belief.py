"""The posterior as it stands, one slot at a time (paper, sections 3.3 and 3.4)."""

from collections.abc import Mapping
from reprlib import repr as shortened
from typing import NamedTuple, Protocol, TypeVar

from causal_agency.gate import Gate
from causal_agency.history import Slot, Symbol, slots
from causal_agency.hypothesis import Hypothesis
from causal_agency.likelihood import factor, remembered
from causal_agency.probability import Distribution, Number, checked, shown
from causal_agency.weight import Weights

T = TypeVar("T")
AGENT, WORLD = Gate.AGENT, Gate.WORLD
Posterior = Distribution[Hypothesis]


class ImpossibleEvidence(ValueError):
    """The world wrote a symbol to which no hypothesis that is still alive gives any probability."""


class Rng(Protocol):
    """`numpy.random.Generator` and `random.Random` both fit."""

    def random(self) -> float:
        """A float from [0, 1)."""


def draw(probs: Mapping[T, Number], rng: Rng) -> T:
    """One key of ``probs``, with its probability."""
    alive = [x for x, prob in probs.items() if prob > 0]
    u = rng.random()
    for x in alive:
        u -= probs[x]
        if u < 0:
            return x
    return alive[-1]  # the probabilities sum to a little less than one


class Belief(NamedTuple):
    """w_t, and what is needed to go on: ``mix.belief()``, then ``belief.after(do("A")).after(see("B"))``.

    Immutable: a slot that is refused leaves the belief before it as it was. Each step costs the same, however long the
    past, unless a kernel looks at the whole of it.
    """

    hypotheses: tuple[Hypothesis, ...]
    weights: Weights  # unnormalised
    past: tuple[Symbol, ...]  # as much of it as the kernels look at
    order: int | None  # of the kernel that looks back farthest
    t: int  # slots so far

    def __repr__(self) -> str:
        return f"after {self.t} slot{'s' * (self.t != 1)}: {self.posterior()!r}"

    def after(self, slot: Slot) -> "Belief":
        """w_{t+1}: ∝ w_t(p) ν_p(z | h) if the world wrote the slot, else w_t as it was   (section 3.3)."""
        hypotheses, weights, past, order, t = self
        symbol, gate = slot if isinstance(slot, Slot) and slot.gate in (AGENT, WORLD) else slots([slot])[0]
        weights = weights if gate == AGENT else self._times(symbol)
        return Belief(hypotheses, weights, past if order == 0 else remembered((*past, symbol), order), order, t + 1)

    def posterior(self) -> Posterior:
        """w_t(p)."""
        return Distribution(zip(self.hypotheses, self.weights.normalised()))

    def predict(self, token: Symbol) -> Number:
        """π(token | ĥ_t) = Σ_p w_t(p) ν_p(token | h_t)   (section 3.4)."""
        t = self.t + 1
        return shown(sum(w * factor(p, token, self.past, t) for p, w in self.posterior().items() if w))

    def act(self, rng: Rng) -> Symbol:
        """Posterior sampling: p̄ ~ w_t, then a ~ ν_p̄(· | h_t)   (section 3.4)."""
        p = draw(self.posterior(), rng)
        if not p.tokens:
            raise ValueError(f"{p} has no list of tokens to act with: Hypothesis({p.name!r}, nu, tokens=(...))")
        probs = {a: factor(p, a, self.past, self.t + 1) for a in p.tokens}
        return draw(checked(probs, f"the kernel of {p} over its tokens after {shortened(self.past)}"), rng)

    def _times(self, symbol: Symbol) -> Weights:
        """The weights after the world's factors; a hypothesis that is out is not asked again."""
        hypotheses, weights, past, _, t = self
        alive = zip(hypotheses, weights[0])  # mantissas or numerators, 0 where out
        after = weights.times([factor(p, symbol, past, t + 1) if w else 0 for p, w in alive])
        if not any(after[0]):
            raise ImpossibleEvidence(f"slot {t + 1}: no hypothesis still alive gives {symbol!r} any probability")
        return after
