"""Charts: a figure, what it is called, what it shows in words, and what its parts say to the pointer."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neural.escape import show

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
WIDTH = 5.6  # inches: letters of 9 points are still read where a page makes it the width of a phone
LETTERS: Any = {"font.size": 9, "axes.titlesize": 9, "legend.fontsize": 9}  # in points
DPI = 180  # of image files
UNWANTED = f"{{{SVG}}}metadata", f"{{{SVG}}}style"  # a style of one figure would be one of the whole page
FONT = re.compile(r"font-family: [^;]*;?")
BANDS = 48  # of the horizontal axis, each of which has something to say
ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", XLINK)


class Chart(NamedTuple):
    """A figure for eyes, and for those who cannot see it.

    Attributes:
        figure: what is drawn; its legend carries the title.
        title: a few words.
        text: what one sees, in a sentence or two, with the numbers that matter.
        tips: what to say of each part of a drawn object, by the object's gid.
    """

    figure: Figure
    title: str
    text: str
    tips: Mapping[str, Sequence[str]] = {}


def new_figure(height: float) -> Figure:
    """Return an empty figure of the charts' width; ``height`` is in inches."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def add_head(figure: Figure, title: str, axes: Axes, columns: int = 2) -> None:
    """Write the title over the figure, and below it what the labels of ``axes`` stand for."""
    handles, labels = axes.get_legend_handles_labels()
    legend = figure.legend(handles, map(show, labels), loc="outside upper left", title=show(title), alignment="left",
                           title_fontproperties={"weight": "bold", "size": 10}, frameon=False, ncols=columns,
                           handlelength=3)  # fmt: skip
    for text in (legend.get_title(), *legend.get_texts()):
        text.set_parse_math(False)


def add_bands(axes: Axes, gid: str, edges: Sequence[float] | np.ndarray) -> None:
    """Divide the horizontal axis at ``edges`` into invisible bands that answer to the pointer."""
    transform = axes.get_xaxis_transform()
    for bar in axes.bar(edges[:-1], 1, np.diff(edges), align="edge", transform=transform, color="none", zorder=9):
        bar.set_gid(gid)


def svg(chart: Chart, name: str) -> Markup:
    """Return the chart as an <svg> element with texts, a name and a description; ``name`` keeps its ids apart."""
    root = _read(chart.figure, name)
    for parent in [*root.iter()]:
        for child in [each for each in parent if each.tag in UNWANTED]:
            parent.remove(child)
    _separate_ids(root, name)
    _add_tips(root, {f"{name}-{gid}": list(texts) for gid, texts in chart.tips.items()})
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.attrib |= {"class": "chart", "role": "img", "aria-labelledby": f"{name}-title {name}-text"}
    for i, (tag, text) in enumerate((("title", chart.title), ("desc", chart.text))):
        element = ElementTree.Element(f"{{{SVG}}}{tag}", {"id": f"{name}-{'text' if i else 'title'}"})
        element.text = show(text)
        root.insert(i, element)
    return Markup(ElementTree.tostring(root, "unicode"))


def save(chart: Chart, file: Path) -> None:
    """Write the chart as an image."""
    with rc_context(LETTERS):
        chart.figure.savefig(file, dpi=DPI)


def _read(figure: Figure, name: str) -> ElementTree.Element:
    """Draw ``figure`` as SVG, with texts as texts, the same every time."""
    text = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name, **LETTERS}):
        figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
    return ElementTree.fromstring(text.getvalue())


def _separate_ids(root: ElementTree.Element, name: str) -> None:
    """Put ``name`` before every id, and before whatever refers to one; fonts are the page's."""
    for element in root.iter():
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, f"{name}-{value}")
            elif key == "style":
                element.set(key, FONT.sub("", value))
            elif value.startswith("#"):
                element.set(key, f"#{name}-{value[1:]}")
            elif "url(#" in value:
                element.set(key, value.replace("url(#", f"url(#{name}-"))


def _parts(group: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Yield the drawn parts of a group: the markers of a line, or a path."""
    markers = [*group.iter(f"{{{SVG}}}use")]
    yield from markers or (path for path in group.iter(f"{{{SVG}}}path"))


def _add_tips(root: ElementTree.Element, tips: Mapping[str, list[str]]) -> None:
    """Give each part of a drawn object its <title>, in their order."""
    parts: dict[str, list[ElementTree.Element]] = {gid: [] for gid in tips}
    for group in root.iter(f"{{{SVG}}}g"):
        gid = group.get("id")
        if gid in parts:
            if parts[gid]:  # a band after the first: an id is there once
                del group.attrib["id"]
            parts[gid] += _parts(group)
    for gid, texts in tips.items():
        for part, text in zip(parts[gid], texts, strict=True):
            part.set("class", "tip")
            title = ElementTree.SubElement(part, f"{{{SVG}}}title")
            title.text = show(text)
