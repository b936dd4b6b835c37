"""The report of a sweep, from its files alone: `study.json`, one self-contained page, and the same as Markdown."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from jinja2 import Environment, PackageLoader
from matplotlib.figure import Figure

from neural.report.curves import bridge_figure, dose_figure, facts_figure
from neural.report.measures import Study
from neural.report.page import svg
from neural.report.sections import sections

FIGURES: dict[str, Callable[[dict], Figure]] = {"facts": facts_figure, "dose": dose_figure, "bridge": bridge_figure}


def collected(folder: Path) -> dict[str, Any]:
    """Everything that was measured, as one object."""
    plan, base = (json.loads((folder / f"{name}.json").read_text()) for name in ("plan", "base"))
    rows = [row for file in sorted((folder / "cells").glob("*.json")) for row in json.loads(file.read_text())]
    bridge = [entry for file in sorted((folder / "bridge").glob("*.json")) for entry in json.loads(file.read_text())]
    return {"plan": plan, "base": base, "rows": rows, "bridge": bridge}


def write_study(folder: Path) -> None:
    """``study.json``, ``report.html``, ``results.md`` and the figures, from what stands in ``folder``."""
    study = collected(folder)
    (folder / "study.json").write_text(json.dumps(study) + "\n")
    parts = list(sections(Study(study)))
    figures = {part.figure: FIGURES[part.figure](study) for part in parts if part.figure}
    drawn = {name: svg(figure) for name, figure in figures.items()}
    for template, file in (("study.html", "report.html"), ("study.md", "results.md")):
        html = template.endswith("html")
        environment = Environment(loader=PackageLoader("neural.report", "."), autoescape=html, trim_blocks=True)
        page = environment.get_template(template).render(
            plan=study["plan"], topics=len(study["base"]["topics"]), sections=parts, figures=drawn
        )
        (folder / file).write_text(page, encoding="utf-8")
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=130)
        plt.close(figure)
