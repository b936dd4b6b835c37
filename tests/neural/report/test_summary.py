from rich.console import Console

from neural.report.summary import replies_table, side_by_side, summary_table
from results import RESULTS


def printed(table):
    console = Console(width=80, record=True)
    console.print(table)
    return console.export_text()


def test_the_summary_fits_a_terminal():
    rows = [line.split() for line in printed(summary_table(RESULTS)).splitlines()]
    assert ["base", "+0.100", "0", "3/0/0", "3/0/0", "3/0/0"] in rows
    assert ["standard", "-0.200", "2", "1/1/1", "1/1/1", "1/1/1"] in rows
    assert ["interventional", "+0.500", "0", "3/0/0", "3/0/0", "3/0/0"] in rows


def test_the_replies_that_part_the_arms_come_first():
    said = [user for user, _ in side_by_side(RESULTS, "lie_probe")]
    assert said == ["said <1>", "said <2>", "said <0>"]
    assert "✗ reply 1" in printed(replies_table(RESULTS, "lie_probe", most=1))
