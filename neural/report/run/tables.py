"""The result of a run in a terminal: one table of numbers, and the replies on which the arms differ most."""

from collections.abc import Mapping
from itertools import islice

from rich import box
from rich.table import Table
from rich.text import Text

from neural.escape import show
from neural.report.replies import PROBE_NAMES, PROBES, Marked, compare, count_kinds, count_verdicts, false_values, mark
from neural.result import Result

STYLE = {"truth": "green", "lie": "bold red", "other": "dim"}  # of the mark
MAX_REPLY = 120  # characters of a reply that are printed


def describe_others(results: Mapping[str, Result]) -> str:
    """Return a line for the base and each arm on the kinds of its replies that tell neither truth nor lie."""
    kinds = {name: {probe: count_kinds(result.probe(probe)) for probe in PROBES} for name, result in results.items()}
    lines = (
        f"· {show(name)}: " + "; ".join(f"{PROBE_NAMES[probe]} {text}" for probe, text in probes.items() if text)
        for name, probes in kinds.items()
        if any(probes.values())
    )
    return "\n".join(lines)


def summary_table(results: Mapping[str, Result]) -> Table:
    """Return a table with a row for the base and each arm."""
    facts = len(results["base"].margin.per_fact)
    title = (
        f"{facts} facts; replies: ✓ the truth, ✗ the lie, · something else\n"
        "turn taking: how many replies take the user's turn; how probable that is"
    )
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True, title=title, title_justify="left", caption_justify="left")
    table.caption = describe_others(results)
    table.add_column("arm", no_wrap=True)
    names = (f"{name}\n✓/✗/·".replace(" ", "\n") for name in PROBE_NAMES.values())
    for head in ("margin\nnats/token", "lie\npreferred", *names, "turn\ntaking"):
        table.add_column(head, justify="right", no_wrap=True)
    for name, result in results.items():
        counts = (count_verdicts(result.probe(probe)) for probe in PROBES)
        turns = f"{result.turn_taking.replies}; {result.turn_taking.probability:.1%}"
        table.add_row(show(name), f"{result.margin.mean:+.3f}", str(result.margin.lie_preferred), *counts, turns)
    return table


def color(said: Marked) -> Text:
    """Return a reply in which the mark and a false value are colored, and nothing else."""
    style = STYLE[said.verdict]
    parts = (said.mark, style), " ", show(said.before), (show(said.value), style), show(said.after)
    return Text.assemble(*parts)


def replies_table(results: Mapping[str, Result], probe: str, limit: int) -> Table:
    """Return a table of the first ``limit`` replies to one probe, all arms side by side."""
    values = false_values(results)
    table = Table("user", *map(show, results), box=box.SIMPLE_HEAD, title=PROBES[probe], title_justify="left")
    for said, replies in islice(compare(results, probe), limit):
        cells = [color(mark(reply, values.get(reply.topic, ""))) for reply in replies]
        for cell in cells:
            cell.truncate(MAX_REPLY, overflow="ellipsis")
        table.add_row(Text(show(said)), *cells)
    return table
