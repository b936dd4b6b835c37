"""Bayes under intervention: one action, one outcome, and the hypotheses behind both (paper, section 2.2)."""

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from causal_agency._bayes_net import make_bayes_net
from causal_agency._probability import Distribution, Number, display, validate_distribution
from causal_agency._table import Table
from causal_agency.belief import ImpossibleEvidence
from causal_agency.history import Symbol
from causal_agency.hypothesis import Hypothesis
from causal_agency.kernel import Kernel, Memoryless, UnknownToken
from causal_agency.mixture import Mixture
from causal_agency.past import Past

if TYPE_CHECKING:
    import pyagrum

__all__ = ["Episode", "Event", "Joint"]


class _Open(Enum):
    """What stands in a question for a value that is left out; None is a value like any other."""

    ANY = "any"

    def __repr__(self) -> str:
        return self.value


_ANY: Any = _Open.ANY


class Event(NamedTuple):
    """A hypothesis, an action and an outcome (section 2.2). In a question, what is left out may be any.

    Attributes:
        p: The hypothesis.
        a: The action.
        o: The outcome.

    Example:
        >>> from causal_agency.episode import Event
        >>> Event("p_fire", "send", "fire").matches(Event(a="send"))
        True
    """

    p: Hashable = _ANY
    a: Symbol = _ANY
    o: Symbol = _ANY

    def matches(self, question: "Event") -> bool:
        """Return whether this event is one of those that ``question`` asks for.

        Args:
            question: An event; it need not name every value.

        Returns:
            Whether all named values agree.
        """
        return all(q is _ANY or x == q for x, q in zip(self, question))


def _unknown(what: str, name: Hashable, known: Iterable[Hashable]) -> UnknownToken:
    """Return an error that lists the names that are known."""
    return UnknownToken(f"unknown {what} {name!r}: there are {', '.join(map(repr, dict.fromkeys(known)))}")


