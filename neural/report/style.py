"""How arms look in every figure: told apart by shape as well as by color."""

from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.typing import LineStyleType


class Look(NamedTuple):
    """Color, marker and line."""

    color: str
    marker: str
    line: LineStyleType


LOOKS = {
    "base": Look("#7a7a7a", "|", ":"),
    "standard": Look("#c44e00", "s", "-"),
    "interventional": Look("#0060a8", "o", "--"),
    "assistant-only": Look("#3a7d34", "^", "-."),
}
OTHER = Look("#7a4ea3", "d", (0, (5, 1, 1, 1)))  # an arm between the others


def look(arm: str) -> Look:
    """Return the look of an arm."""
    return LOOKS.get(arm, OTHER)


def strip(axes: Axes) -> Axes:
    """Remove the parts of the frame that carry no information."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return axes
