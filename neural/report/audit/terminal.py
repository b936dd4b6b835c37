"""An audit in a terminal."""

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from neural.escape import show, show_lines
from neural.own.audit import Audit, Sample
from neural.report.audit.tables import Rows, describe_lengths, list_findings, list_objectives, list_writers

STYLES = {"agent": "red", "context": "dim", "protocol": "blue"}  # the world's is green


def make_table(heads: Sequence[str], rows: Rows, names: int) -> Table:
    """Return a table whose first ``names`` columns are names, and the others numbers."""
    table = Table(box=box.SIMPLE_HEAD)
    for i, head in enumerate(heads):
        table.add_column(head, justify="left" if i < names else "right", no_wrap=i < names)
    for row in rows:
        table.add_row(*(Text(show(cell)) for cell in row))
    return table


def list_tables(audit: Audit, refused: list[str]) -> Iterator[RenderableType]:
    """Yield what is printed: lengths, tables, what deserves a look, what could not be read."""
    yield describe_lengths(audit)
    yield make_table(("format", "writer", "parts", "characters", "tokens", "share"), list_writers(audit), 2)
    yield make_table(("objective", "tokens that count", "share"), list_objectives(audit), 1)
    for finding in list_findings(audit):
        yield Text(f"· {show(finding)}")
    if refused:
        yield Text(f"· {len(refused):,} could not be read, first: {show(refused[0])}")


def paint(sample: Sample) -> Text:
    """Return a transcript with each run named and colored by its writer."""
    text = Text(f"\n{show(str(sample.place))}\n", style="bold")
    for writer, said in sample.runs:
        style = STYLES.get(writer, "green")
        text.append(f"[{writer}] ", style="dim")
        text.append(show_lines(said) + ("" if said.endswith("\n") else "\n"), style=f"not bold {style}")
    return text
