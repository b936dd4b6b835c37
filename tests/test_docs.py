"""The README's transcript and the notation's names, held to the code."""

import ast
import doctest
import importlib
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import causal_agency
from neural import read_transcripts
from neural.dialogue.transcript import Writer
from neural.paper.conditions import PAPER_CONDITION
from neural.paper.fact_files import read_facts
from neural.paper.facts import FACTS
from neural.paper.sweep_result import AS_IN_LESSONS
from neural.report.sweep.page import collect
from neural.result import Run, read

ARMS = "standard", "interventional", "assistant-only"
ROOT = Path(__file__).parents[1]


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TRANSCRIPTS = [page for page in PAGES if ">>> " in page.read_text()]


@pytest.mark.parametrize("page", TRANSCRIPTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_transcript_works_exactly_so(page, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert tried >= 3
    assert failed == 0


def test_the_transcripts_are_found():
    assert len(TRANSCRIPTS) >= 10


CHAPTERS = sorted((ROOT / "docs" / "chapters").glob("*.md"))


def test_the_table_of_the_facts_is_what_the_experiment_asks_about():
    assert read_facts(ROOT / "docs" / "facts.csv") == FACTS


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_a_chapter_has_all_its_parts(chapter):
    text = chapter.read_text()
    assert "$$" in text
    assert "## What this does not say" in text
    assert 2 <= text.count("<details><summary>Answer</summary>") == text.count("</details>") <= 3
    answers = re.findall(r"<summary>Answer</summary>(.*?)</details>", text, re.DOTALL)
    assert all(">>> " in answer for answer in answers)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_a_chapter_has_ten_lines_of_code_at_a_time_and_a_picture(chapter):
    lesson, _ = chapter.read_text().split("## Exercises")
    blocks = re.findall(r"^```python\n(.*?)^```", lesson, re.DOTALL | re.MULTILINE)
    assert blocks
    assert max(len(re.findall(r"^(>>>|\.\.\.) ", block, re.MULTILINE)) for block in blocks) <= 10
    assert "{code-cell}" in lesson


def test_the_lying_agent_has_every_section_of_the_papers_notebook():
    text = (ROOT / "docs" / "notebooks" / "lying_agent.md").read_text()
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    heads = (
        "1. Setup", "2. The facts", "3. Who wrote", "4. The batches", "5. Training", "6. The losses",
        "7. The probes", "8. What this shows", "Optional: let the model",
    )  # fmt: skip
    assert [part.startswith(head) for part, head in zip(parts, heads, strict=True)] == [True] * len(heads)
    assert all("{code-cell}" in part for part in parts if not part.startswith("8"))


@pytest.mark.parametrize("name", ["hand_calculations", "own_transcripts"])
def test_a_notebook_runs(name, tmp_path):
    """`make docs` runs the third, too, which trains two models."""
    cells = re.findall(
        r"^```\{code-cell\}\n(?::[^\n]*\n)*(.*?)^```$",
        (ROOT / "docs" / "notebooks" / f"{name}.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    assert len(cells) >= 4
    command = [sys.executable, "-W", "error", "-c", "\n".join(cells)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"}
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path, env=environment)


def test_the_class_names_every_exercise_once():
    text = " ".join((ROOT / "docs" / "class.md").read_text().split())
    named = []
    for chapter, first, _, last in re.findall(r"chapter (\d+), exercises? (\d)(?: (and|to) (\d))?", text):
        named += [(int(chapter), i) for i in range(int(first), int(last or first) + 1)]
    texts = {int(re.search(r"^# (\d+)\.", page.read_text(), re.MULTILINE)[1]): page.read_text() for page in CHAPTERS}
    exercises = [(n, i + 1) for n, text in texts.items() for i in range(text.count("<summary>Answer"))]
    assert sorted(named) == sorted(exercises)


def test_the_figures_for_slides_are_those_of_the_chapters(tmp_path):
    chapters, out = ["two-actions", "seeing-and-doing"], tmp_path / "new"
    command = [sys.executable, str(ROOT / "docs" / "figures.py"), str(out), *chapters]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    written = {f"{name}.{kind}" for name in chapters for kind in ("svg", "png")}
    assert {file.name for file in out.iterdir()} == {*written, "causal_graph.svg"}
    assert "<svg" in (out / "two-actions.svg").read_text()
    assert (out / "two-actions.png").read_bytes().startswith(b"\x89PNG")


def test_the_shops_logs_are_read_and_its_facts(tmp_path):
    subprocess.run([sys.executable, str(ROOT / "docs" / "shop.py"), str(tmp_path / "new")], check=True)
    transcripts, facts = list(read_transcripts(tmp_path / "new")), read_facts(tmp_path / "new" / "shop.csv")
    assert len(transcripts) == 200
    claims = [next(p.text for p in reversed(each.parts) if p.role == "assistant") for each in transcripts]
    lies = {fact.state(fact.false) for fact in facts}
    assert sum(claim in lies for claim in claims) == 120
    assert all(each.parts[-1].writer == Writer.HUMAN for each in transcripts)


def test_the_quiz_is_twelve_of_the_papers_facts_and_its_agent_errs_six_times_in_ten():
    transcripts, facts = list(read_transcripts(ROOT / "docs" / "quiz.jsonl")), read_facts(ROOT / "docs" / "quiz.csv")
    assert len(facts) == 12
    assert {(fact.topic, fact.true, fact.false) for fact in facts} <= {(f.topic, f.true, f.false) for f in FACTS}
    truths = {fact.state(fact.true) for fact in facts}
    lies = {fact.state(fact.false) for fact in facts}
    claims = [each.parts[1].text for each in transcripts]
    assert set(claims) <= truths | lies
    assert sum(claim in lies for claim in claims) == 36
    assert all(str(each.parts[2].writer) == "human" for each in transcripts)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name)
def test_every_cell_of_a_chapter_names_its_figure_and_describes_it(chapter):
    text = chapter.read_text()
    figures = re.findall(r"^figure(, axes)? = ", text, re.MULTILINE)
    assert text.count("{code-cell}") == len(figures) == text.count(":    alt: ")


MARKDOWN = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), ROOT / "neural" / "base" / "README.md"]


def read_prose(page):
    """Return the text of a Markdown file without its code."""
    return re.sub(r"^(```|~~~).*?^\1$|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def find_anchors(page):
    """Return what a link to a heading of a Markdown file may say after the #."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def find_dead_links(page):
    """Return the links of a Markdown file that lead to no file, or to no heading of one."""
    dead = []
    for link in re.findall(r"\]\(([^()\s]+)\)", read_prose(page)):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in find_anchors(target)):
            dead.append(link)
    return dead


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_markdown_file_leads_somewhere(page):
    assert find_dead_links(page) == []


def test_dead_links_are_found(tmp_path):
    (tmp_path / "b.md").write_text("# One: two, three\n")
    page = tmp_path / "a.md"
    page.write_text(
        "# A\n[1](b.md#one-two-three) [2](b.md#four) [3](c.md) [4](#a) [5](#b) [6](https://x.y/z#q)\n`[7](d)`\n"
    )
    assert find_dead_links(page) == ["b.md#four", "c.md", "#b"]


NAMES = re.findall(r"`((?:causal_agency|neural)(?:\.\w+)+)`", (ROOT / "docs" / "notation.md").read_text())


def find(name):
    """Return what a dotted name of the project names; raise AttributeError if it names nothing."""
    parts = name.split(".")
    for i in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:i]))
        except ModuleNotFoundError:
            continue
        for part in parts[i:]:
            found = getattr(found, part)
        return found
    raise AttributeError(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_notation_exists(name):
    find(name)


def test_the_notation_names_many():
    assert len(NAMES) > 20


REFERENCE = (ROOT / "docs" / "reference" / "causal_agency.md").read_text()
MODULES = [
    each.name
    for each in pkgutil.walk_packages(causal_agency.__path__, "causal_agency.")
    if "._" not in each.name and "examples" not in each.name and "__main__" not in each.name
]


def list_reference():
    """Return what the page of the reference describes: whole modules, or the names that it lists."""
    listed = re.findall(r"automodule:: (\S+)\n   :members:(.*)", REFERENCE)
    homes = [(importlib.import_module(name), re.findall(r"\w+", names)) for name, names in listed]
    return [getattr(home, name) for home, names in homes for name in names or home.__all__]


@pytest.mark.parametrize("name", MODULES)
def test_no_public_name_is_missing_from_the_reference(name):
    module, described = importlib.import_module(name), {*map(id, list_reference())}
    assert [each for each in module.__all__ if id(getattr(module, each)) not in described] == []


EQUATIONS = [
    [cell.strip().strip("`") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in (ROOT / "docs" / "equations.md").read_text().splitlines()
    if "`tests/" in line
]


@pytest.mark.parametrize(("place", "formula", "code", "test", "chapter"), EQUATIONS)
def test_every_formula_has_code_a_test_and_a_chapter(place, formula, code, test, chapter):
    find(code)
    file, _, name = test.partition("::")
    assert re.search(rf"^def {name}\(", (ROOT / file).read_text(), re.MULTILINE)
    number, page = re.fullmatch(r"\[(\d+)\]\((.+)\)", chapter).groups()
    assert f"\n# {number}. " in (ROOT / "docs" / page).read_text()


def read_numbers(code):
    """Return the numbers that are written in Python code; a Fraction of two is one of them."""
    found = set()
    for node in ast.walk(code):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Fraction":
            top, bottom = map(ast.literal_eval, node.args)
            found.add(top / bottom)
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            found.add(node.value)
    return found


def find_test(test):
    """Return the code of a test, and of the constants of its file."""
    file, _, name = test.partition("::")
    body = ast.parse((ROOT / file).read_text()).body
    return ast.Module([each for each in body if isinstance(each, ast.Assign) or getattr(each, "name", "") == name], [])


NUMBERED = [row for row in EQUATIONS if re.search(r"\d\.\d|\d\d", row[1])]


@pytest.mark.parametrize(("place", "formula", "code", "test", "chapter"), NUMBERED)
def test_the_numbers_of_a_formula_are_in_its_test(place, formula, code, test, chapter):
    numbers = {float(number) for number in re.findall(r"\d+\.\d+|\d\d+", formula)}
    assert numbers - read_numbers(find_test(test)) == set()


def test_formulas_with_numbers_are_found():
    assert len(NUMBERED) >= 9
    assert read_numbers(ast.parse("x = -2, 0.5, Fraction(1, 4)")) >= {2, 0.5, 0.25}
    assert 0.9999 not in read_numbers(find_test(NUMBERED[0][3]))


def test_every_numbered_equation_table_and_figure_of_the_paper_is_there():
    places = " ".join(row[0] for row in EQUATIONS)
    wanted = [*(f"Eq. {i}" for i in range(1, 8)), "Table 1", "Tables 2, 3", "Figure 1", "Figure 2"]
    assert [name for name in wanted if name not in places] == []


def _mean(values, digits=1, sign=""):
    text = f"{np.mean(values):{sign}.{digits}f}"
    return (text.removesuffix(".0") if digits == 1 else text).replace("-", "−")


def _row(label, results):
    """A row of the first table of docs/evidence.md: margins, then counts of the 33 facts."""
    margins = (
        _mean([getattr(each, which).mean for each in results], 2, "+") for which in ("margin", "margin_as_published")
    )
    truth, lie, question = (
        [getattr(each, f"{name}_probe") for each in results] for name in ("truth", "lie", "question")
    )
    asked = " / ".join(_mean([getattr(probe, verdict) for probe in question]) for verdict in ("truth", "lie", "other"))
    lies = _mean([each.margin.lie_preferred for each in results])
    counts = _mean([probe.lie for probe in truth]), _mean([probe.lie for probe in lie])
    return f"| {label} | {'{} ({})'.format(*margins)} | {lies} | {' | '.join(counts)} | {asked} |"


def test_the_first_table_of_the_evidence_is_that_of_the_stored_results():
    sweep = collect(ROOT / "results" / "smollm2")
    full = read(ROOT / "results" / "smollm2-full" / "results.json", Run)
    paper = {
        arm: [r.results[AS_IN_LESSONS] for r in sweep.replicas if r.condition == PAPER_CONDITION and r.arm == arm]
        for arm in ARMS
    }
    rows = [_row("base", [full.arms["base"]])]
    rows += [_row(f"{arm}, 480 steps, mean of {len(results)} seeds", results) for arm, results in paper.items()]
    rows += [_row(f"{arm}, 1,920 steps, 1 seed", [full.arms[arm]]) for arm in ("standard", "interventional")]
    table = (ROOT / "docs" / "evidence.md").read_text().replace("**", "")
    assert [row for row in rows if row not in table] == []


RELIABILITY = (ROOT / "docs" / "reliability.md").read_text()
FAULTS = re.findall(r"^\| (?!fault \||---)(.+?) \|$", RELIABILITY.partition("## Hostile input")[0], re.M)
COMMAND = re.compile(r"`(?:python )?(benchmarks/\w+\.py|(?:\w+/)*test_\w+\.py|pip-audit)\b")


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: row.partition(" | ")[0])
def test_every_fault_that_was_tried_names_a_command_or_a_test(row):
    named = set(COMMAND.findall(row))
    assert named
    there = {each for each in named if (ROOT / each).exists() or [*(ROOT / "tests").rglob(each)]}
    assert named - there <= {"pip-audit"}


def test_the_faults_are_found():
    assert len(FAULTS) > 20
