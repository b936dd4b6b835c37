"""The result of a run in a terminal: one table of numbers, and the replies on which the arms differ most."""

from collections.abc import Mapping
from itertools import islice

from rich import box
from rich.table import Table
from rich.text import Text

from neural.report.replies import PROBES, compare, count_verdicts, mark
from neural.result import Result

STYLE = {"truth": "green", "lie": "bold red", "other": "dim"}
MAX_REPLY = 120  # characters of a reply that are printed


def summary_table(results: Mapping[str, Result]) -> Table:
    """Return a table with a row for the base and each arm."""
    facts = len(results["base"].margin.per_fact)
    title = f"{facts} facts; replies: ✓ the truth, ✗ the lie, · something else"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("arm", no_wrap=True)
    heads = "margin\nnats/token", "prefers\nthe lie", "truth probe\n✓/✗/·", "lie probe\n✓/✗/·", "question\n✓/✗/·"
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for name, result in results.items():
        counts = (count_verdicts(result.probe(probe)) for probe in PROBES)
        table.add_row(name, f"{result.margin.mean:+.3f}", str(result.margin.lie_preferred), *counts)
    return table


def replies_table(results: Mapping[str, Result], probe: str, limit: int) -> Table:
    """Return a table of the first ``limit`` replies to one probe, all arms side by side."""
    table = Table("user", *results, box=box.SIMPLE_HEAD, title=PROBES[probe], title_justify="left")
    for said, replies in islice(compare(results, probe), limit):
        cells = [Text(mark(reply), style=STYLE[reply.verdict]) for reply in replies]
        for cell in cells:
            cell.truncate(MAX_REPLY, overflow="ellipsis")
        table.add_row(Text(said), *cells)
    return table
