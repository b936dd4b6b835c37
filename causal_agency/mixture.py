"""The mixture over hypotheses: both posteriors, predictions and actions (paper, sections 3.2 to 3.4)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import frexp, ldexp
from reprlib import repr as shortened
from typing import NamedTuple, Protocol, Self, TypeVar

from causal_agency.gate import Gate
from causal_agency.history import History, Slot, Symbol, slots, symbols
from causal_agency.hypothesis import Hypothesis
from causal_agency.likelihood import factor
from causal_agency.probability import Number, checked, shown

T = TypeVar("T")
Posterior = dict[Hypothesis, Number]


class ImpossibleEvidence(ValueError):
    """The world wrote a symbol to which no hypothesis that is still alive gives any probability."""


class Rng(Protocol):
    """`numpy.random.Generator` and `random.Random` both fit."""

    def random(self) -> float:
        """A float from [0, 1)."""


class Weight(NamedTuple):
    """An unnormalised weight, mantissa · 2^exponent, so that no stream is too long for it; a Fraction needs none."""

    mantissa: Number
    exponent: int = 0

    def times(self, nu: Number) -> Self:
        """The weight after a factor ν."""
        if not isinstance(nu, float) and not isinstance(self.mantissa, float):
            return self._replace(mantissa=self.mantissa * nu)
        factor, exponent = frexp(nu)
        mantissa, shift = frexp(self.mantissa * factor)
        return self._replace(mantissa=mantissa, exponent=self.exponent + exponent + shift)

    def relative_to(self, exponent: int) -> Number:
        """The weight divided by 2^exponent."""
        return self.mantissa if self.exponent == exponent else ldexp(self.mantissa, self.exponent - exponent)


Weights = dict[Hypothesis, Weight]


def normalised(weights: Weights) -> Posterior:
    """w(p) = weight(p) / Σ_{p'} weight(p')."""
    top = max(weight.exponent for weight in weights.values() if weight.mantissa)
    relative = {p: weight.relative_to(top) if weight.mantissa else weight.mantissa for p, weight in weights.items()}
    total = sum(relative.values())
    return {p: shown(x / total) for p, x in relative.items()}


def updated(weights: Weights, slot: Slot, past: tuple[Symbol, ...]) -> Weights:
    """The update at one slot: ∝ w(p) ν_p(z | h) if the world wrote it, else w as it was (section 3.3)."""
    if slot.gate == Gate.AGENT:
        return weights
    after = {p: w.times(factor(p, slot.symbol, past)) if w.mantissa else w for p, w in weights.items()}
    if not any(weight.mantissa for weight in after.values()):
        where = f"slot {len(past) + 1}: no hypothesis still alive gives {slot.symbol!r} any probability"
        raise ImpossibleEvidence(f"{where} after {shortened(past)}")
    return after


def draw(probs: Mapping[T, Number], rng: Rng) -> T:
    """One key of ``probs``, with its probability."""
    possible = [x for x, prob in probs.items() if prob > 0]
    u = rng.random()
    for x in possible:
        u -= probs[x]
        if u < 0:
            return x
    return possible[-1]  # the probabilities sum to a little less than one


@dataclass(frozen=True)
class Mixture:
    """Hypotheses p ∈ 𝒫 with prior weights w_0(p); Fractions in, Fractions out.

    Every method takes a history: an iterable of `do` and `see`. What a bystander would believe is the same method on
    `as_bystander(history)`. All raise `ImpossibleEvidence` where Bayes' rule has no answer, and never return NaN.
    """

    prior: Mapping[Hypothesis, Number]

    def __post_init__(self):
        prior = checked(self.prior, "the prior")
        names = [p.name for p in prior]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two hypotheses are called {name}")
        object.__setattr__(self, "prior", prior)

    def _weights(self, history: tuple[Slot, ...]) -> Iterator[Weights]:
        """The unnormalised weights before the first slot and after every one."""
        past = symbols(history)
        weights = {p: Weight(1).times(w) for p, w in self.prior.items()}
        yield weights
        for i, slot in enumerate(history):
            weights = updated(weights, slot, past[:i])
            yield weights

    def posterior(self, history: History = ()) -> Posterior:
        """w_t(p) = w_0(p) L^do(p) / Σ_{p'} w_0(p') L^do(p')   (section 3.3)."""
        *_, weights = self._weights(slots(history))
        return normalised(weights)

    def trajectory(self, history: History = ()) -> list[Posterior]:
        """w_0 … w_t: the posterior before the first slot and after every one, t + 1 in all."""
        return [normalised(weights) for weights in self._weights(slots(history))]

    def predict(self, token: Symbol, history: History = ()) -> Number:
        """π(token | ĥ_t) = Σ_p w_t(p) ν_p(token | h_t)   (section 3.4).

        After ``do(a)`` it is π(o | h, do(a)); where the agent is next, it is the next-action mixture π(a | h).
        """
        history = slots(history)
        past = symbols(history)
        return shown(sum(w * factor(p, token, past) for p, w in self.posterior(history).items() if w))

    def act(self, history: History, rng: Rng) -> Symbol:
        """Posterior sampling: p̄ ~ w_t, then a ~ ν_p̄(· | h_t)   (section 3.4)."""
        history = slots(history)
        p = draw(self.posterior(history), rng)
        if not p.tokens:
            raise ValueError(f"{p} has no list of tokens to act with: Hypothesis({p.name!r}, nu, tokens=(...))")
        past = symbols(history)
        probs = {a: factor(p, a, past) for a in p.tokens}
        return draw(checked(probs, f"the kernel of {p} over its tokens after {shortened(past)}"), rng)
