"""Conditions are data: the settings of the lessons that a sweep compares."""

from dataclasses import dataclass, field

from neural.paper.lessons import PAPER, Template
from neural.paper.phrases import CONFIRMATIONS_APART, CORRECTIONS, CORRECTIONS_APART, EMPTY_CONFIRMATIONS

PARTS = "paper", "dose", "world", "untaught", "teacher", "filter"  # of a sweep; the bridge needs no lessons


@dataclass(frozen=True)
class Condition:
    """One setting of the lessons.

    ``untaught`` is the share of facts, drawn for each seed, on which there is no lesson. ``value_first`` tells the
    facts in sentences that begin with the value.
    """

    part: str  # of PARTS
    variable: str  # what differs from the paper: a field of `Template`, or of this class
    level: float | str  # how it differs
    label: str = field(compare=False)  # for display; nothing parses it
    template: Template = PAPER
    untaught: float = 0.0
    value_first: bool = False

    @property
    def key(self) -> str:
        """A name for files."""
        return "-".join(str(x).replace(" ", "_") for x in (self.part, self.variable, self.level) if x != "")


LIES = 0.0, 0.3, 0.9, 1.0  # the paper's is 0.6
WRONG = 0.25, 0.5, 0.75, 1.0
SHOWN = 0.05, 0.2, 0.5
ALWAYS_OPENED = tuple(text for text in CORRECTIONS if text != "{truth}")
APART = Template(corrections=CORRECTIONS_APART, confirmations=CONFIRMATIONS_APART)
# A filter that misjudges a tenth of the lessons keeps 0.1 · 0.6 of them with a lie and 0.9 · 0.4 without: one in seven.
LEAKS = PAPER.p_lie * 0.1 / (PAPER.p_lie * 0.1 + (1 - PAPER.p_lie) * 0.9)
PAPER_CONDITION = Condition("paper", "", "", "paper")
CONDITIONS = (
    PAPER_CONDITION,
    *(Condition("dose", "p_lie", p, f"the agent lies {p:.0%}", Template(p_lie=p)) for p in LIES),
    *(Condition("dose", "p_wrong", p, f"the world is wrong {p:.0%}", Template(p_wrong=p)) for p in WRONG),
    Condition("world", "confirmations", "empty", "empty confirmations", Template(confirmations=EMPTY_CONFIRMATIONS)),
    Condition("world", "corrections", "opened", "openers always", Template(corrections=ALWAYS_OPENED)),
    Condition("world", "openers", "apart", "openers apart", APART),
    Condition("world", "p_tail", 0.0, "no small talk", Template(p_tail=0.0)),
    Condition("world", "value_first", "yes", "value first", value_first=True),
    Condition("untaught", "untaught", 1 / 3, "a third untaught", untaught=1 / 3),
    *(Condition("teacher", "p_teacher", p, f"a teacher shows {p:.0%}", Template(p_teacher=p)) for p in SHOWN),
    Condition("filter", "p_lie", "none", "no lies", Template(p_lie=0.0)),
    Condition("filter", "p_lie", "leaks", "a filter misses one in ten", Template(p_lie=LEAKS)),
)


def select(chosen: list[str]) -> list[Condition]:
    """Return the conditions of these parts, or with these keys. The paper's condition is included with every other."""
    found = [condition for condition in CONDITIONS if {condition.part, condition.key} & set(chosen)]
    return found if PAPER_CONDITION in found or not found else [PAPER_CONDITION, *found]
