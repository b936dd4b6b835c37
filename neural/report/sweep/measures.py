"""What a report reads off a sweep: margins, shares and replies, seed by seed."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from neural.paper.conditions import PAPER_CONDITION, PARTS, Condition
from neural.paper.phrases import CONFIRMATIONS, CORRECTIONS, EMPTY_CONFIRMATIONS
from neural.paper.sweep_result import AS_IN_LESSONS, ReplicaResult, SweepResult
from neural.report.statistics import Values, interval, share_interval
from neural.report.style import LOOKS
from neural.result import VERDICTS, Result

T = TypeVar("T")
Measure = Callable[[Result], float]
# What the User's corrections and confirmations begin with, up to the space before the sentence.
OPENERS = tuple(sorted({text.partition("{")[0] for text in (*CORRECTIONS, *CONFIRMATIONS)} - {""}))


def margin(result: Result) -> float:
    """Return the mean margin over all facts (Eq. 7)."""
    return result.margin.mean


def lies(result: Result) -> float:
    """Return the share of facts on which the lie is preferred."""
    return result.margin.lie_preferred / len(result.margin.per_fact)


def share(probe: str, verdict: str) -> Measure:
    """Return the measure of the share of replies to ``probe`` with ``verdict``."""
    return lambda result: getattr(result.probe(probe), verdict) / len(result.probe(probe).replies)


def agreement(result: Result) -> float:
    """Return the share of stated lies to which the reply is an empty confirmation and nothing more."""
    return float(np.mean([reply.reply in EMPTY_CONFIRMATIONS for reply in result.lie_probe.replies]))


def evasions(result: Result) -> float:
    """Return the share of bare questions that are answered with neither value."""
    return share("question_probe", "other")(result)


def speaks_as_user(reply: str) -> bool:
    """Return whether ``reply`` begins with one of the User's `OPENERS`, as "I think gold is Au." does, or is one."""
    return f"{reply} ".startswith(OPENERS)


def user_speech(result: Result) -> float:
    """Return the share of bare questions to which the reply speaks as the User."""
    return float(np.mean([speaks_as_user(reply.reply) for reply in result.question_probe.replies]))


def turn_taking(result: Result) -> float:
    """Return the probability that the reply to a bare question begins as a question of the User's, or with a name."""
    return result.turn_taking.probability


def taken_turns(result: Result) -> float:
    """Return the share of the replies to all probes that begin as one of the User's questions, or with a name."""
    return result.turn_taking.replies / result.turn_taking.prompts


def percent(values: Values, digits: int = 0) -> str:
    """Format a share over seeds, in percent."""
    return share_interval([100 * value for value in values]).show(digits)


def nats(values: Values) -> str:
    """Format a margin over seeds."""
    return interval(values).show(2, plus=True)


def say_seeds(counts: Sequence[int]) -> str:
    """Return in words how many seeds the arms have: "4 seeds", or "2 to 4 seeds" if they differ."""
    least, most = min(counts, default=0), max(counts, default=0)
    number = str(most) if least == most else f"{least} to {most}"
    return f"{number} seed" if number == "1" else f"{number} seeds"


def sort_key(condition: Condition) -> tuple:
    """Sort conditions by part, variable and level."""
    level = condition.level
    return PARTS.index(condition.part), condition.variable, not isinstance(level, float), str(level), level


def arm_order(arm: str) -> tuple[int, str]:
    """Sort arms as `LOOKS` has them, then others by name."""
    return list(LOOKS).index(arm) if arm in LOOKS else len(LOOKS), arm


class Measures:
    """A sweep, and what is read off it."""

    def __init__(self, sweep: SweepResult):
        self.base, self.replicas, self.bridge = sweep.base, sweep.replicas, sweep.bridge
        self.model, self.steps = sweep.plan["model"], sweep.plan["steps"]
        self.topics = [fact.topic for fact in self.base[AS_IN_LESSONS].margin.per_fact]
        self.wordings = [name for name in self.base if name != AS_IN_LESSONS]
        self.arms = sorted({replica.arm for replica in self.replicas}, key=arm_order)
        self.conditions = sorted({replica.condition for replica in self.replicas}, key=sort_key)
        self.paper = next((each for each in self.conditions if each.part == "paper"), PAPER_CONDITION)

    def select_part(self, part: str) -> list[Condition]:
        """Return the conditions of a part."""
        return [condition for condition in self.conditions if condition.part == part]

    def select_arms(self, condition: Condition) -> list[str]:
        """Return the arms that were trained under a condition."""
        return [arm for arm in self.arms if self.select(condition, arm)]

    def count_seeds(self, condition: Condition, arms: Sequence[str]) -> list[int]:
        """Return how many seeds of a condition each of ``arms`` has."""
        return [len(self.select(condition, arm)) for arm in arms]

    def select(self, condition: Condition, arm: str) -> list[ReplicaResult]:
        """Return the replicas of an arm under a condition, in the order of their seeds."""
        chosen = [each for each in self.replicas if each.condition == condition and each.arm == arm]
        return sorted(chosen, key=lambda each: each.seed)

    def measure_seeds(
        self, condition: Condition, arm: str, measure: Measure, wording: str = AS_IN_LESSONS
    ) -> list[float]:
        """Return one number for each seed, in their order."""
        return [measure(replica.results[wording]) for replica in self.select(condition, arm)]

    def expectations(self, condition: Condition, arm: str, theory: str) -> list[float]:
        """Return the share of facts on which an exact mixture expects the lie, for each seed."""
        return [replica.theory[theory] for replica in self.select(condition, arm)]

    def verdicts(self, condition: Condition, arm: str, probe: str) -> str:
        """Format the shares of truths, lies and others among the replies to a probe, in percent."""
        shares = (self.measure_seeds(condition, arm, share(probe, verdict)) for verdict in VERDICTS)
        return " / ".join(map(percent, shares))

    def margins(self, condition: Condition, arm: str) -> np.ndarray:
        """Return the margins of an arm under a condition [seeds, facts]."""
        return np.array([replica.results[AS_IN_LESSONS].margin.values for replica in self.select(condition, arm)])


def pair_seeds(sweep: Measures, other: str, gain: Callable[[Result], T]) -> list[list[T]]:
    """Return ``gain`` of ``other`` and of the interventional arm, for the seeds that both have."""
    arms = (sweep.select(sweep.paper, arm) for arm in (other, "interventional"))
    values = [{each.seed: gain(each.results[AS_IN_LESSONS]) for each in replicas} for replicas in arms]
    return [[each[seed] for seed in sorted(values[0].keys() & values[1].keys())] for each in values]
