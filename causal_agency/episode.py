"""Bayes under intervention: one action, one outcome, and what may lie behind both (paper, section 2.2)."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from causal_agency.belief import ImpossibleEvidence
from causal_agency.history import Symbol
from causal_agency.hypothesis import Hypothesis, UnknownToken
from causal_agency.mixture import Mixture
from causal_agency.probability import Distribution, Number, checked, shown


class Event(NamedTuple):
    """A hypothesis p, the action a, the outcome o. None, in a question, stands for any."""

    p: Hashable = None
    a: Symbol = None
    o: Symbol = None

    def within(self, asked: "Event") -> bool:
        """Whether this is one of the events asked for."""
        return all(q is None or x == q for x, q in zip(self, asked, strict=True))


class Joint(dict[Event, Number]):
    """P(p, a, o): a probability for every event. The same questions, whether the action was seen or done."""

    def P(self, p=None, a=None, o=None) -> Number:
        """The probability of what is named, summed over what is not."""
        asked = Event(p, a, o)
        return shown(sum(prob for event, prob in self.items() if event.within(asked)))

    def given(self, p=None, a=None, o=None) -> "Joint":
        """P(· | what is named); ImpossibleEvidence where that has no probability."""
        asked, total = Event(p, a, o), self.P(p, a, o)
        if not total:
            named = ", ".join(f"{name} = {x!r}" for name, x in asked._asdict().items() if x is not None)
            raise ImpossibleEvidence(f"{named}: no hypothesis gives this any probability")
        return Joint({event: prob / total for event, prob in self.items() if event.within(asked)})

    def posterior(self) -> Distribution:
        """P(p)."""
        return Distribution({p: self.P(p=p) for p in dict.fromkeys(event.p for event in self)})


@dataclass(frozen=True)
class Episode:
    """A table of hypotheses, actions and outcomes. Fractions in, Fractions out.

    ``prior[p]`` = P(p), ``action[p][a]`` = P(a | p), ``outcome[p][a][o]`` = P(o | p, a); every row must sum to one.
    """

    prior: Mapping[Any, Number]
    action: Mapping[Any, Mapping[Any, Number]]
    outcome: Mapping[Any, Mapping[Any, Mapping[Any, Number]]]

    def __post_init__(self):
        checked(self.prior, "the prior")
        if not self.prior.keys() == self.action.keys() == self.outcome.keys():
            raise ValueError("prior, action and outcome must name the same hypotheses")
        for p, row in self.action.items():
            checked(row, f"the action channel of {p}")
            if row.keys() != self.outcome[p].keys() or row.keys() != self.actions.keys():
                raise ValueError(f"{p}: every hypothesis needs the same actions, and an outcome row for each")
            for a, outcomes in self.outcome[p].items():
                checked(outcomes, f"the outcome channel of {p} after {a!r}")

    @property
    def actions(self) -> Mapping[Any, Number]:
        """The actions there are."""
        return next(iter(self.action.values()))

    def joint(self) -> Joint:
        """P(p, a, o) = P(p) P(a | p) P(o | p, a): what a bystander's records hold."""
        return self._joint(self.action)

    def do(self, a: Symbol) -> Joint:
        """P_do(a*)(p, a, o) = P(p) δ_{a*}(a) P(o | p, a): the action factor replaced by a point mass."""
        if a not in self.actions:
            raise UnknownToken(f"unknown action {a!r}: there are {', '.join(map(repr, self.actions))}")
        return self._joint({p: {a: 1} for p in self.prior})

    def _joint(self, action: Mapping[Any, Mapping[Any, Number]]) -> Joint:
        return Joint(
            {
                Event(p, a, o): prior * nu_a * nu_o
                for p, prior in self.prior.items()
                for a, nu_a in action[p].items()
                for o, nu_o in self.outcome[p][a].items()
            }
        )

    def gap(self, o: Symbol, a: Symbol) -> Number:
        """P(o | a) − P(o | do(a)) = Cov_w(ν(a), ν(o | a)) / E_w ν(a), from the right-hand side.

        It is zero just where the action tells nothing about the outcome that the hypotheses do not share.
        """

        def mean(x):
            return sum(w * x(p) for p, w in self.prior.items())

        def nu_a(p):
            return self.action[p][a]

        def nu_o(p):
            return self.outcome[p][a].get(o, 0)

        covariance = mean(lambda p: nu_a(p) * nu_o(p)) - mean(nu_a) * mean(nu_o)
        return shown(covariance / mean(nu_a))

    def mixture(self) -> Mixture:
        """The same as a mixture over histories of two slots: an action, then an outcome."""

        def kernel(p):
            def nu(token, past):
                row = self.outcome[p][past[0]] if past else self.action[p]
                return row.get(token, 0)

            return nu

        return Mixture({Hypothesis(str(p), kernel(p), tuple(self.actions)): w for p, w in self.prior.items()})
