"""The report for a person: figures and one self-contained page, all from ``results.json``."""

import io
import json
from pathlib import Path

import matplotlib.pyplot as plt
from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from matplotlib.figure import Figure

from neural.report.figures import agent_figure, loss_figure, margin_figure
from neural.report.summary import MARK, PROBES, side_by_side, verdicts

# What each arm learned from, for its reader.
LESSONS = {
    "standard": "learned from every word.",
    "interventional": "saw the same words, but what the Agent wrote never counted as evidence.",
    "assistant-only": "learned from the Agent's words alone, as most recipes for chat models do.",
}


def svg(figure: Figure) -> Markup:
    """The figure as an <svg> element."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return Markup(text.getvalue()[text.getvalue().index("<svg") :])


def page(results: dict, figures: dict[str, Figure]) -> str:
    """The whole page; nothing in it is loaded from elsewhere."""
    environment = Environment(loader=PackageLoader("neural.report", "."), autoescape=True, trim_blocks=True)
    return environment.get_template("page.html").render(
        results=results,
        arms=results["arms"],
        lessons={name: LESSONS[name] for name in results["arms"] if name in LESSONS},
        facts=len(results["arms"]["base"]["margin"]["per_fact"]),
        probes=PROBES,
        mark=MARK,
        verdicts=verdicts,
        rows={probe: list(side_by_side(results, probe)) for probe in PROBES},
        figures={name: svg(figure) for name, figure in figures.items()},
    )


def write_report(folder: Path) -> None:
    """``loss.png``, ``agent.png``, ``margin.png`` and ``report.html`` from the ``results.json`` in ``folder``."""
    results = json.loads((folder / "results.json").read_text())
    figures = {"loss": loss_figure(results), "agent": agent_figure(results), "margin": margin_figure(results)}
    (folder / "report.html").write_text(page(results, figures), encoding="utf-8")
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=150)
        plt.close(figure)
