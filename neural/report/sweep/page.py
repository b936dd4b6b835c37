"""The report of a sweep, from its files alone: ``sweep.json``, one self-contained page, and the same as Markdown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from neural.errors import BadInput
from neural.escape import escape_markdown
from neural.files import write_text
from neural.paper.sweep_result import AS_IN_LESSONS, BridgeResult, ReplicaResult, Start, SweepResult, check
from neural.report.charts import Chart, save, svg
from neural.report.lesson import make_lesson
from neural.report.sweep.answer import describe_code, describe_plan, describe_starts, say_answer
from neural.report.sweep.figures import bridge_chart, dose_chart, facts_chart
from neural.report.sweep.measures import OPENERS, Measures, say_seeds
from neural.report.sweep.sections import make_sections
from neural.report.templates import prose, render
from neural.result import SCHEMA, Result, read, write

CHARTS: dict[str, Callable[[Measures], Chart]] = {"facts": facts_chart, "dose": dose_chart, "bridge": bridge_chart}
MAX_ROWS = 12  # of a long table: a page folds the others, Markdown leaves them out


def collect(folder: Path) -> SweepResult:
    """Return everything that was measured, as one value; raise BadInput if its parts do not fit together."""
    replicas: list[ReplicaResult] = []
    bridge: list[BridgeResult] = []
    for file in sorted((folder / "replicas").glob("*.json")):
        replicas.append(read(file, ReplicaResult))
    for file in sorted((folder / "bridge").glob("*.json")):
        bridge += read(file, list[BridgeResult])
    plan: dict[str, Any] = read(folder / "plan.json", dict[str, Any])
    base: dict[str, Result] = read(folder / "base.json", dict[str, Result])
    sweep = SweepResult(SCHEMA, plan, base, tuple(replicas), tuple(bridge))
    try:
        check(sweep)
    except BadInput as problem:
        raise BadInput(f"{folder} is damaged, or of another sweep: {problem}") from None
    return sweep


def read_starts(folder: Path) -> list[Start]:
    """Return which commands worked on a sweep; older sweeps do not say."""
    file = folder / "starts.json"
    return read(file, list[Start]) if file.exists() else []


def write_texts(sweep: Measures, escape: Callable[[str], str] = str) -> dict[str, str]:
    """Return the titles, texts and captions of the report; ``escape`` is applied to the model's name."""
    (few,) = sweep.select_part("untaught") or [sweep.paper]
    arms = sweep.select_arms(few)
    return prose(
        "sweep/prose.jinja",
        model=escape(sweep.model),
        steps=sweep.steps,
        seeds=say_seeds(sweep.count_seeds(sweep.paper, sweep.select_arms(sweep.paper))),
        untaught_seeds=say_seeds(sweep.count_seeds(few, arms)),
        worded_seeds=say_seeds(sweep.count_seeds(sweep.paper, arms)),
        openers=OPENERS,
        bridge_seeds=len({each.seed for each in sweep.bridge}),
    )


def write_report(folder: Path) -> None:
    """Write ``sweep.json``, ``report.html``, ``results.md`` and the figures, from the files in ``folder``."""
    result = collect(folder)
    write(folder / "sweep.json", result)
    sweep = Measures(result)
    sections = list(make_sections(sweep))
    charts = {section.figure: CHARTS[section.figure](sweep) for section in sections if section.figure}
    starts = read_starts(folder)
    values = {
        "sweep": sweep,
        "sections": sections,
        "answer": say_answer(sweep),
        "lesson": make_lesson(sweep.base[AS_IN_LESSONS], sweep.arms),
        "starts": [(start, describe_code(start)) for start in starts],
        "settings": [*describe_starts(starts), *describe_plan(sweep, result.plan)],
        "charts": charts,
        "figures": {name: svg(chart, name) for name, chart in charts.items()},
        "limit": MAX_ROWS,
    }
    for template, file, escape in (("page.html", "report.html", str), ("page.md", "results.md", escape_markdown)):
        write_text(folder / file, render(f"sweep/{template}", prose=write_texts(sweep, escape), **values))
    for name, chart in charts.items():
        save(chart, folder / f"{name}.png")