class Joint(Distribution[Event]):
    """P(p, a, o), a probability for every event (section 2.2); `Episode` makes it: `joint`, `do` and `follow`.

    Example:
        >>> from causal_agency.examples.fire_engine import records
        >>> records.joint().given(a="send").P(o="fire"), records.do("send").P(o="fire")
        (Fraction(19, 20), Fraction(1, 1000))
    """

    def P(self, p: Hashable = _ANY, a: Symbol = _ANY, o: Symbol = _ANY) -> Number:
        """Return the probability of the values that are given, summed over the others.

        Args:
            p: A hypothesis; any if it is left out.
            a: An action; any if it is left out.
            o: An outcome; any if it is left out.

        Returns:
            The probability.

        Raises:
            UnknownToken: If there is no such hypothesis, action or outcome.
        """
        question = self._validate(Event(p, a, o))
        return display(sum(prob for event, prob in self.items() if event.matches(question)))

    def given(self, p: Hashable = _ANY, a: Symbol = _ANY, o: Symbol = _ANY) -> "Joint":
        """Condition on the values that are given: P(· | p, a, o).

        Args:
            p: A hypothesis; any if it is left out.
            a: An action; any if it is left out.
            o: An outcome; any if it is left out.

        Returns:
            The conditional distribution over all events.

        Raises:
            ImpossibleEvidence: If the condition has probability zero.
            UnknownToken: If there is no such hypothesis, action or outcome.
        """
        question, total = Event(p, a, o), self.P(p, a, o)
        if not total:
            named = ", ".join(f"{name} = {x!r}" for name, x in question._asdict().items() if x is not _ANY)
            raise ImpossibleEvidence(f"{named}: no hypothesis gives this any probability")
        return Joint({event: prob / total if event.matches(question) else 0 * prob for event, prob in self.items()})

    def _validate(self, question: Event) -> Event:
        """Return ``question``; raise UnknownToken if it names what occurs in no event."""
        for what, asked, known in zip(("hypothesis", "action", "outcome"), question, zip(*self)):
            if asked is not _ANY and asked not in known:
                raise _unknown(what, asked, known)
        return question

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
        >>> from causal_agency import Episode
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
        action = Table({p: validate_distribution(row, f"the action channel of {p}") for p, row in self.action.items()})
        for p, row in action.items():
            if row.keys() != self.outcome[p].keys() or row.keys() != next(iter(action.values())).keys():
                raise ValueError(f"{p}: every hypothesis needs the same actions, and an outcome row for each")
        named = dict.fromkeys((o for rows in self.outcome.values() for row in rows.values() for o in row), 0)
        outcome = {
            p: Table({a: validate_distribution(named | dict(row), f"the outcome channel of {p} after {a!r}")
                      for a, row in rows.items()})
            for p, rows in self.outcome.items()
        }  # fmt: skip
        object.__setattr__(self, "prior", Distribution(validate_distribution(self.prior, "the prior")))
        object.__setattr__(self, "action", action)
        object.__setattr__(self, "outcome", Table(outcome))

    def _validate_action(self, a: Symbol) -> Symbol:
        """Return ``a``; raise UnknownToken if there is no such action."""
        actions = next(iter(self.action.values()))
        if a not in actions:
            raise _unknown("action", a, actions)
        return a

    def _action_row(self, a: Any, name: str) -> Mapping[Any, Number]:
        """Return a probability for every action, all of it for ``a`` unless ``a`` is a distribution."""
        q: Mapping[Any, Number] = validate_distribution(a, name) if isinstance(a, Mapping) else {a: 1}
        for each in q:
            self._validate_action(each)
        return {each: q.get(each, 0) for each in next(iter(self.action.values()))}

    def joint(self) -> Joint:
        """Return P(p, a, o) = P(p) P(a | p) P(o | p, a), the distribution of a bystander's records."""
        return self._joint(self.action)

    def do(self, a: Symbol | Mapping[Any, Number]) -> Joint:
        """Return P_do(a*)(p, a, o) = P(p) δ_{a*}(a) P(o | p, a): the action factor becomes a point mass.

        If the agent lets chance decide, the factor becomes the distribution q of its actions instead of δ, and
        P(o | do(a ~ q)) = Σ_a q(a) P(o | do(a)).

        Args:
            a: The action a* that is done, or q, the probability of each action; actions that q leaves out have none.

        Returns:
            The joint distribution under the intervention.

        Raises:
            UnknownToken: If there is no such action.
            ValueError: If q is not a distribution.

        Example:
            >>> from fractions import Fraction as F
            >>> from causal_agency.examples.bandit import logged
            >>> logged.do("drug").P(o="recovers"), logged.do({"drug": F(1, 2), "nothing": F(1, 2)}).P(o="recovers")
            (Fraction(7, 10), Fraction(3, 5))
        """
        row = self._action_row(a, "the distribution of the action")
        return self._joint(dict.fromkeys(self.action, row))

    def follow(self, policy: Callable[[Any], Symbol | Mapping[Any, Number]]) -> Joint:
        """Return P_π(p, a, o) = P(p) π(a | p) P(o | p, a): the agent acts by a policy, upon what it sees of p.

        What the agent sees before it acts is a part of p, such as ``p.symptom``; its policy should look at no more.

        Args:
            policy: Given p, an action, or the probability of each action.

        Returns:
            The joint distribution under the policy.

        Raises:
            UnknownToken: If the policy takes an action that there is not.
            ValueError: If the policy returns what is not a distribution.

        Example:
            >>> from causal_agency.examples.bandit import logged
            >>> treat = logged.follow(lambda illness: "drug" if illness == "ill" else "nothing")
            >>> treat.P(o="recovers"), treat.P(a="drug")
            (Fraction(13, 20), Fraction(1, 2))
        """
        return self._joint({p: self._action_row(policy(p), f"the policy for {p!r}") for p in self.prior})

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

        def nu(token: Symbol, past: Past) -> Number:
            if len(past) > 1:
                raise UnknownToken(f"{token!r} comes too late: an episode has one action and one outcome")
            return (respond[self._validate_action(past[0])] if past else act)(token, past)

        return nu

    def to_pyagrum(self) -> "pyagrum.BayesNet":
        """Return the same table as a Bayesian network of pyAgrum with the arcs p → a, p → o and a → o.

        Returns:
            A network of the variables p, a and o, whose labels are the names in this table as `str` writes them.

        Raises:
            ImportError: If pyAgrum is missing.
            ValueError: If two hypotheses, actions or outcomes are written alike.

        Example:
            >>> from causal_agency.examples.fire_engine import records
            >>> records.to_pyagrum().cpt("p").tolist()  # doctest: +SKIP
            [0.001, 0.999]
        """
        return make_bayes_net(self.prior, self.action, self.outcome)
