"""The page of a run on logs."""

from pathlib import Path

from matplotlib import rc_context

from neural.files import write_text
from neural.own.delusion import TENTHS
from neural.own.result import LogsRun
from neural.report.charts import LETTERS, Chart, add_head, new_figure, svg
from neural.report.own.tables import describe, list_heads, list_models, list_probes, list_warnings, list_written
from neural.report.own.terminal import PROBE_HEADS
from neural.report.replies import PROBE_NAMES, PROBES, SHOWN, list_replies
from neural.report.run.figures import loss_chart
from neural.report.run.settings import describe_settings
from neural.report.style import list_looks, strip
from neural.report.templates import render

DRAWN = {"agent": "the agent's words", "world": "the world's words"}


@rc_context(LETTERS)
def position_chart(run: LogsRun) -> Chart:
    """Draw how surprising each model finds the agent's and the world's words, by tenth of the transcript."""
    figure = new_figure(3.4)
    title = "How surprising are the words of each, along the transcript?"
    for axes, (author, name) in zip(figure.subplots(1, 2, sharey=True), DRAWN.items()):
        strip(axes).set(title=name, xlabel="% of the transcript", xlim=(0, 100))
        for (model, measured), (color, marker, line) in zip(run.arms.items(), list_looks(run.arms)):
            points = [(10 * i + 5, x.nats) for i, x in enumerate(measured.reading.positions[author]) if x.tokens]
            label = f"‘{model}’" if model.startswith("_") else model  # matplotlib hides such names
            axes.plot(*zip(*points), color=color, marker=marker, linestyle=line, label=label, markersize=4)
    figure.axes[0].set(ylabel="nats per token", ylim=(0, None))
    add_head(figure, title, figure.axes[0], columns=3)
    return Chart(figure, title, f"{describe(run)} The curves show this in each of {TENTHS} parts.")


def write_report(folder: Path, run: LogsRun) -> None:
    """Write ``report.html`` of ``run`` to ``folder``."""
    losses = {name: model.losses for name, model in run.arms.items() if model.losses}
    asked = {name: model.probes for name, model in run.arms.items() if model.probes is not None}
    charts = {"positions": position_chart(run)}
    if losses:
        charts["losses"] = loss_chart(losses, "The loss of each step", "token")
    page = render(
        "own/page.html",
        answer=describe(run),
        compared=run.compared,
        warnings=list_warnings(run),
        models=(list_heads(run), list_models(run)),
        probes=(PROBE_HEADS, list_probes(run)),
        arms=list(asked),
        titles=PROBES,
        names=PROBE_NAMES,
        replies={probe: list_replies(asked, probe) for probe in PROBES} if asked else {},
        shown=SHOWN,
        written=list_written(run),
        settings_lines=describe_settings(run.config),
        charts={name: svg(chart, name) for name, chart in charts.items()},
    )
    write_text(folder / "report.html", page)
