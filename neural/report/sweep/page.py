"""The report of a sweep, from its files alone: ``sweep.json``, one self-contained page, and the same as Markdown."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from neural.errors import BadInput
from neural.escape import escape_markdown
from neural.files import write_text
from neural.paper.sweep_result import BridgeResult, ReplicaResult, SweepResult, check
from neural.report.sweep.figures import bridge_figure, dose_figure, facts_figure
from neural.report.sweep.measures import OPENERS, Measures, say_seeds
from neural.report.sweep.sections import make_sections
from neural.report.templates import prose, render, svg
from neural.result import SCHEMA, Result, read, write

FIGURES: dict[str, Callable[[Measures], Figure]] = {"facts": facts_figure, "dose": dose_figure, "bridge": bridge_figure}
MAX_ROWS = 12  # of a long table, in Markdown


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
    figures = {section.figure: FIGURES[section.figure](sweep) for section in sections if section.figure}
    drawn = {name: svg(figure) for name, figure in figures.items()}
    for template, file, escape in (("page.html", "report.html", str), ("page.md", "results.md", escape_markdown)):
        texts = write_texts(sweep, escape)
        page = render(f"sweep/{template}", sweep=sweep, sections=sections, figures=drawn, prose=texts, limit=MAX_ROWS)
        write_text(folder / file, page)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=130)
