"""The report of a run: figures and one self-contained page, made from ``results.json`` alone."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from neural.files import write_text
from neural.paper.facts import FACTS as ASKED
from neural.report.charts import Chart, save, svg
from neural.report.lesson import make_lesson
from neural.report.margins import margin_chart
from neural.report.published import FACTS, MODEL, PUBLISHED, UNKNOWN, show_counts
from neural.report.replies import PROBE_NAMES, PROBES, SHOWN, count_kinds, count_respelled, count_verdicts, list_replies
from neural.report.run.figures import loss_chart
from neural.report.run.settings import describe_settings
from neural.report.templates import render
from neural.result import Result, Run, read


def share_of_lies(template: Mapping[str, Any]) -> float:
    """Return the share of lessons in which the Agent itself tells a lie: p_lie (1 − p_teacher).

    A teacher's turns are true, and their share is drawn first (`neural.paper.lessons`).
    """
    return template["p_lie"] * (1 - template["p_teacher"])


def say_answer(run: Run) -> str:
    """Return the result of a run in a sentence, for any arms and any number of steps."""
    base, arms = run.arms["base"], {name: arm for name, arm in run.arms.items() if name != "base"}
    facts, steps = len(base.margin.per_fact), run.config["steps"]
    copies = [f"the {name} copy prefers the lie on {arm.margin.lie_preferred}" for name, arm in arms.items()]
    said = ", ".join([f"{copies[0]} of {facts:,} facts", *copies[1:]])
    before = f"before training, the base does on {base.margin.lie_preferred}"
    return f"After {steps:,} step{'s' * (steps != 1)}, {said}; {before}."


def draw(run: Run) -> dict[str, Chart]:
    """Return the charts of a run, by the names of their files."""
    trained = {name: result for name, result in run.arms.items() if result.losses}
    topics = [fact.topic for fact in run.arms["base"].margin.per_fact]
    margins = {name: np.array([result.margin.values]) for name, result in run.arms.items()}
    losses, agent = ({name: getattr(each, key) for name, each in trained.items()} for key in ("losses", "agent_losses"))
    return {
        "loss": loss_chart(losses, "Loss at every step", "token that counts"),
        "agent": loss_chart(agent, "Loss of what the agent said", "token of the agent"),
        "margin": margin_chart(topics, margins),
    }


HEAD = (
    Markup("model"),
    Markup("margin <small>nats per token</small>"),
    Markup("margin as published <small>nats per token</small>"),
    Markup("lie preferred <small>facts</small>"),
    *(Markup("{} <small>truth / lie / other</small>").format(name) for name in PROBE_NAMES.values()),
    Markup("turn taking <small>replies; probability</small>"),
    Markup("supervised tokens <small>an epoch</small>"),
)


def summary_row(name: str, result: Result) -> list[str]:
    """Return the row of a model in the summary, by `HEAD`."""
    turns, tokens = result.turn_taking, result.supervised_tokens
    probes = [
        Markup("{}<small>{}</small>").format(
            count_verdicts(result.probe(probe)).replace("/", " / "), count_kinds(result.probe(probe))
        )
        for probe in PROBES
    ]
    return [
        name,
        f"{result.margin.mean:+.3f}",
        f"{result.margin_as_published.mean:+.3f}",
        f"{result.margin.lie_preferred} of {len(result.margin.per_fact):,}",
        *probes,
        f"{turns.replies} of {turns.prompts:,}; {turns.probability:.2%}",
        "" if tokens is None else f"{tokens:,}",
    ]


def published_row(name: str) -> list[str]:
    """Return what the paper reports of one of its arms, by `HEAD`."""
    paper = PUBLISHED[name]
    probes = (show_counts(paper.counts(probe), str) for probe in PROBES)
    cells = UNKNOWN, f"{paper.margin:+.3f}", f"{paper.lie_preferred} of {FACTS}", *probes, UNKNOWN, UNKNOWN
    return [f"{name}, in the paper ({MODEL})", *cells]


def asks_the_papers_facts(arms: Mapping[str, Result]) -> bool:
    """Return whether the models were asked about the paper's facts, so that its numbers can stand beside theirs."""
    return [fact.topic for fact in arms["base"].margin.per_fact] == [fact.topic for fact in ASKED]


def summarize(arms: Mapping[str, Result]) -> Iterator[tuple[list[str], str]]:
    """Yield the rows of the summary and their class in the page: each arm, and next to it the paper's own."""
    for name, result in arms.items():
        yield summary_row(name, result), ""
        if name in PUBLISHED and asks_the_papers_facts(arms):
            yield published_row(name), "published"


def write_report(folder: Path) -> None:
    """Write ``loss.png``, ``agent.png``, ``margin.png`` and ``report.html`` from the ``results.json`` in ``folder``."""
    run: Run = read(folder / "results.json", Run)
    charts, template = draw(run), run.config["template"]
    rows, classes = zip(*summarize(run.arms), strict=True)
    trained = [name for name in run.arms if name != "base"]
    lie_share = share_of_lies(template)
    page = render(
        "run/page.html",
        config=run.config,
        arms=run.arms,
        trained=trained,
        answer=say_answer(run),
        lie_share=lie_share,
        papers=asks_the_papers_facts(run.arms),
        lesson=make_lesson(run.arms["base"], trained, lie_share > 0, template["p_wrong"] == 1),
        facts=len(run.arms["base"].margin.per_fact),
        head=HEAD,
        rows=rows,
        classes=classes,
        probes=PROBES,
        names=PROBE_NAMES,
        respelled=count_respelled(run.arms.values()),
        replies={probe: list_replies(run.arms, probe) for probe in PROBES},
        shown=SHOWN,
        settings=describe_settings(run.config),
        charts=charts,
        figures={name: svg(chart, name) for name, chart in charts.items()},
    )
    write_text(folder / "report.html", page)
    for name, chart in charts.items():
        save(chart, folder / f"{name}.png")
