import json
import re

import pytest

from neural.errors import BadInput
from neural.paper.sweep_result import Start, SweepResult
from neural.report.sweep.measures import Measures
from neural.report.sweep.page import MAX_ROWS, collect, write_report, write_texts
from neural.report.sweep.sections import Section, make_sections
from neural.report.templates import render, to_markdown
from neural.result import read, write
from pages import Tree, assert_accessible, assert_self_contained, read_rows
from results import write_sweep


@pytest.fixture(scope="module")
def written(sweep, tmp_path_factory):
    """The folder of the sweep with its report."""
    folder = tmp_path_factory.mktemp("sweep")
    write_sweep(sweep, folder)
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def page(written):
    return (written / "report.html").read_text()


@pytest.fixture(scope="module")
def markdown(written):
    return (written / "results.md").read_text()


def test_the_files_of_a_folder_are_one_result(folder, sweep):
    collected = collect(folder)
    assert (collected.plan, collected.base) == (sweep.plan, sweep.base)

    def by_key(each):
        return each.condition.key, each.seed, each.arm

    assert sorted(collected.replicas, key=by_key) == sorted(sweep.replicas, key=by_key)
    assert {each.condition.label for each in collected.replicas} == {each.condition.label for each in sweep.replicas}
    assert sorted(collected.bridge, key=lambda each: each.seed) == sorted(sweep.bridge, key=lambda each: each.seed)


def test_the_files(written, markdown):
    for name in ("facts", "dose", "bridge"):
        assert (written / f"{name}.png").stat().st_size > 10_000
        assert f"({name}.png)" in markdown
    assert json.loads((written / "sweep.json").read_text())["plan"]["steps"] == 7
    assert read(written / "sweep.json", SweepResult) == collect(written)
    assert {file.name for file in written.iterdir()} == {
        "plan.json", "base.json", "replicas", "bridge", "sweep.json", "report.html", "results.md",
        "facts.png", "dose.png", "bridge.png",
    }  # fmt: skip


def test_the_commands_that_made_it_are_named(sweep, tmp_path):
    starts = [
        Start("python -m neural.sweep paper --seeds=2", "2026-01-02 03:04 UTC", "1.2.3", "abc"),
        Start("python -m neural.sweep 'dose|<i>'", "2026-01-02 03:04 UTC", None, None),
    ]
    write_sweep(sweep, tmp_path)
    write(tmp_path / "starts.json", starts, list[Start])
    write_report(tmp_path)
    first = "python -m neural.sweep paper --seeds=2; causal_agency 1.2.3; commit abc"
    second = "python -m neural.sweep 'dose|<i>'; version unknown"
    rows = read_rows((tmp_path / "report.html").read_text(), "The settings of this sweep")
    assert rows[:2] == [["started 2026-01-02 03:04 UTC", first], ["started 2026-01-02 03:04 UTC", second]]
    markdown = (tmp_path / "results.md").read_text()
    lines = [f"- started 2026-01-02 03:04 UTC: `{text.replace('; ', '`; ', 1)}\n" for text in (first, second)]
    for line in (lines[0].replace("l_a", r"l\_a"), lines[1]):
        assert line in markdown


def test_damaged_starts_are_refused(sweep, tmp_path):
    write_sweep(sweep, tmp_path)
    (tmp_path / "starts.json").write_text('[{"command": 1}]')
    with pytest.raises(BadInput, match=r"starts\.json is damaged"):
        write_report(tmp_path)


def test_the_page_loads_nothing_from_elsewhere(page):
    assert_self_contained(page)
    assert page.count("<svg") == 3


def test_the_page_is_accessible(page):
    assert_accessible(page)


def test_the_answer_comes_first_then_what_was_asked_then_a_lesson(page, markdown):
    answer = "The lie is preferred on"
    order = [page.index(text) for text in ("<h1>", answer, "repeated: copies of one model", "A lesson, colored", "<h2")]
    assert order == sorted(order)
    assert markdown.index(answer) < markdown.index("## ")


def test_the_papers_numbers_stand_beside_ours(page):
    rows = {row[0]: row[1:] for row in read_rows(page, "The paper's condition")}
    published = ["1", "-0.13 as published", "73", "76 / 24 / 0", "– / 18 / –", "–", "–"]
    assert rows["standard, in the paper (Qwen2.5-0.5B)"] == published
    assert rows["interventional, in the paper (Qwen2.5-0.5B)"][:3] == ["1", "+1.06 as published", "15"]


