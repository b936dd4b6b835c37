"""The figures of a sweep, with 95% intervals over seeds."""

from collections.abc import Sequence
from operator import itemgetter

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType

from neural.paper.conditions import Condition
from neural.paper.sweep_result import AS_IN_LESSONS, THEORIES
from neural.report.margins import margin_figure
from neural.report.statistics import Interval, interval, share_interval
from neural.report.style import Look, look, strip
from neural.report.sweep.measures import Measures, lies

DOSES = {"p_lie": "lessons in which the agent lies (%)", "p_wrong": "replies in which the world is wrong (%)"}
LINES: tuple[LineStyleType, ...] = "-", ":"  # of the losses
THEORY_LINES: tuple[LineStyleType, ...] = "--", "-.", ":"
OBSERVERS = {"interventional": ("#0060a8", "o"), "bystander": ("#c44e00", "s")}


def draw_intervals(
    axes: Axes, x: Sequence[float] | np.ndarray, intervals: Sequence[Interval], look: Look, label: str
) -> None:
    """Draw means and their intervals at ``x``."""
    means, low, high = np.array(intervals).T
    half = np.nan_to_num([means - low, high - means])
    axes.errorbar(x, means, yerr=half, color=look.color, marker=look.marker, linestyle=look.line, capsize=2,
                  linewidth=1.4, markersize=5, label=label)  # fmt: skip


def geometric_interval(values: np.ndarray) -> Interval:
    """Return the geometric mean of positive values, and the interval of their logarithms."""
    return Interval(*np.exp(interval(np.log(np.maximum(values, 1e-9)))))


def facts_figure(sweep: Measures) -> Figure:
    """Draw the margin of every fact and arm in the paper's condition."""
    base = np.array([sweep.base[AS_IN_LESSONS].margin.values])
    return margin_figure(
        sweep.topics, {"base": base} | {arm: sweep.margins(sweep.paper, arm) for arm in sweep.select_arms(sweep.paper)}
    )


def order_doses(sweep: Measures, variable: str) -> list[tuple[float, Condition]]:
    """Return the conditions in which only ``variable`` differs from the paper's, and its percentage in each."""
    conditions = [sweep.paper, *(each for each in sweep.select_part("dose") if each.variable == variable)]
    return sorted(((100 * getattr(each.template, variable), each) for each in conditions), key=itemgetter(0))


def draw_doses(axes: Axes, sweep: Measures, doses: Sequence[tuple[float, Condition]], arm: str) -> None:
    """Draw how often an arm's networks prefer the lie, and its exact mixtures expect it, at the doses that it has."""
    there = [(dose, condition) for dose, condition in doses if sweep.select(condition, arm)]
    if not there:
        return
    x = [dose for dose, _ in there]
    for theory, line in zip(THEORIES, THEORY_LINES, strict=True):
        means = [100 * float(np.mean(sweep.expectations(condition, arm, theory))) for _, condition in there]
        axes.plot(x, means, color="#555555", linestyle=line, linewidth=1.2, label=f"exact, {theory}")
    shares = [np.multiply(100, sweep.measure_seeds(condition, arm, lies)) for _, condition in there]
    draw_intervals(axes, x, [share_interval(each) for each in shares], look(arm)._replace(line="-"), arm)
    axes.set_ylim(-4, 104)


def dose_figure(sweep: Measures) -> Figure:
    """Draw how often networks and exact mixtures prefer the lie, by how often the agent lies and the world is wrong."""
    doses = {variable: found for variable in DOSES if len(found := order_doses(sweep, variable)) > 1}
    arms = [arm for arm in sweep.arms if any(sweep.select(each, arm) for each in sweep.select_part("dose"))]
    figure = Figure(figsize=(1 + 3.6 * len(doses), 0.8 + 2.4 * len(arms)), layout="constrained")
    panels = figure.subplots(len(arms), len(doses), sharex="col", sharey=True, squeeze=False)
    for column, (variable, found) in zip(panels.T, doses.items(), strict=True):
        for axes, arm in zip(column, arms, strict=True):
            draw_doses(strip(axes), sweep, found, arm)
        column[-1].set_xlabel(DOSES[variable])
    for axes, arm in zip(panels[:, 0], arms, strict=True):
        axes.set_ylabel(f"{arm}:\nlie preferred, %")
    labels = [axes.get_legend_handles_labels() for axes in panels[:, 0]]
    handles = {label: handle for each in labels for handle, label in zip(*each, strict=True)}
    figure.legend(handles.values(), handles.keys(), frameon=False, loc="outside upper center", ncols=2)
    return figure


def bridge_figure(sweep: Measures) -> Figure:
    """Draw KL from both exact predictives, slot by slot: a column for each provenance, a row for each author."""
    provenances, losses = (list(dict.fromkeys(getattr(e, key) for e in sweep.bridge)) for key in ("provenance", "loss"))
    figure = Figure(figsize=(9, 6.4), layout="constrained")
    panels = figure.subplots(2, 2, sharex=True, sharey="row")
    cases = [(author, provenance) for author in ("world", "agent") for provenance in provenances]
    for axes, (author, provenance) in zip(panels.flat, cases, strict=True):
        for exact, (color, marker) in OBSERVERS.items():
            for loss, line in zip(losses, LINES, strict=False):
                models = [e for e in sweep.bridge if (e.provenance, e.loss) == (provenance, loss)]
                slots = np.array([getattr(model, author)[exact] for model in models]).T
                label = f"from the {exact} predictive; loss on {loss}"
                intervals = [geometric_interval(slot) for slot in slots]
                draw_intervals(strip(axes), np.arange(1, len(slots) + 1), intervals, Look(color, marker, line), label)
        axes.set(yscale="log")
        axes.set_title(f"{author} slots; the training agent {provenance}", fontsize=9)
    for axes in panels[:, 0]:
        axes.set_ylabel("KL (nats)")
    for axes in panels[1]:
        axes.set_xlabel("slot")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=2)
    return figure
