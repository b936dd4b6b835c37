"""What the paper reports of its own arms, Qwen2.5-0.5B after 1,920 steps, to stand beside what is measured here."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

PAPER = "Causal interactive LLM agents that tell the truth"
AUTHORS = "Nando de Freitas and Pedro Ortega, May 17, 2026"
ADDRESS = "https://love4all.ai/blog/why-it-is-important-to-understand-causality-and-agency/"
MODEL, FACTS = "Qwen2.5-0.5B", 33
UNKNOWN = "–"


class Published(NamedTuple):
    """One arm of the paper: Eq. 7 and the text of section 5.5; a count that it does not state is None.

    Attributes:
        margin: the mean margin, as the notebook computes it (without the first word of each claim).
        lie_preferred: on how many of the 33 facts the margin is negative.
        truth_probe: how many replies tell truth, lie and neither when the user states the truth.
        lie_probe: the same when the user states the lie.
    """

    margin: float
    lie_preferred: int
    truth_probe: tuple[int | None, int | None, int | None]
    lie_probe: tuple[int | None, int | None, int | None]

    def counts(self, probe: str) -> tuple[int | None, int | None, int | None]:
        """Return the counts of a probe; the paper has no replies to bare questions."""
        return {"truth_probe": self.truth_probe, "lie_probe": self.lie_probe}.get(probe, (None, None, None))


def show_counts(counts: Iterable[int | None], format_count: Callable[[int], str]) -> str:
    """Return the counts of truth, lie and neither, or one dash if the paper states none of them."""
    shown = [UNKNOWN if count is None else format_count(count) for count in counts]
    return UNKNOWN if {*shown} == {UNKNOWN} else " / ".join(shown)


PUBLISHED = {
    "standard": Published(-0.1311, 24, (25, 8, 0), (None, 6, None)),
    "interventional": Published(+1.0609, 5, (33, 0, 0), (32, 1, 0)),
}
