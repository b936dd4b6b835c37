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


def test_an_interventional_failure_is_as_telling_as_a_standard_one():
    """The two trained arms exchanged, the same facts lead."""
    arms = RESULTS["arms"]
    exchanged = {"arms": {**arms, "standard": arms["interventional"], "interventional": arms["standard"]}}
    for results in (RESULTS, exchanged):
        assert [user for user, _ in side_by_side(results, "truth_probe")] == ["said <1>", "said <2>", "said <0>"]


def test_brackets_are_no_markup():
    reply = {"topic": "t", "prompt": "User: [red]\n", "reply": "[bold]", "verdict": "truth"}
    arm = {"truth_probe": {"replies": [reply]}, "margin": {"per_fact": [{"margin": 0.0}]}}
    text = printed(replies_table({"arms": dict.fromkeys(RESULTS["arms"], arm)}, "truth_probe", most=1))
    assert "[red]" in text
    assert "[bold]" in text


def test_an_endless_reply_is_cut_in_the_terminal():
    reply = {"topic": "t", "prompt": "User: so\n", "reply": "on and " * 99, "verdict": "other"}
    arm = {"truth_probe": {"replies": [reply]}, "margin": {"per_fact": [{"margin": 0.0}]}}
    text = printed(replies_table({"arms": dict.fromkeys(RESULTS["arms"], arm)}, "truth_probe", most=1))
    assert text.count("…") >= 3
    assert text.count("and") < 3 * 120 / 7


def test_the_replies_that_part_the_arms_come_first():
    said = [user for user, _ in side_by_side(RESULTS, "lie_probe")]
    assert said == ["said <1>", "said <2>", "said <0>"]
    assert "✗ reply 1" in printed(replies_table(RESULTS, "lie_probe", most=1))
