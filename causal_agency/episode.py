"""Bayes under intervention: one action, one outcome, and the hypotheses behind both (paper, section 2.2)."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from causal_agency._probability import Distribution, Number, display, validate_distribution
from causal_agency.belief import ImpossibleEvidence
from causal_agency.history import Symbol
from causal_agency.hypothesis import Hypothesis
from causal_agency.kernel import Kernel, Memoryless, UnknownToken
from causal_agency.mixture import Mixture

__all__ = ["Episode", "Event", "Joint"]


class Event(NamedTuple):
    """A hypothesis, an action and an outcome (section 2.2). In a question, None stands for any.

    Attributes:
        p: The hypothesis.
        a: The action.
        o: The outcome.

    Example:
        >>> from causal_agency.episode import Event
        >>> Event("p_fire", "send", "fire").matches(Event(a="send"))
        True
    """

    p: Hashable = None
    a: Symbol = None
    o: Symbol = None

    def matches(self, question: "Event") -> bool:
        """Return whether this event is one of those that ``question`` asks for.

        Args:
            question: An event; each None in it stands for any value.

        Returns:
            Whether all named values agree.
        """
        return all(q is None or x == q for x, q in zip(self, question))


class Joint(dict[Event, Number]):
    """P(p, a, o), a probability for every event (section 2.2); `Episode.joint` and `Episode.do` make it.

    Example:
        >>> from causal_agency.examples.fire_engine import records
        >>> records.joint().given(a="send").P(o="fire"), records.do("send").P(o="fire")
        (Fraction(19, 20), Fraction(1, 1000))
    """

    def P(self, p: Hashable = None, a: Symbol = None, o: Symbol = None) -> Number:
        """Return the probability of the values that are given, summed over the others.

        Args:
            p: A hypothesis, or None for any.
            a: An action, or None for any.
            o: An outcome, or None for any.

        Returns:
            The probability.
        """
        question = Event(p, a, o)
        return display(sum(prob for event, prob in self.items() if event.matches(question)))

    def given(self, p: Hashable = None, a: Symbol = None, o: Symbol = None) -> "Joint":
        """Condition on the values that are given: P(· | p, a, o).

        Args:
            p: A hypothesis, or None for any.
            a: An action, or None for any.
            o: An outcome, or None for any.

        Returns:
            The conditional distribution over all events.

        Raises:
            ImpossibleEvidence: If the condition has probability zero.
        """
        question, total = Event(p, a, o), self.P(p, a, o)
        if not total:
            named = ", ".join(f"{name} = {x!r}" for name, x in question._asdict().items() if x is not None)
            raise ImpossibleEvidence(f"{named}: no hypothesis gives this any probability")
        return Joint({event: prob / total if event.matches(question) else 0 * prob for event, prob in self.items()})

    def posterior(self) -> Distribution[Hashable]:
        """Return P(p), the distribution of the hypotheses."""
        return Distribution({p: self.P(p=p) for p in dict.fromkeys(event.p for event in self)})


@dataclass(frozen=True)
class Episode:
    """A table of hypotheses, actions and outcomes (section 2.2). Fractions in, Fractions out.

    Args:
        prior: ``prior[p]`` = P(p).
        action: ``action[p][a]`` = P(a | p); every hypothesis has the same actions.
        outcome: ``outcome[p][a][o]`` = P(o | p, a); an outcome missing from a row has probability zero.

    Raises:
        ValueError: If a row does not sum to one, or the three tables do not fit together.

    Example:
        >>> from causal_agency.episode import Episode
        >>> act = {"ill": {"drug": 0.9, "none": 0.1}, "well": {"drug": 0.1, "none": 0.9}}
        >>> heal = {"ill": {"drug": 0.5, "none": 0.2}, "well": {"drug": 0.9, "none": 0.8}}
        >>> outcome = {p: {a: {"yes": x, "no": 1 - x} for a, x in row.items()} for p, row in heal.items()}
        >>> logs = Episode({"ill": 0.5, "well": 0.5}, act, outcome)
        >>> logs.joint().given(a="drug").P(o="yes"), logs.do("drug").P(o="yes"), logs.gap("yes", "drug")
        (0.54, 0.7, -0.16)
    """

    prior: Mapping[Any, Number]
    action: Mapping[Any, Mapping[Any, Number]]
    outcome: Mapping[Any, Mapping[Any, Mapping[Any, Number]]]

    def __post_init__(self) -> None:
        if not self.prior.keys() == self.action.keys() == self.outcome.keys():
            raise ValueError("prior, action and outcome must name the same hypotheses")
        action = {p: validate_distribution(row, f"the action channel of {p}") for p, row in self.action.items()}
        for p, row in action.items():
            if row.keys() != self.outcome[p].keys() or row.keys() != next(iter(action.values())).keys():
                raise ValueError(f"{p}: every hypothesis needs the same actions, and an outcome row for each")
        named = dict.fromkeys(o for rows in self.outcome.values() for row in rows.values() for o in row)
        outcome = {
            p: {
                a: validate_distribution(dict.fromkeys(named, 0) | dict(row), f"the outcome channel of {p} after {a!r}")
                for a, row in rows.items()
            }
            for p, rows in self.outcome.items()
        }
        object.__setattr__(self, "prior", validate_distribution(self.prior, "the prior"))
        object.__setattr__(self, "action", MappingProxyType(action))
        object.__setattr__(self, "outcome", MappingProxyType(outcome))

    def _validate_action(self, a: Symbol) -> Symbol:
        """Return ``a``; raise UnknownToken if there is no such action."""
        actions = next(iter(self.action.values()))
        if a not in actions:
            raise UnknownToken(f"unknown action {a!r}: there are {', '.join(map(repr, actions))}")
        return a

    def joint(self) -> Joint:
        """Return P(p, a, o) = P(p) P(a | p) P(o | p, a), the distribution of a bystander's records."""
        return self._joint(self.action)

    def do(self, a: Symbol) -> Joint:
        """Return P_do(a*)(p, a, o) = P(p) δ_{a*}(a) P(o | p, a): the action factor becomes a point mass.

        Args:
            a: The action a* that is done.

        Returns:
            The joint distribution under the intervention.

        Raises:
            UnknownToken: If there is no such action.
        """
        return self._joint({p: {self._validate_action(a): 1} for p in self.prior})

    def _joint(self, action: Mapping[Any, Mapping[Any, Number]]) -> Joint:
        """Return the joint distribution with this action channel."""
        return Joint(
            {
                Event(p, a, o): prior * nu_a * nu_o
                for p, prior in self.prior.items()
                for a, nu_a in action[p].items()
                for o, nu_o in self.outcome[p][a].items()
            }
        )

    def gap(self, o: Symbol, a: Symbol) -> Number:
        """Return P(o | a) − P(o | do(a)), computed as Cov_w(ν(a), ν(o | a)) / E_w ν(a).

        It is zero exactly if the action carries no information about the outcome beyond what is common to all
        hypotheses.

        Args:
            o: The outcome.
            a: The action.

        Returns:
            The difference between seeing and doing.

        Raises:
            ImpossibleEvidence: If no hypothesis gives the action any probability.
            UnknownToken: If there is no such action or outcome.
        """
        nu_a = {p: row[self._validate_action(a)] for p, row in self.action.items()}
        nu_o = {p: Memoryless(rows[a])(o, ()) for p, rows in self.outcome.items()}

        def mean(x: Mapping[Any, Any]) -> Any:
            return sum(w * x[p] for p, w in self.prior.items())

        mean_a, mean_o = mean(nu_a), mean(nu_o)
        if not mean_a:
            raise ImpossibleEvidence(f"a = {a!r}: no hypothesis gives this any probability")
        return display(mean({p: (nu_a[p] - mean_a) * (nu_o[p] - mean_o) for p in self.prior}) / mean_a)

    def mixture(self) -> Mixture:
        """Return the same table as a mixture over histories of two slots: an action, then an outcome.

        Returns:
            A mixture; its kernels raise UnknownToken for a third slot.
        """
        actions = tuple(next(iter(self.action.values())))
        return Mixture({Hypothesis(str(p), self._kernel(p), actions): w for p, w in self.prior.items()})

    def _kernel(self, p: Any) -> Kernel:
        """Return the kernel of one hypothesis."""
        act = Memoryless(self.action[p])
        respond = {a: Memoryless(row) for a, row in self.outcome[p].items()}

        def nu(token: Symbol, past: tuple[Symbol, ...]) -> Number:
            if len(past) > 1:
                raise UnknownToken(f"{token!r} comes too late: an episode has one action and one outcome")
            return (respond[self._validate_action(past[0])] if past else act)(token, past)

        return nu
