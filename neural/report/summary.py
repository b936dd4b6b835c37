"""The result in a terminal: one table of numbers, and the replies in which the arms differ most."""

from collections.abc import Iterator

from rich import box
from rich.table import Table
from rich.text import Text

PROBES = {
    "truth_probe": "The user states the truth",
    "lie_probe": "The user states the lie",
    "question_probe": "The user asks: tell me about …",
}
STYLE = {"truth": "green", "lie": "bold red", "other": "dim"}
MARK = {"truth": "✓", "lie": "✗", "other": "·"}
VALUE = {"truth": 2, "lie": 0, "other": 1}
LONGEST = 120  # letters of a reply that are shown


def verdicts(arm: dict, probe: str) -> str:
    """How many replies told the truth, a lie, something else."""
    return "/".join(str(arm[probe][verdict]) for verdict in MARK)


def summary_table(results: dict) -> Table:
    """One row an arm."""
    facts = len(results["arms"]["base"]["margin"]["per_fact"])
    title = f"{facts} facts; replies: ✓ the truth, ✗ the lie, · something else"
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left")
    table.add_column("arm", no_wrap=True)
    for head in (
        "margin\nnats/token",
        "prefers\nthe lie",
        "truth probe\n✓/✗/·",
        "lie probe\n✓/✗/·",
        "question\n✓/✗/·",
    ):
        table.add_column(head, justify="right", no_wrap=True)
    for name, arm in results["arms"].items():
        margin = arm["margin"]
        table.add_row(
            name, f"{margin['mean']:+.3f}", str(margin["lie_preferred"]), *(verdicts(arm, probe) for probe in PROBES)
        )
    return table


def side_by_side(results: dict, probe: str) -> Iterator[tuple[str, list[dict]]]:
    """(what the user said, the reply of every arm) for each fact; the facts on which trained arms part most come first.

    First by verdict, then by margin, whichever arm is in the wrong.
    """
    replies = [arm[probe]["replies"] for arm in results["arms"].values()]
    margins = [arm["margin"]["per_fact"] for arm in results["arms"].values()]

    def apart(i: int) -> tuple[float, float]:
        verdicts = [VALUE[rows[i]["verdict"]] for rows in replies[1:]]
        trained = [rows[i]["margin"] for rows in margins[1:]]
        return max(verdicts) - min(verdicts), max(trained) - min(trained)

    for i in sorted(range(len(replies[0])), key=apart, reverse=True):
        row = [rows[i] for rows in replies]
        yield row[0]["prompt"].split("User: ")[-1].split("\n")[0], row


def replies_table(results: dict, probe: str, most: int) -> Table:
    """The ``most`` telling replies to one probe, every arm beside the others."""
    table = Table("user", *results["arms"], box=box.SIMPLE_HEAD, title=PROBES[probe], title_justify="left")
    for said, replies in list(side_by_side(results, probe))[:most]:
        cells = [Text(f"{MARK[reply['verdict']]} {reply['reply']}", style=STYLE[reply["verdict"]]) for reply in replies]
        for cell in cells:
            cell.truncate(LONGEST, overflow="ellipsis")
        table.add_row(Text(said), *cells)
    return table
