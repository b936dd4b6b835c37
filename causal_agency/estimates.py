"""What an action does, estimated from logs: P(o' | o, do(a)) and E[r | o, do(a)] (paper, section 2.3).

One formula serves every log, P̂(r, o' | o, do(a)) = Σ_p P̂(p | o) P̂(r, o' | o, p, a):

- An agent set its actions itself, by what it saw and by chance, and the log has what it saw: o. Then nothing else drove
  action and outcome, p may be left out, and the formula is the plain frequency P̂(r, o' | o, a).
- Someone else acted, and the log has all that drove both action and outcome: p. Then the formula adjusts for it (the
  back-door formula).
- If neither holds, the frequencies converge to P(o' | o, a), and no log of this kind says what the action does.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any, NamedTuple

from causal_agency._probability import Distribution, Number, display, to_number
from causal_agency._table import Table
from causal_agency.belief import ImpossibleEvidence
from causal_agency.history import Symbol
from causal_agency.kernel import UnknownToken

__all__ = ["Effect", "Estimates", "Step", "estimate"]


class Step(NamedTuple):
    """One step of a log, o_t → a_t → (r_{t+1}, o_{t+1}) (section 2.3).

    Attributes:
        o: What was seen before the action, o_t; None if nothing.
        a: The action, a_t.
        r: The reward, r_{t+1}.
        o_next: What came of it, o_{t+1}.
        p: What else drove the action, if the log says it.

    Example:
        >>> from causal_agency.estimates import Step
        >>> Step("fever", "drug", 1, "well")
        Step(o='fever', a='drug', r=1, o_next='well', p=None)
    """

    o: Symbol
    a: Symbol
    r: Number
    o_next: Symbol
    p: Symbol = None


class Effect(Distribution[tuple[Number, Symbol]]):
    """P̂(r, o' | o, do(a)), the probability of each pair that was seen (section 2.3); `Estimates.do` makes it.

    Example:
        >>> from causal_agency.estimates import Step, estimate
        >>> steps = [Step(None, "pull", r, o) for r, o in [(1, "bell"), (3, "bell"), (0, "lemon"), (0, "lemon")]]
        >>> effect = estimate(steps).do("pull")
        >>> effect.outcomes(), effect.reward()
        ({'bell': Fraction(1, 2), 'lemon': Fraction(1, 2)}, Fraction(1, 1))
        >>> effect.given("bell").reward()
        Fraction(2, 1)
    """

    __slots__ = ()

    def outcomes(self) -> Distribution[Symbol]:
        """Sum over the rewards: P̂(o' | o, do(a)).

        Returns:
            The distribution of the outcomes that were seen.
        """
        totals: dict[Symbol, Any] = {}
        for (_, o_next), prob in self.items():
            totals[o_next] = totals.get(o_next, 0) + prob
        return Distribution(totals)

    def reward(self) -> Number:
        """Return Ê[r | o, do(a)]: of Fractions and whole numbers, a Fraction."""
        return display(sum(r * prob for (r, _), prob in self.items()))

    def given(self, o_next: Symbol) -> "Effect":
        """Condition on the outcome: P̂(r | o, do(a), o'), whose reward is the paper's R̂(o_{t+1}, a_t).

        Args:
            o_next: The outcome o'.

        Returns:
            The distribution of the pairs with this outcome.

        Raises:
            ImpossibleEvidence: If the outcome was never seen.
        """
        pairs = {pair: prob for pair, prob in self.items() if pair[1] == o_next}
        if not pairs:
            raise ImpossibleEvidence(f"the outcome {o_next!r} was never seen after this action")
        total: Any = sum(pairs.values())
        return Effect({pair: prob / total for pair, prob in pairs.items()})


@dataclass(frozen=True)
class Estimates:
    """How often each action had each consequence (section 2.3); `estimate` makes it.

    Attributes:
        counts: ``counts[o][p][a][r, o_next]``, the number of such steps.

    Example:
        >>> from causal_agency.estimates import Step, estimate
        >>> estimate([Step("fever", "drug", 1, "well"), Step("fever", "drug", 0, "ill")]).do("drug", o="fever").reward()
        Fraction(1, 2)
    """

    counts: Mapping[Symbol, Mapping[Symbol, Mapping[Symbol, Mapping[tuple[Number, Symbol], int]]]]

    def do(self, a: Symbol, o: Symbol = None) -> Effect:
        """Return P̂(r, o' | o, do(a)) = Σ_p P̂(p | o) P̂(r, o' | o, p, a).

        Args:
            a: The action.
            o: What is seen before it; None if the log has nothing that was.

        Returns:
            The distribution of reward and outcome, in Fractions.

        Raises:
            UnknownToken: If no step has such an action or observation.
            ValueError: If some p occurs with this o, but never with this action.
        """
        sizes = {p: sum(sum(row.values()) for row in rows.values()) for p, rows in self._rows(a, o).items()}
        joint: dict[tuple[Number, Symbol], Any] = {}
        for p, rows in self.counts[o].items():
            if a not in rows:
                where = f"no step with o = {o!r} and p = {p!r} takes the action {a!r}"
                raise ValueError(f"{where}: the log cannot say what the action does there")
            total = sum(sizes.values()) * sum(rows[a].values())
            for pair, count in rows[a].items():
                joint[pair] = joint.get(pair, 0) + Fraction(sizes[p] * count, total)
        return Effect(joint)

    def _rows(self, a: Symbol, o: Symbol) -> Mapping[Symbol, Mapping[Symbol, Mapping[Any, int]]]:
        """Return the counts of ``o``; raise UnknownToken if no step has such an action or observation."""
        actions = dict.fromkeys(each for of_p in self.counts.values() for rows in of_p.values() for each in rows)
        for what, name, known in (("observation", o, self.counts), ("action", a, actions)):
            if name not in known:
                raise UnknownToken(f"unknown {what} {name!r}: the log has {', '.join(map(repr, known)) or 'no step'}")
        return self.counts[o]


def _read_step(row: Iterable[Any], number: int) -> Step:
    """Return a row as a step; raise ValueError that names it if it is none."""
    try:
        step = Step(*row)
        r = to_number(step.r)
    except (TypeError, ValueError) as problem:
        raise ValueError(f"step {number}: {row!r} is not o, a, r, o_next and perhaps p: {problem}") from None
    if isinstance(r, float) and not isfinite(r):
        raise ValueError(f"step {number}: the reward is {r}")
    return step._replace(r=r)


def estimate(steps: Iterable[Iterable[Any]]) -> Estimates:
    """Count the steps of a log, for estimates of P(o' | o, do(a)) and E[r | o, do(a)] (section 2.3).

    Args:
        steps: Each a `Step`, or any row of the same values, such as one of ``frame.itertuples(index=False)``. It has a
            p if other things than o drove the action, and the log says which.

    Returns:
        The estimates.

    Raises:
        ValueError: If a row is not a step, or a reward not a finite number; names the step, counted from 1.

    Example:
        >>> from causal_agency.estimates import estimate, Step
        >>> log = [("ill", "drug", "well"), ("ill", "drug", "ill"), ("ill", "wait", "ill"), ("well", "drug", "well")]
        >>> log += [("well", "wait", "well")] * 4    # who was ill got the drug
        >>> noted = [Step(None, a, int(then == "well"), then, p=illness) for illness, a, then in log]
        >>> estimate(noted).do("drug").reward(), estimate(noted).do("wait").reward()
        (Fraction(13, 16), Fraction(5, 8))
        >>> unnoted = [step._replace(p=None) for step in noted]
        >>> estimate(unnoted).do("drug").reward(), estimate(unnoted).do("wait").reward()
        (Fraction(2, 3), Fraction(4, 5))
    """
    counts: dict[Any, dict[Any, dict[Any, Counter]]] = {}
    for number, row in enumerate(steps, 1):
        o, a, r, o_next, p = _read_step(row, number)
        counts.setdefault(o, {}).setdefault(p, {}).setdefault(a, Counter())[r, o_next] += 1
    return Estimates(
        Table({o: Table({p: Table({a: Table(row) for a, row in rows.items()}) for p, rows in of_p.items()})
               for o, of_p in counts.items()})
    )  # fmt: skip
