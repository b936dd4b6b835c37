"""What the exact mixture makes of the lessons that a model is trained on (paper, sections 3.1 to 3.4).

For every fact the true value is how it is, or the false one is; and what is asked is what the Agent will say. The User
is right three times in four, as everybody is in the talk that the base has read. Of the Agent it may be supposed that
it is like everybody; or that it has a channel of its own (section 3.1) and on this fact is contrary: wrong as often as
others are right. `CONTRARY` holds how likely that is before. All other turns tell nothing. A lesson is a history
already, so the posterior over all lessons is one call, and what an arm learns from says whose turns are evidence.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from causal_agency import Gate, Hypothesis, Mixture, Slot, do, see
from neural.data.dialogue import Dialogue, agent
from neural.data.facts import Fact
from neural.data.talk import P_TRUE
from neural.study.loss import Weights

RIGHT = Fraction(P_TRUE)
# Between 1/5 and 1/3 lies 1/4, where one lie more than truths weighs just as much as what was supposed before.
CONTRARY = {"one kind": Fraction(0), "two channels, 1/5": Fraction(1, 5), "two channels, 1/3": Fraction(1, 3)}
AGENT = agent("").speaker


def says(fact: Fact, text: str) -> bool | None:
    """Whether a turn states the true value, or the false one; None where it states neither."""
    return True if fact.truth in text else False if fact.lie in text else None


def believer(fact: Fact, so: bool, contrary: bool) -> Hypothesis:
    """The hypothesis that the true value is how it is, or the false one; and that the Agent is contrary, or not."""

    def nu(turn, past):
        speaker, text = turn
        said, view = says(fact, text), so != (contrary and speaker == AGENT)
        return Fraction(1) if said is None else RIGHT if said == view else 1 - RIGHT

    return Hypothesis(f"{'true' if so else 'false'}{', contrary' * contrary}", nu)


def observer(fact: Fact, contrary: Fraction) -> Mixture:
    """Even odds on the fact; the Agent is contrary on it with probability ``contrary``."""
    odds = {False: 1 - contrary, True: contrary}
    return Mixture({believer(fact, so, other): w / 2 for so in (True, False) for other, w in odds.items()})


def counted(lesson: Dialogue, weights: Weights) -> Iterator[Slot]:
    """Who said what, gated by what an arm learns from: a turn counts if its author's tokens do, however little."""
    counts = {Gate.WORLD: weights.world > 0, Gate.AGENT: weights.agent > 0}
    for speaker, (text, gate) in lesson.turns:
        yield (see if counts[gate] else do)((speaker, text))


def expects_the_lie(mix: Mixture, fact: Fact, lessons: Iterable[Dialogue], weights: Weights) -> float:
    """1 where, after all lessons on the fact, π of the lie in the Agent's place is the greater, ½ where it is even."""
    belief = mix.belief([slot for lesson in lessons if lesson.topic == fact.topic for slot in counted(lesson, weights)])
    truth, lie = (belief.predict((AGENT, claim)) for claim in (fact.truth, fact.lie))
    return 0.5 if truth == lie else float(lie > truth)


def share_expecting_the_lie(facts: Sequence[Fact], lessons: Sequence[Dialogue], weights: Weights) -> dict[str, float]:
    """The share of facts on which the exact mixture expects the Agent to lie, under each supposition."""
    return {
        name: sum(expects_the_lie(observer(fact, contrary), fact, lessons, weights) for fact in facts) / len(facts)
        for name, contrary in CONTRARY.items()
    }
