"""A run on logs in a terminal."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from neural.escape import show
from neural.own.result import LogsRun
from neural.report.audit.terminal import make_table
from neural.report.own.tables import PROBES, describe, list_heads, list_models, list_probes, list_warnings

LEGEND = "margin in nats per token; replies: ✓ the truth, ✗ the lie, · something else"
PROBE_HEADS = "model", "margin", "prefers the lie", *(f"{name} ✓/✗/·" for name in PROBES.values()), "user's turn"


def list_tables(run: LogsRun) -> Iterator[RenderableType]:
    """Yield what is printed: the change in a sentence, nats per token by author, probes, warnings."""
    yield Text(show(describe(run)))
    yield make_table(list_heads(run), list_models(run), 1)
    if rows := list_probes(run):
        yield make_table(PROBE_HEADS, rows, 1)
        yield Text(LEGEND)
    for warning in list_warnings(run):
        yield Text(f"· {show(warning)}")
