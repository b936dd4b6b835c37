"""The report of a run: figures and one self-contained page, made from ``results.json`` alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from neural.files import write_text
from neural.report.margins import margin_figure
from neural.report.replies import MARK, PROBES, compare, count_kinds, count_respelled, count_verdicts
from neural.report.run.figures import loss_figure
from neural.report.templates import render, svg
from neural.result import Run, read


def share_of_lies(template: Mapping[str, Any]) -> float:
    """Return the share of lessons in which the Agent itself tells a lie: p_lie (1 − p_teacher).

    A teacher's turns are true, and their share is drawn first (`neural.paper.lessons`).
    """
    return template["p_lie"] * (1 - template["p_teacher"])


def draw(run: Run) -> dict[str, Figure]:
    """Return the figures of a run, by the names of their files."""
    trained = {name: result for name, result in run.arms.items() if result.losses}
    topics = [fact.topic for fact in run.arms["base"].margin.per_fact]
    margins = {name: np.array([result.margin.values]) for name, result in run.arms.items()}
    return {
        "loss": loss_figure({name: result.losses for name, result in trained.items()}, "token that counts"),
        "agent": loss_figure({name: result.agent_losses for name, result in trained.items()}, "token of the agent"),
        "margin": margin_figure(topics, margins),
    }


def write_report(folder: Path) -> None:
    """Write ``loss.png``, ``agent.png``, ``margin.png`` and ``report.html`` from the ``results.json`` in ``folder``."""
    run: Run = read(folder / "results.json", Run)
    figures = draw(run)
    page = render(
        "run/page.html",
        config=run.config,
        arms=run.arms,
        lie_share=share_of_lies(run.config["template"]),
        facts=len(run.arms["base"].margin.per_fact),
        probes=PROBES,
        mark=MARK,
        count_verdicts=count_verdicts,
        count_kinds=count_kinds,
        respelled=count_respelled(run.arms.values()),
        rows={probe: list(compare(run.arms, probe)) for probe in PROBES},
        figures={name: svg(figure) for name, figure in figures.items()},
    )
    write_text(folder / "report.html", page)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=150)
