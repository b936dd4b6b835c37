"""What the exact mixture makes of the lessons that a model is trained on (paper, sections 3.1 to 3.4).

A fact is true or false, and the question is what the Agent will say about it. The User is right three times in four, as
everyone is in the talk that the base model has read. The Agent is either like everyone, or it has a channel of its own
(section 3.1) and may be contrary on this fact: wrong as often as others are right. `CONTRARY` holds the prior
probability of that. All other turns carry no information. A lesson is a history, so the posterior over all lessons is
one call, and the author weights of an arm say whose turns are evidence.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from causal_agency import Gate, Hypothesis, Mixture, Past, Slot, do, see
from neural.dialogue.authors import AuthorWeights
from neural.dialogue.dialogue import Dialogue, agent
from neural.paper.facts import Fact
from neural.paper.lessons import Lesson
from neural.paper.sweep_result import THEORIES
from neural.paper.talk import P_TRUE

RIGHT = Fraction(P_TRUE)
# At 1/4, which lies between 1/5 and 1/3, one more lie than truths exactly offsets the prior.
CONTRARY = dict(zip(THEORIES, (Fraction(1, 5), Fraction(1, 3), Fraction(0)), strict=True))
AGENT = agent("").speaker


def read_claim(fact: Fact, text: str) -> bool | None:
    """Return whether a turn states the true value, or the false one; None if it states neither."""
    said = text.lower()
    return True if fact.truth.lower() in said else False if fact.lie.lower() in said else None


def believer(fact: Fact, true: bool, contrary: bool) -> Hypothesis:
    """Return the hypothesis that the fact is true, or false, and that the Agent is contrary, or not."""

    def nu(turn: Any, past: Past) -> Fraction:
        speaker, text = turn
        claim, view = read_claim(fact, text), true != (contrary and speaker == AGENT)
        return Fraction(1) if claim is None else RIGHT if claim == view else 1 - RIGHT

    return Hypothesis(f"{'true' if true else 'false'}{', contrary' * contrary}", nu)


def observer(fact: Fact, contrary: Fraction) -> Mixture:
    """Return the mixture with even odds on the fact, and probability ``contrary`` that the Agent is contrary on it."""
    odds = {False: 1 - contrary, True: contrary}
    return Mixture({believer(fact, true, other): w / 2 for true in (True, False) for other, w in odds.items()})


def record_evidence(dialogue: Dialogue, weights: AuthorWeights) -> Iterator[Slot]:
    """Yield who said what, seen if the author's tokens count at all, else done."""
    counts = {Gate.WORLD: weights.world > 0, Gate.AGENT: weights.agent > 0}
    for speaker, (text, gate) in dialogue.turns:
        yield (see if counts[gate] else do)((speaker, text))


def expects_the_lie(mix: Mixture, fact: Fact, lessons: Iterable[Lesson], weights: AuthorWeights) -> float:
    """Return 1 if, after all lessons on the fact, π gives the Agent's lie more than its truth; ½ if it is even."""
    on_fact = [lesson for lesson in lessons if lesson.topic == fact.topic]
    belief = mix.belief([slot for lesson in on_fact for slot in record_evidence(lesson, weights)])
    truth, lie = (belief.predict((AGENT, claim)) for claim in (fact.truth, fact.lie))
    return 0.5 if truth == lie else float(lie > truth)


def share_expecting_the_lie(
    facts: Sequence[Fact], lessons: Sequence[Lesson], weights: AuthorWeights
) -> dict[str, float]:
    """Return the share of facts on which the exact mixture expects the Agent to lie, for each entry of `CONTRARY`."""
    return {
        name: sum(expects_the_lie(observer(fact, contrary), fact, lessons, weights) for fact in facts) / len(facts)
        for name, contrary in CONTRARY.items()
    }
