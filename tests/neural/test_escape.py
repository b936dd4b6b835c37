"""What data and models write is shown as it is, and steers nothing."""

import unicodedata

import pytest
from rich.console import Console

from neural.arm_names import ARM_NAMES
from neural.cli import Command
from neural.escape import code_markdown, escape_markdown, show, show_lines
from neural.paper.sweep_result import SweepResult
from neural.report.run import page as run_page
from neural.report.run.tables import replies_table, summary_table
from neural.report.sweep.page import write_report
from neural.result import write
from results import RUN, draw_sweep, write_sweep

STEERING = [
    *map(chr, range(32)),
    *map(chr, range(127, 160)),
    *"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
]
NASTY = "</td><script>alert(1)</script>\x1b[2J\x9b31m\u202e$\\frac |[x](javascript:a) `b` [/b]--> ![i](http://h)"


@pytest.mark.parametrize("character", STEERING, ids=lambda character: f"U+{ord(character):04X}")
def test_no_character_steers_a_terminal_or_turns_a_line_around(character):
    assert show(f"a{character}b") == "a\ufffdb"
    assert show_lines(f"a{character}b") == (f"a{character}b" if character == "\n" else "a\ufffdb")
    assert unicodedata.category(character) in ("Cc", "Cf")


def test_other_texts_are_shown_as_they_are():
    assert show("é 東京 😀 −1 <b>") == "é 東京 😀 −1 <b>"


def test_markdown_shows_the_text():
    assert escape_markdown("a|b <i> [x](y) *z* `c`\n") == r"a\|b \<i\> [x\](y) \*z\* \`c\`" + "\ufffd"
    assert escape_markdown("see https://x.y") == r"see https:\//x.y"
    assert escape_markdown("+0.23 [0.1, 0.3] (4 seeds)") == "+0.23 [0.1, 0.3] (4 seeds)"


@pytest.mark.parametrize(
    ("text", "code"),
    [("a --b|<i>", "`a --b|<i>`"), ("a `b` c", "`` a `b` c ``"), ("``", "``` `` ```"), ("a\nb", "`a\ufffdb`")],
)
def test_markdown_shows_code(text, code):
    assert code_markdown(text) == code


def spoil(value):
    """Return a result, or a run or sweep, in which every topic, line and reply is nasty."""
    if isinstance(value, tuple):
        return tuple(spoil(each) for each in value)
    if isinstance(value, dict):
        return {key: spoil(each) for key, each in value.items()}
    if not hasattr(value, "__dataclass_fields__"):
        return value
    spoiled = {name: spoil(getattr(value, name)) for name in value.__dataclass_fields__}
    texts = {name: NASTY + getattr(value, name) for name in ("topic", "said", "reply") if name in spoiled}
    return type(value)(**spoiled | texts)


def assert_harmless(page):
    assert not set(STEERING[:32] + STEERING[32:]) & set(page) - {"\n"}
    assert "<script>alert" not in page.replace("\\<", "")


def test_the_page_of_a_run(tmp_path):
    write(tmp_path / "results.json", type(RUN)(RUN.schema, RUN.config | {"model": NASTY}, spoil(RUN.arms)))
    run_page.write_report(tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert_harmless(page)
    assert "&lt;script&gt;alert(1)" in page


def test_both_reports_of_a_sweep(tmp_path):
    sweep = draw_sweep()
    drawn = SweepResult(
        sweep.schema,
        sweep.plan | {"model": NASTY},
        spoil(sweep.base),
        tuple(
            type(each)(each.condition, each.seed, each.arm, each.taught, each.theory, spoil(each.results))
            for each in sweep.replicas
        ),
        (),
    )
    write_sweep(drawn, tmp_path)
    write_report(tmp_path)
    assert_harmless((tmp_path / "report.html").read_text())
    text = (tmp_path / "results.md").read_text()
    assert_harmless(text)
    assert r"\<script\>" in text
    assert r"[x\](javascript" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace(r"\|", "").count("|") for line in rows if "script" in line}) <= 3  # a width per table
    assert "](" not in text.replace("\\](", "").replace(".png)", "").replace("](facts", "").replace("](dose", "")


def test_the_tables_in_a_terminal(capsys):
    console = Console(markup=False, highlight=False, force_terminal=True, width=400, color_system=None)
    console.print(replies_table(spoil(RUN.arms), "lie_probe", 3))
    console.print(summary_table(RUN.arms | {NASTY: RUN.arms["standard"]}))
    shown = capsys.readouterr().out
    assert "[/b]" in shown
    assert not set(STEERING) & set(shown) - {"\n"}


def test_errors_are_one_harmless_line(capsys):
    for complain in (Command("train").fail, Command("train").error):
        with pytest.raises(SystemExit, match="2"):
            complain(NASTY + "\nsecond")
        said = capsys.readouterr().err
        assert said.startswith("train: </td>")
        assert not set(STEERING) & set(said) - {"\n"}
        assert said.count("\n") == 1


def test_names_of_arms_need_no_escaping():
    assert all(show(name) == name == escape_markdown(name) for name in ARM_NAMES)