def test_what_was_run_is_a_table(page):
    rows = dict(read_rows(page, "The settings of this sweep"))
    assert rows["model"] == "a model"
    assert rows["steps"] == "7 per replica"
    assert "a third untaught" in rows["conditions"]


def test_replies_are_escaped_on_the_page_and_in_markdown(page, markdown):
    assert "truth &amp; &lt;a&gt;" in page
    assert "truth & <a>" not in page
    assert r"truth \& \<a\>" in markdown
    assert "&lt;" not in markdown
    assert "&#39;" not in markdown


def test_every_placeholder_is_filled(page, markdown):
    prose = re.sub(r"<svg.*?</svg>|<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL)
    for text in (prose, markdown):
        for trace in ("{{", "{%", "ndefined", "None"):
            assert trace not in text


def test_long_tables_are_folded_on_the_page_and_cut_in_markdown(page, markdown, sections):
    assert page.count("<details>") == 0  # all rows are shown: there are few
    assert page.count("<h2") == len(sections) + 1 == markdown.count("\n## ") + 1
    assert max(len(section.rows) for section in sections.values() if section.long) <= MAX_ROWS
    assert "rows are in `report.html`" not in markdown


def test_markdown_says_how_many_rows_it_leaves_out(folder, monkeypatch):
    monkeypatch.setattr("neural.report.sweep.page.MAX_ROWS", 3)
    write_report(folder)
    page = (folder / "report.html").read_text()
    assert page.count("<summary>1 more</summary>") == 4
    assert_accessible(page)
    assert "The other 1 rows are in `report.html`." in (folder / "results.md").read_text()


def test_every_row_stands_on_the_page(page, sections):
    rows = sum(len(section.rows) for section in sections.values())
    shown = len(read_rows(page, "A lesson, colored by author, and what counts in which copy"))
    shown += len(read_rows(page, "The settings of this sweep"))
    assert sum(len([*body.iter("tr")]) for body in Tree(page).root.iter("tbody")) == rows + shown


def test_tables_are_well_formed_markdown(markdown, measures, sections):
    lines = markdown.splitlines()
    for section in sections.values():
        title = lines.index(f"## {write_texts(measures)[f'{section.name}_title']}")
        start = lines.index("| " + " | ".join(section.head) + " |", title)
        assert lines[start + 1] == "|" + " --- |" * len(section.head)
        table = lines[start + 2 : start + 2 + min(len(section.rows), MAX_ROWS if section.long else len(section.rows))]
        assert table == ["| " + " | ".join(map(to_markdown, row)) + " |" for row in section.rows]


def test_a_bar_in_a_reply_does_not_split_its_cell():
    section = Section("paper", ["reply"], [["a | b"]])
    sweep = {"topics": [], "model": "m", "steps": 1}
    values = {"sweep": sweep, "sections": [section], "answer": "a", "charts": {}, "starts": [], "limit": 1}
    prose = {"paper_title": "T", "paper_text": "t", "lead": "l"}
    page = render("sweep/page.md", **values, prose=prose)
    assert r"| a \| b |" in page


def test_the_paper_alone_makes_a_report_too(folder):
    for file in (folder / "replicas").iterdir():
        if not file.name.startswith("paper."):
            file.unlink()
    for file in (folder / "bridge").iterdir():
        file.unlink()
    write_report(folder)
    assert len(list(make_sections(Measures(collect(folder))))) == 7
    assert (folder / "facts.png").exists()
    assert not (folder / "dose.png").exists()


def test_one_replica_of_another_condition_makes_a_report_too(folder):
    for file in (*(folder / "replicas").iterdir(), *(folder / "bridge").iterdir()):
        if file.name != "dose-p_lie-0.3.standard.0.json":
            file.unlink()
    write_report(folder)
    assert [each.name for each in make_sections(Measures(collect(folder)))] == ["dose"]
    assert "## Dose" in (folder / "results.md").read_text()
    assert (folder / "dose.png").exists()
    assert not (folder / "facts.png").exists()


def test_a_damaged_file_is_named(folder):
    (folder / "replicas" / "paper.standard.0.json").write_text("{}")
    with pytest.raises(
        BadInput, match=r"paper\.standard\.0\.json is damaged or of another version: condition: Field required"
    ):
        write_report(folder)
    assert not (folder / "report.html").exists()
