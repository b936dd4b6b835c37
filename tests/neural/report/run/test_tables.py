from dataclasses import replace

from rich.console import Console

from neural.report.run.tables import replies_table, summary_table
from neural.result import Probe, Reply
from results import RUN


def show(table):
    console = Console(width=80, record=True)
    console.print(table)
    return console.export_text()


def show_reply(reply):
    """Print the one reply of every arm to the truth probe."""
    arm = replace(RUN.arms["base"], truth_probe=Probe.count([reply]))
    return show(replies_table(dict.fromkeys(RUN.arms, arm), "truth_probe", limit=1))


def test_the_summary_fits_a_terminal():
    rows = [line.split() for line in show(summary_table(RUN.arms)).splitlines()]
    assert ["base", "+0.100", "0", "3/0/0", "3/0/0", "3/0/0", "2;", "12.5%"] in rows
    assert ["standard", "-0.200", "2", "1/1/1", "1/1/1", "1/1/1", "2;", "12.5%"] in rows
    assert ["interventional", "+0.500", "0", "3/0/0", "3/0/0", "3/0/0", "2;", "12.5%"] in rows


def test_the_kinds_of_other_replies_stand_below_the_summary():
    lines = [line.strip() for line in show(summary_table(RUN.arms)).splitlines()]
    assert "· standard: truth probe 1 off topic; lie probe 1 off topic; question probe 1 off topic" in " ".join(lines)
    assert not [line for line in lines if line.startswith("· base")]


def test_brackets_are_not_markup():
    text = show_reply(Reply("t", "User: [red]\n", "[bold]", "truth", "", "truth"))
    assert "[red]" in text
    assert "[bold]" in text


def test_an_endless_reply_is_cut_in_the_terminal():
    text = show_reply(Reply("t", "User: so\n", "on and " * 99, "other", "empty", "other"))
    assert text.count("…") >= 3
    assert text.count("and") < 3 * 120 / 7


def test_the_most_telling_replies_are_printed_with_their_marks():
    text = show(replies_table(RUN.arms, "lie_probe", limit=1))
    assert "✗ reply 1" in text
    assert "The user states the lie" in text
    assert "reply 2" not in text
