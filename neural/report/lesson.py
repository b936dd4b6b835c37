"""One lesson, line by line: who wrote what, and in which arm it counts. The picture that explains the project."""

from collections.abc import Sequence
from typing import NamedTuple

from neural.arm_names import read_weight
from neural.paper.phrases import CONFIRMED, CONTEXT, CORRECTED
from neural.result import Result

WRITERS = {"nobody": "the setting", "world": "the world", "agent": "the agent"}


class Line(NamedTuple):
    """A turn of a lesson, or the context before it, and how much it counts in each arm."""

    author: str  # a key of WRITERS
    speaker: str  # the name before the turn, which the interface writes
    text: str
    weights: tuple[float, ...]


def weigh(arm: str, author: str) -> float:
    """Return how much the words of ``author`` count in ``arm``."""
    if author == "nobody":
        return 0.0
    if arm == "assistant-only":
        return float(author == "agent")
    agent = {"standard": 1.0, "interventional": 0.0}
    return 1.0 if author == "world" else agent[arm] if arm in agent else read_weight(arm)


def make_lesson(base: Result, arms: Sequence[str], lies: bool = True, wrong: bool = False) -> list[Line]:
    """Return a lesson on the first fact that the probes of ``base`` ask about.

    ``lies`` is whether the Agent lies in it, ``wrong`` whether the User takes the lie for the truth.
    """
    claims = base.truth_probe.replies[0].said, base.lie_probe.replies[0].said
    thanks = (CONFIRMED if lies == wrong else CORRECTED)[0]
    lines = [
        ("nobody", "", CONTEXT),
        ("world", "User", base.question_probe.replies[0].said),
        ("agent", "Agent", claims[lies]),
        ("world", "User", claims[wrong]),
        ("agent", "Agent", thanks),
    ]
    return [Line(*line, tuple(weigh(arm, line[0]) for arm in arms)) for line in lines]
