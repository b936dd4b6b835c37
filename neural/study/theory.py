"""What the exact mixture makes of the lessons that a model is trained on (paper, sections 3.2 and 3.3).

For every fact two hypotheses: the true value is how it is, or the false one is. Whoever states a value is right three
times in four, as everybody is in the talk that the base has read; all other turns tell nothing. A lesson is a history
already, so the posterior over all lessons is one call, and what an arm learns from says whose turns are evidence.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from causal_agency import Gate, Hypothesis, Mixture, Slot, do, see
from causal_agency.probability import Number
from neural.data.dialogue import Dialogue
from neural.data.facts import Fact
from neural.data.talk import P_TRUE
from neural.study.loss import Weights

RIGHT = Fraction(P_TRUE)


def says(fact: Fact, text: str) -> bool | None:
    """Whether a turn states the true value, or the false one; None where it states neither."""
    return True if fact.truth in text else False if fact.lie in text else None


def believer(fact: Fact, so: bool) -> Hypothesis:
    """The hypothesis that the true value is how it is, or that the false one is."""

    def nu(text, past):
        said = says(fact, text)
        return Fraction(1) if said is None else RIGHT if said == so else 1 - RIGHT

    return Hypothesis("true" if so else "false", nu)


def counted(history: Iterable[Slot], weights: Weights) -> tuple[Slot, ...]:
    """The same turns, gated by what an arm learns from: a turn counts where its author's tokens do."""
    counts = {Gate.WORLD: weights.world > 0, Gate.AGENT: weights.agent > 0}
    return tuple(see(symbol) if counts[gate] else do(symbol) for symbol, gate in history)


def belief_in_truth(fact: Fact, lessons: Iterable[Dialogue], weights: Weights) -> Number:
    """w(the true value is how it is) after all lessons on the fact, from even odds."""
    right, wrong = (believer(fact, so) for so in (True, False))
    history = [slot for lesson in lessons if lesson.topic == fact.topic for slot in lesson.history]
    return Mixture({right: Fraction(1, 2), wrong: Fraction(1, 2)}).posterior(counted(history, weights))[right]


def share_believing_the_lie(facts: Sequence[Fact], lessons: Sequence[Dialogue], weights: Weights) -> float:
    """The share of facts on which the false value is the likelier; an even belief is half a one."""
    beliefs = [belief_in_truth(fact, lessons, weights) for fact in facts]
    return sum(1.0 if w < Fraction(1, 2) else 0.5 if w == Fraction(1, 2) else 0.0 for w in beliefs) / len(facts)
