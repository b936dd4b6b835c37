"""The mixture over hypotheses: both posteriors, predictions and actions (paper, sections 3.2 to 3.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import accumulate

from causal_agency.belief import Belief, Posterior, Rng
from causal_agency.history import History, Symbol, slots
from causal_agency.hypothesis import Hypothesis
from causal_agency.ledger import Ledger, entries
from causal_agency.probability import Number, checked
from causal_agency.weight import ones


def farthest(hypotheses: Mapping[Hypothesis, Number]) -> int | None:
    """How many of the last symbols matter to any of them; None for all."""
    orders = [p.order for p in hypotheses]
    return None if None in orders else max(order for order in orders if order is not None)


@dataclass(frozen=True)
class Mixture:
    """Hypotheses p ∈ 𝒫 with prior weights w_0(p); Fractions in, Fractions out.

    Every method takes a history: an iterable of `do` and `see`. What a bystander would believe is the same method on
    `as_bystander(history)`. All raise `ImpossibleEvidence` where Bayes' rule has no answer, and never return NaN.
    """

    prior: Mapping[Hypothesis, Number]

    def __post_init__(self):
        prior = checked(self.prior, "the prior")
        if not all(isinstance(p, Hypothesis) for p in prior):
            raise TypeError(f"a mixture is of hypotheses, not of {', '.join(map(repr, prior))}: Hypothesis(name, nu)")
        names = [p.name for p in prior]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two hypotheses are called {name}")
        object.__setattr__(self, "prior", prior)
        weights = ones(len(prior)).times([*prior.values()])
        object.__setattr__(self, "_start", Belief(tuple(prior), weights, (), farthest(prior), 0))

    def belief(self, history: History = ()) -> Belief:
        """What is believed after ``history``, ready to go on slot by slot."""
        return reduce(Belief.after, slots(history), self._start)  # type: ignore[attr-defined]

    def posterior(self, history: History = ()) -> Posterior:
        """w_t(p) = w_0(p) L^do(p) / Σ_{p'} w_0(p') L^do(p')   (section 3.3)."""
        return self.belief(history).posterior()

    def trajectory(self, history: History = ()) -> list[Posterior]:
        """w_0 … w_t: the posterior before the first slot and after every one, t + 1 in all."""
        return [b.posterior() for b in accumulate(slots(history), Belief.after, initial=self.belief())]

    def predict(self, token: Symbol, history: History = ()) -> Number:
        """π(token | ĥ_t) = Σ_p w_t(p) ν_p(token | h_t)   (section 3.4).

        After ``do(a)`` it is π(o | h, do(a)); where the agent is next, it is the next-action mixture π(a | h).
        """
        return self.belief(history).predict(token)

    def act(self, history: History, rng: Rng) -> Symbol:
        """Posterior sampling: p̄ ~ w_t, then a ~ ν_p̄(· | h_t)   (section 3.4)."""
        return self.belief(history).act(rng)

    def ledger(self, history: History) -> Ledger:
        """The books of ``history``, slot by slot: every factor used or dropped, both posteriors, false evidence."""
        start = self.belief()
        return Ledger(start.posterior(), tuple(entries(start, slots(history))))
