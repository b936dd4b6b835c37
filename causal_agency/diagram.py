"""The causal diagram of section 2.2 as SVG: what seeing an action says of its cause, and what doing it cuts.

>>> from pathlib import Path
>>> from causal_agency import diagram
>>> _ = Path("causal_graph.svg").write_text(diagram.causal_graph(), encoding="utf-8")  # doctest: +SKIP
"""

from collections.abc import Iterator, Sequence

__all__ = ["causal_graph"]

WIDTH, HEIGHT, RADIUS = 640, 300, 26
PLACES = {"p": (160, 82), "a": (75, 202), "o": (245, 202)}  # of the nodes in a panel
EDGES = ("p", "a"), ("p", "o"), ("a", "o")
CUT = "p", "a"
SHIFT = 320  # between the panels
ACTED, KINDS = 1, ("seen", "acted")  # the panel of do(a); the classes of both
PANELS: Sequence[tuple[str, str]] = (
    ("see(a): a is evidence about p", "P(o | a)"),
    ("do(a): the arrow into a is cut", "P(o | do(a))"),
)
TITLE = "Seeing an action and doing it"
TEXT = (
    "Two causal diagrams with the arrows p to a, p to o and a to o. Left, a is seen: evidence flows back along the "
    "arrow from p to a. Right, a is done: this arrow is cut, a says nothing about p, and the arrow from a to o remains."
)
STYLE = """
  text { font: 15px system-ui, sans-serif; text-anchor: middle; fill: #1a1a1a; }
  .name { font: italic 20px Georgia, serif; } .head { font-weight: 600; }
  circle { fill: #fff; stroke: #1a1a1a; stroke-width: 1.5; } .acted circle.a { fill: #f5ecd4; stroke-width: 3; }
  path { stroke: #1a1a1a; stroke-width: 2; fill: none; } .tip { fill: #1a1a1a; stroke: none; }
  .cut { stroke: #b03a00; stroke-dasharray: 4 5; } .scissors { fill: #b03a00; font-size: 24px; }
  @media (prefers-color-scheme: dark) {
    text, .tip { fill: #e8e8e8; } circle { fill: #161616; stroke: #e8e8e8; } path { stroke: #e8e8e8; }
    .acted circle.a { fill: #3d3319; } .cut { stroke: #ff9a66; } .scissors { fill: #ff9a66; }
  }
"""


def _edge(panel: int, start: str, end: str) -> str:
    """Return an arrow between two nodes; doing cuts the one into a."""
    (x1, y1), (x2, y2) = PLACES[start], PLACES[end]
    length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
    dx, dy = (x2 - x1) / length, (y2 - y1) / length
    first, last = RADIUS + 2, length - RADIUS - 3
    cut = panel == ACTED and (start, end) == CUT
    ends = f"M{x1 + dx * first:.1f} {y1 + dy * first:.1f}L{x1 + dx * last:.1f} {y1 + dy * last:.1f}"
    if not cut:
        return f'<path d="{ends}" marker-end="url(#tip)"/>'
    middle = f'<text class="scissors" x="{(x1 + x2) / 2:.1f}" y="{(y1 + y2) / 2 + 8:.1f}">✂</text>'
    return f'<path class="cut" d="{ends}"/>{middle}'


def _panel(panel: int) -> Iterator[str]:
    """Yield the parts of the diagram of seeing or of doing."""
    head, below = PANELS[panel]
    yield f'<g transform="translate({SHIFT * panel} 0)" class="{KINDS[panel]}">'
    yield f'<text class="head" x="160" y="28">{head}</text>'
    yield from (_edge(panel, *edge) for edge in EDGES)
    for name, (x, y) in PLACES.items():
        yield f'<circle class="{name}" cx="{x}" cy="{y}" r="{RADIUS}"/>'
        yield f'<text class="name" x="{x}" y="{y + 6}">{name}</text>'
    yield f'<text x="160" y="270">{below}</text></g>'


def causal_graph() -> str:
    """Return the diagram of a hypothesis p, an action a and an outcome o, seen on the left and done on the right (2.2).

    P(p, a, o) = P(p) P(a | p) P(o | p, a), and do(a) removes the factor P(a | p).

    Returns:
        An SVG document with a title, a description and a dark mode, for a file or a page.

    Example:
        >>> causal_graph().count("<path class=\\"cut\\"")  # one arrow is cut
        1
    """
    parts = [part for panel in range(len(PANELS)) for part in _panel(panel)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-labelledby="title text">\n'
        f'<title id="title">{TITLE}</title>\n<desc id="text">{TEXT}</desc>\n<style>{STYLE}</style>\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>\n' + "\n".join(parts) + "\n</svg>\n"
    )
