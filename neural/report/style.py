"""How arms look in every figure: told apart by shape as well as by color. Blue is right."""

from collections.abc import Iterable
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.typing import LineStyleType

from neural.arm_names import is_arm, read_weight


class Look(NamedTuple):
    """Color, marker and line."""

    color: str
    marker: str
    line: LineStyleType


RIGHT, BYSTANDER = Look("#0060a8", "o", "--"), Look("#c44e00", "s", "-")  # of the two exact observers
LOOKS = {
    "base": Look("#7a7a7a", "|", ":"),
    "standard": BYSTANDER,
    "interventional": RIGHT,
    "assistant-only": Look("#3a7d34", "^", "-."),
}
SHADES = LinearSegmentedColormap.from_list("shades", ["#bd93e0", "#3a1566"])  # of weights from 0 to 1
MARKERS = "P<Dp>vh8d*X"  # of weights 0.05 apart, over and over


def weighted_look(weight: float) -> Look:
    """Return the look of an arm in which a token of the agent's counts as ``weight`` tokens.

    The greater the weight, the darker the color and the more dots between the dashes of the line.
    """
    dots = 2 + round(4 * weight)
    marker = MARKERS[round(20 * weight) % len(MARKERS)]
    return Look(to_hex(SHADES(weight)), marker, (0, (5, 1, *dots * (1, 1))))


def look(arm: str) -> Look:
    """Return the look of an arm."""
    return LOOKS[arm] if arm in LOOKS else weighted_look(read_weight(arm))


def list_looks(models: Iterable[str]) -> list[Look]:
    """Return the look of each model: of arms and their base the usual one, of others one by their turn."""
    return [look(name) if name in LOOKS or is_arm(name) else weighted_look(i / 10 % 1) for i, name in enumerate(models)]


def strip(axes: Axes) -> Axes:
    """Remove the parts of the frame that carry no information."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return axes
