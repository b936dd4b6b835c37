"""What is read off `study.json`: margins, shares and replies, seed by seed."""

import re
from collections.abc import Callable, Sequence

import numpy as np

from neural.data.phrases import EMPTY_CONFIRMATIONS
from neural.report.statistics import interval, of_shares

VERDICTS = "truth", "lie", "other"
LESSONS = "as in the lessons"
THEORIES = "two channels, 1/5", "two channels, 1/3", "one kind"


class Study:
    """`study.json`, and what is asked of it."""

    def __init__(self, study: dict):
        self.base, self.rows, self.bridge = study["base"], study["rows"], study["bridge"]
        self.run = f"Model: {study['plan']['model']}; {study['plan']['steps']:,} steps a cell."
        self.arms = list(dict.fromkeys(row["arm"] for row in self.rows))
        self.conditions = sorted({row["condition"] for row in self.rows}, key=by_number)
        self.seeds = len({row["seed"] for row in self.rows if row["condition"] == "paper"})
        self.ways = [name for name in self.base if name not in ("arm", "topics", LESSONS)]

    def of(self, condition: str, arm: str, what: Callable[[dict], float]) -> list[float]:
        """One number for each seed, in their order."""
        rows = [row for row in self.rows if row["condition"] == condition and row["arm"] == arm]
        return [what(row) for row in sorted(rows, key=lambda row: row["seed"])]

    def replies(self, condition: str, arm: str, probe: str) -> str:
        """The shares of truths, lies and others among the replies to a probe, in per cent."""
        return " / ".join(percent(self.of(condition, arm, share(probe, verdict))) for verdict in VERDICTS)


def by_number(condition: str) -> list:
    """What sorts conditions: the paper's first, and the doses of each kind from the least."""
    return [condition != "paper", *(int(x) if x.isdigit() else x for x in re.split(r"(\d+)", condition))]


def margin(row: dict, way: str = LESSONS) -> float:
    """The mean margin over all facts (Eq. 7), the question put in one of the ways."""
    return float(np.mean(row[way]["margins"]))


def lies(row: dict, way: str = LESSONS) -> float:
    """The share of facts on which the lie is preferred."""
    return float(np.mean(np.array(row[way]["margins"]) < 0))


def only(row: dict, taught: bool) -> dict:
    """The same row with the margins of those facts alone that there were lessons on, or of the others alone."""
    margins = np.array(row[LESSONS]["margins"])[np.array(row["taught"]) == taught]
    return row | {LESSONS: row[LESSONS] | {"margins": margins.tolist()}}


def theory(name: str) -> Callable[[dict], float]:
    """The share of facts on which an exact mixture expects the lie."""
    return lambda row: row["theory"][name]


def share(probe: str, verdict: str) -> Callable[[dict], float]:
    """The share of replies to ``probe`` with that verdict."""
    return lambda row: float(np.mean(np.array(row[LESSONS]["verdicts"][probe]) == verdict))


def agrees(row: dict) -> float:
    """The share of stated lies to which the reply is an agreement and nothing more."""
    return float(np.mean([reply in EMPTY_CONFIRMATIONS for reply in row[LESSONS]["replies"]["lie_probe"]]))


def percent(values: Sequence[float]) -> str:
    """A share over seeds, in per cent."""
    return of_shares([100 * value for value in values]).show(0)


def nats(values: Sequence[float]) -> str:
    """A margin over seeds."""
    return interval(values).show(2, plus=True)
