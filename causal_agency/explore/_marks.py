"""Small SVG pictures that stretch with their cell: what is believed before and after a slot, and false evidence."""

from collections.abc import Sequence
from math import isinf
from typing import Any

HEIGHT = 120  # of a picture, in pixels; widths are percentages
BEND = 45  # where a change that begins at the left edge is complete


def flow(before: Sequence[float], after: Sequence[float]) -> str:
    """Return bands, one per hypothesis from the top, that go from one posterior to the next."""
    tops, ends = _edges(before), _edges(after)
    bands = (_band(i, *tops[i : i + 2], *ends[i : i + 2]) for i in range(len(before)))
    return _picture("".join(bands), "flow")


def gap() -> str:
    """Return an empty picture: there is no posterior, or it is not shown yet."""
    return _picture("", "gap")


def steps(before: Sequence[float | None], after: Sequence[float | None], low: float, high: float) -> str:
    """Return lines from the false evidence before a slot to that after it; None leaves a gap, ±∞ ends at the edge."""
    zero = _height(0, low, high)
    lines = [f'<path class="zero" d="M0 {zero}H100"/>']
    for i, (x, y) in enumerate(zip(before, after), 1):
        if x is not None and y is not None:
            x, y = _height(x, low, high), _height(y, low, high)
            curve = f"M0 {x}C{BEND / 2:g} {x} {BEND / 2:g} {y} {BEND} {y}H100"
            area = f'<path class="area" d="{curve}V{zero}H0Z"/>' if len(after) == 1 else ""
            lines.append(f'{area}<path class="line p{i}" d="{curve}"/>')
    return _picture("".join(lines), "steps")


def swatch(i: int) -> str:
    """Return the mark of a hypothesis for legends and numbers."""
    box = '<rect class="{}" width="12" height="12"/>'
    return (
        f'<svg class="swatch" viewBox="0 0 12 12" aria-hidden="true">{box.format(f"p{i}")}{box.format(f"h{i}")}</svg>'
    )


def patterns(n: int) -> str:
    """Return the hatching of hypotheses: horizontal lines, which keep their look when a picture is stretched."""
    lines = (("", 8), ("M0 2H8", 6), ("M0 1H8M0 4H8", 9), ("M0 1H8", 3), ("M0 1H8M0 4H8M0 7H8", 14), ("M0 4H8", 12))
    each = (
        f'<pattern id="hatch{i}" width="8" height="{size}" patternUnits="userSpaceOnUse"><path d="{path or "M0 0"}"/>'
        "</pattern>"
        for i, (path, size) in enumerate(lines[:n])
    )
    return f'<svg class="patterns" aria-hidden="true"><defs>{"".join(each)}</defs></svg>'


def _picture(content: str, name: str) -> str:
    """Return a picture as wide as its cell."""
    box = f'viewBox="0 0 100 {HEIGHT}" preserveAspectRatio="none" aria-hidden="true"'
    return f'<svg class="{name}" {box}>{content}</svg>'


def _edges(probs: Sequence[float]) -> list[float]:
    """Return the upper edge of every band, and the lowest edge."""
    return [round(HEIGHT * sum(probs[:i]), 2) for i in range(len(probs) + 1)]


def _band(i: int, top: float, bottom: float, new_top: float, new_bottom: float) -> str:
    """Return one band, twice: its color and its hatching."""
    half = f"{BEND / 2:g}"
    path = (
        f"M0 {top}C{half} {top} {half} {new_top} {BEND} {new_top}H100V{new_bottom}H{BEND}"
        f"C{half} {new_bottom} {half} {bottom} 0 {bottom}Z"
    )
    return f'<path class="p{i}" d="{path}"/><path class="h{i}" d="{path}"/>'


def _height(x: float, low: float, high: float) -> float:
    """Return where a number of nats is drawn: six pixels from the edges, or at an edge if it is infinite."""
    if isinf(x):
        return 0 if x > 0 else HEIGHT
    return round(6 + (HEIGHT - 12) * (high - x) / ((high - low) or 1), 2)


def limits(values: Sequence[float | None]) -> tuple[float, float]:
    """Return the range to draw: of the finite values and zero, and one nat toward each infinity."""
    known = [0.0, *(min(max(x, -1.0), 1.0) if isinf(x) else x for x in values if x is not None)]
    return min(known), max(known) or float(min(known) == 0)


def bar(x: Any) -> str:
    """Return a bar as long as a probability; an empty one if there is none."""
    width = 0 if x is None else round(100 * float(x), 2)
    return (
        '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="6"/><rect width="{width:g}" height="6"/></svg>'
    )
