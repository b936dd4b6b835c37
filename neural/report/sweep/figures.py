"""The figures of a sweep, with 95% intervals over seeds."""

from collections.abc import Sequence
from operator import itemgetter

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.typing import LineStyleType

from neural.paper.conditions import Condition
from neural.paper.sweep_result import AS_IN_LESSONS, THEORIES, BridgeResult
from neural.report.charts import LETTERS, Chart, add_head, new_figure
from neural.report.margins import margin_chart
from neural.report.statistics import MIN_SEEDS, Interval, interval, share_interval
from neural.report.style import BYSTANDER, RIGHT, look, strip
from neural.report.sweep.measures import Measures, lies

DOSES = {"p_lie": "lessons in which the agent lies, %", "p_wrong": "replies in which the world is wrong, %"}
SHORT = {"p_lie": "agent lies", "p_wrong": "world wrong"}
CHANNELS, ONE_KIND = THEORIES[:2], THEORIES[2]
LINES: tuple[LineStyleType, ...] = "-", (0, (1, 1.5))  # of the losses
OBSERVERS = {"interventional": RIGHT, "bystander": BYSTANDER}


def geometric_interval(values: np.ndarray) -> Interval:
    """Return the geometric mean of positive values, and the interval of their logarithms."""
    return Interval(*np.exp(interval(np.log(np.maximum(values, 1e-9)))))


def facts_chart(sweep: Measures) -> Chart:
    """Draw the margin of every fact and arm in the paper's condition."""
    base = np.array([sweep.base[AS_IN_LESSONS].margin.values])
    return margin_chart(
        sweep.topics, {"base": base} | {arm: sweep.margins(sweep.paper, arm) for arm in sweep.select_arms(sweep.paper)}
    )


def order_doses(sweep: Measures, variable: str) -> list[tuple[float, Condition]]:
    """Return the conditions in which only ``variable`` differs from the paper's, and its percentage in each."""
    conditions = [sweep.paper, *(each for each in sweep.select_part("dose") if each.variable == variable)]
    return sorted(((100 * getattr(each.template, variable), each) for each in conditions), key=itemgetter(0))


def draw_theory(axes: Axes, sweep: Measures, doses: Sequence[tuple[float, Condition]], arm: str) -> None:
    """Draw what the exact mixtures of an arm expect: the range of two channels as an area, one kind as a line."""
    x = [dose for dose, _ in doses]

    def expect(theory: str) -> list[float]:
        return [100 * float(np.mean(sweep.expectations(condition, arm, theory))) for _, condition in doses]

    color, marker, line = look(arm)
    low, high = (expect(theory) for theory in CHANNELS)
    axes.fill_between(x, low, high, color=color, alpha=0.2, linewidth=2, linestyle=line)
    axes.plot(
        x, expect(ONE_KIND), color=color, linestyle=":", linewidth=1.2, marker=marker, markersize=3, fillstyle="none"
    )


def draw_networks(axes: Axes, sweep: Measures, doses: Sequence[tuple[float, Condition]], arm: str) -> list[str]:
    """Draw how often an arm's networks prefer the lie at each dose, and return it in words."""
    shares = [np.multiply(100, sweep.measure_seeds(condition, arm, lies)) for _, condition in doses]
    means, low, high = np.array([share_interval(each) for each in shares]).T
    many = np.array([len(each) >= MIN_SEEDS for each in shares])
    half = np.where(many, np.nan_to_num([means - low, high - means]), 0.0)
    x, (color, marker, line) = [dose for dose, _ in doses], look(arm)
    bars = axes.errorbar(x, means, yerr=half if many.any() else None, color=color, marker=marker, linestyle=line,
                         capsize=2, linewidth=1.6, markersize=5, label=f"{arm}, networks")  # fmt: skip
    bars[0].set_gid(f"{arm}-{axes.get_gid()}")
    return [f"{SHORT[str(axes.get_gid())]} {dose:.0f}%: {arm} {mean:.0f}%" for dose, mean in zip(x, means, strict=True)]


