"""Conditions are data: the settings of the lessons that a sweep compares."""

from dataclasses import dataclass, field

from neural.paper.lessons import PAPER, Template
from neural.paper.phrases import CORRECTIONS, EMPTY_CONFIRMATIONS

PARTS = "paper", "dose", "world", "untaught"  # of a sweep; the bridge needs no lessons


@dataclass(frozen=True)
class Condition:
    """One setting of the lessons.

    ``untaught`` is the share of facts, drawn for each seed, on which there is no lesson.
    """

    part: str  # of PARTS
    variable: str  # what differs from the paper: a field of `Template`, or "untaught"
    level: float | str  # how it differs
    label: str = field(compare=False)  # for display; nothing parses it
    template: Template = PAPER
    untaught: float = 0.0

    @property
    def key(self) -> str:
        """A name for files."""
        return "-".join(str(x) for x in (self.part, self.variable, self.level) if x != "")


LEVELS = 0.0, 0.25, 0.5, 0.75, 1.0
ALWAYS_OPENED = tuple(text for text in CORRECTIONS if text != "{}")
PAPER_CONDITION = Condition("paper", "", "", "paper")
CONDITIONS = (
    PAPER_CONDITION,
    *(Condition("dose", "p_lie", p, f"the agent lies {p:.0%}", Template(p_lie=p)) for p in LEVELS),
    *(Condition("dose", "p_wrong", p, f"the world is wrong {p:.0%}", Template(p_wrong=p)) for p in LEVELS[1:]),
    Condition("world", "confirmations", "empty", "empty confirmations", Template(confirmations=EMPTY_CONFIRMATIONS)),
    Condition("world", "corrections", "opened", "openers always", Template(corrections=ALWAYS_OPENED)),
    Condition("world", "p_tail", 0.0, "no small talk", Template(p_tail=0.0)),
    Condition("untaught", "untaught", 1 / 3, "a third untaught", untaught=1 / 3),
)


def select(parts: list[str]) -> list[Condition]:
    """Return the conditions of ``parts``. The paper's condition is included with every other part."""
    chosen = [condition for condition in CONDITIONS if condition.part in parts]
    return chosen if PAPER_CONDITION in chosen or not chosen else [PAPER_CONDITION, *chosen]
