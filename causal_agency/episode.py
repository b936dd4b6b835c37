"""Bayes under intervention: one action, one outcome, and what may lie behind both (paper, section 2.2)."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from causal_agency.belief import ImpossibleEvidence
from causal_agency.history import Symbol
from causal_agency.hypothesis import Hypothesis, Kernel, UnknownToken, look_up
from causal_agency.mixture import Mixture
from causal_agency.probability import Distribution, Number, checked, shown


class Event(NamedTuple):
    """A hypothesis p, the action a, the outcome o. None, in a question, stands for any."""

    p: Hashable = None
    a: Symbol = None
    o: Symbol = None

    def within(self, asked: "Event") -> bool:
        """Whether this is one of the events asked for."""
        return all(q is None or x == q for x, q in zip(self, asked))


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
        return Joint({event: prob / total if event.within(asked) else 0 * prob for event, prob in self.items()})

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
        if not self.prior.keys() == self.action.keys() == self.outcome.keys():
            raise ValueError("prior, action and outcome must name the same hypotheses")
        action = {p: checked(row, f"the action channel of {p}") for p, row in self.action.items()}
        for p, row in action.items():
            if row.keys() != self.outcome[p].keys() or row.keys() != next(iter(action.values())).keys():
                raise ValueError(f"{p}: every hypothesis needs the same actions, and an outcome row for each")
        named = dict.fromkeys(o for rows in self.outcome.values() for row in rows.values() for o in row)
        outcome = {
            p: {
                a: checked(dict.fromkeys(named, 0) | dict(row), f"the outcome channel of {p} after {a!r}")
                for a, row in rows.items()
            }
            for p, rows in self.outcome.items()
        }
        object.__setattr__(self, "prior", checked(self.prior, "the prior"))
        object.__setattr__(self, "action", MappingProxyType(action))
        object.__setattr__(self, "outcome", MappingProxyType(outcome))

    def known(self, a: Symbol) -> Symbol:
        """``a``, or UnknownToken where there is no such action."""
        actions = next(iter(self.action.values()))
        if a not in actions:
            raise UnknownToken(f"unknown action {a!r}: there are {', '.join(map(repr, actions))}")
        return a

    def joint(self) -> Joint:
        """P(p, a, o) = P(p) P(a | p) P(o | p, a): what a bystander's records hold."""
        return self._joint(self.action)

    def do(self, a: Symbol) -> Joint:
        """P_do(a*)(p, a, o) = P(p) δ_{a*}(a) P(o | p, a): the action factor replaced by a point mass."""
        return self._joint({p: {self.known(a): 1} for p in self.prior})

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
        ImpossibleEvidence where nobody would act so.
        """
        nu_a = {p: row[self.known(a)] for p, row in self.action.items()}
        nu_o = {p: look_up(rows[a], o) for p, rows in self.outcome.items()}

        def mean(x: Mapping[Any, Any]) -> Any:
            return sum(w * x[p] for p, w in self.prior.items())

        mean_a, mean_o = mean(nu_a), mean(nu_o)
        if not mean_a:
            raise ImpossibleEvidence(f"a = {a!r}: no hypothesis gives this any probability")
        return shown(mean({p: (nu_a[p] - mean_a) * (nu_o[p] - mean_o) for p in self.prior}) / mean_a)

    def mixture(self) -> Mixture:
        """The same as a mixture over histories of two slots: an action, then an outcome."""

        def kernel(p: Any) -> Kernel:
            def nu(token: Symbol, past: tuple[Symbol, ...]) -> Number:
                if len(past) > 1:
                    raise UnknownToken(f"{token!r} comes too late: an episode has one action and one outcome")
                return look_up(look_up(self.outcome[p], past[0]) if past else self.action[p], token)

            return nu

        actions = tuple(next(iter(self.action.values())))
        return Mixture({Hypothesis(str(p), kernel(p), actions): w for p, w in self.prior.items()})