@rc_context(LETTERS)
def dose_chart(sweep: Measures) -> Chart:
    """Draw how often networks and exact mixtures prefer the lie, by how often the agent lies and the world is wrong.

    A panel for each of the two has all arms, and over each arm's networks what its exact mixtures expect.
    """
    variables = {variable: found for variable in DOSES if len(found := order_doses(sweep, variable)) > 1}
    arms = [arm for arm in sweep.arms if any(sweep.select(each, arm) for each in sweep.select_part("dose"))]
    figure, tips = new_figure(3.6), {}
    panels = figure.subplots(1, len(variables), sharey=True, squeeze=False)[0]
    for axes, (variable, doses) in zip(panels, variables.items(), strict=True):
        axes.set_gid(variable)
        for arm in arms:
            there = [(dose, condition) for dose, condition in doses if sweep.select(condition, arm)]
            if there:
                draw_theory(axes, sweep, there, arm)
                tips[f"{arm}-{variable}"] = draw_networks(axes, sweep, there, arm)
        strip(axes).set(xlabel=DOSES[variable], xlim=(-4, 104), ylim=(-4, 104))
    panels[0].set_ylabel("lie preferred, % of facts")
    title = "How often the lie is preferred, by dose"
    most = max(panels, key=lambda axes: len(axes.containers))
    most.fill_between([], [], color="#555555", alpha=0.2, label="exact, two channels")
    most.plot([], [], color="#555555", linestyle=":", linewidth=1.2, label=f"exact, {ONE_KIND}")
    add_head(figure, title, most)
    text = (
        f"Share of facts on which networks prefer the lie. {'; '.join(tip for each in tips.values() for tip in each)}."
    )
    return Chart(figure, title, text, tips)


def draw_distance(axes: Axes, models: Sequence[BridgeResult], exact: str, line: LineStyleType, label: str) -> list[str]:
    """Draw KL from one exact predictive, slot by slot, as a line in a band; return it in words."""
    author = str(axes.get_gid()).partition("-")[0]
    slots = np.array([getattr(model, author)[exact] for model in models]).T
    means, low, high = np.array([geometric_interval(slot) for slot in slots]).T
    x, (color, marker, _) = np.arange(1, len(slots) + 1), OBSERVERS[exact]
    every = max(1, len(slots) // 6)
    (drawn,) = axes.plot(
        x, means, color=color, linestyle=line, marker=marker, markersize=4, markevery=every, label=label
    )
    drawn.set_gid(f"{axes.get_gid()}-{label}")
    if len(models) >= MIN_SEEDS:
        axes.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)
    return [f"slot {slot}: {label} {mean:.2g}" for slot, mean in [*zip(x, means, strict=True)][::every]]


@rc_context(LETTERS)
def bridge_chart(sweep: Measures) -> Chart:
    """Draw KL from both exact predictives, slot by slot: a column for each provenance, a row for each author."""
    provenances, losses = (list(dict.fromkeys(getattr(e, key) for e in sweep.bridge)) for key in ("provenance", "loss"))
    figure, tips = new_figure(5.6), {}
    panels = figure.subplots(2, 2, sharex=True, sharey="row")
    cases = [(author, i) for author in ("world", "agent") for i in range(2)]
    for axes, (author, column) in zip(panels.flat, cases, strict=True):
        axes.set_gid(f"{author}-{column}")
        for exact in OBSERVERS:
            for loss, line in zip(losses, LINES, strict=False):
                models = [e for e in sweep.bridge if (e.provenance, e.loss) == (provenances[column], loss)]
                label = f"from the {exact} observer; loss on {loss}"
                tips[f"{axes.get_gid()}-{label}"] = draw_distance(strip(axes), models, exact, line, label)
        axes.set(yscale="log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.set_title(f"{author} slots; the agent\n{provenances[column]}", fontsize=8)
    for axes in panels[:, 0]:
        axes.set_ylabel("KL, nats")
    for axes in panels[1]:
        axes.set_xlabel("slot")
    title = "How far predictions are from both exact observers"
    add_head(figure, title, panels[0, 0], columns=1)
    return Chart(figure, title, describe_bridge(sweep), tips)


def describe_bridge(sweep: Measures) -> str:
    """Return in words which observer the models of each kind are nearer to in the world's slots."""
    parts = []
    for provenance, loss in dict.fromkeys((each.provenance, each.loss) for each in sweep.bridge):
        models = [each for each in sweep.bridge if (each.provenance, each.loss) == (provenance, loss)]
        means = (
            f"{np.mean([each.world[exact] for each in models]):.3f} from the {exact} observer" for exact in OBSERVERS
        )
        parts.append(f"where the agent {provenance} and the loss is on {loss}: {' and '.join(means)}")
    return f"Mean KL in nats in the world's slots, {'; '.join(parts)}."
