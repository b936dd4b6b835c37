"""The paper's Figure 2: the truth–lie margin of every fact in every arm, of one seed or of many."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import rc_context

from neural.escape import show
from neural.report.charts import BANDS, LETTERS, Chart, add_bands, add_head, new_figure
from neural.report.statistics import MIN_SEEDS, Values, interval
from neural.report.style import look, strip

MAX_NAMED = 60  # facts that a figure can name
MAX_NAME = 40  # characters of such a name
SPREAD = 0.8  # of a row, over which the arms of one fact are spread, so that their intervals do not overlap
AXIS = "margin Δ, nats per token"


def shorten(name: str) -> str:
    """Return ``name``, cut where it would leave no room for the figure."""
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"


def half_width(values: Values) -> float:
    """Return half the width of the 95% interval of the mean over seeds, or 0 where they are too few for one."""
    mean, _, high = interval(values)
    return high - mean if len(values) >= MIN_SEEDS else 0.0


def spread_arms(margins: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return how far above its row each model is drawn; the base, and arms of one seed each, are drawn in the row."""
    arms = [name for name in margins if name != "base"]
    step = SPREAD / len(arms) if any(len(margins[name]) > 1 for name in arms) else 0.0
    return {"base": 0.0} | {name: step * ((len(arms) - 1) / 2 - i) for i, name in enumerate(arms)}


def describe_margins(margins: Mapping[str, np.ndarray]) -> str:
    """Return in words what both figures show: each model's mean, and how often it prefers the lie."""
    parts = (
        f"{name}: mean {model.mean():+.2f}, lie preferred {np.mean(model < 0):.0%}" for name, model in margins.items()
    )
    return f"Truth–lie margins of {next(iter(margins.values())).shape[1]:,} facts. {'; '.join(parts)}."


def margin_chart(topics: Sequence[str], margins: Mapping[str, np.ndarray]) -> Chart:
    """Draw Δ of every fact, of each model [seeds, facts]: means over seeds, with 95% intervals of three or more.

    The facts are sorted by the interventional arm's margin. If there are too many to name, each arm's margins are
    ranked instead.
    """
    return named_chart(topics, margins) if len(topics) <= MAX_NAMED else rank_chart(margins)


@rc_context(LETTERS)
def named_chart(topics: Sequence[str], margins: Mapping[str, np.ndarray]) -> Chart:
    """Draw a row for each fact, with a marker for each model."""
    by = margins.get("interventional", [*margins.values()][-1]).mean(axis=0).argsort()
    rows, names = np.arange(len(topics)), [shorten(show(topics[i])) for i in by]
    figure = new_figure(1.3 + max(0.21, 0.05 * len(margins)) * len(topics))
    axes = strip(figure.subplots())
    means = np.array([model.mean(axis=0)[by] for name, model in margins.items() if name != "base"])
    axes.hlines(rows, means.min(axis=0), means.max(axis=0), color="#d9d9d9", linewidth=2, zorder=1)
    axes.axvline(0, color="black", linewidth=0.8)
    shifts, tips = spread_arms(margins), {}
    for name, model in margins.items():
        color, marker, _ = look(name)
        mean, half = model.mean(axis=0)[by], np.array([half_width(column) for column in model.T[by]])
        size, edge = (8, 2) if name == "base" else (4.5, 1)  # the base's marker is a thin line
        bars = axes.errorbar(mean, rows + shifts[name], xerr=half if half.any() else None, color=color, marker=marker,
                             linestyle="", linewidth=1, markersize=size, markeredgewidth=edge,
                             zorder=3 if name == "base" else 2, label=f"{name} (mean {model.mean():+.2f})")  # fmt: skip
        bars[0].set_gid(name)
        tips[name] = [f"{topic}: {name} {value:+.2f}" for topic, value in zip(names, mean, strict=True)]
    axes.set(xlabel=f"{AXIS}\n← prefers the lie | prefers the truth →", ylim=(-1, len(topics)))
    axes.set_yticks(rows, names, fontsize=8, parse_math=False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    title = "Truth–lie margin of every fact"
    add_head(figure, title, axes)
    return Chart(figure, title, describe_margins(margins), tips)


@rc_context(LETTERS)
def rank_chart(margins: Mapping[str, np.ndarray]) -> Chart:
    """Draw the margins of each model [seeds, facts] from least to greatest: the mean over seeds at every rank."""
    figure = new_figure(3.8)
    axes = strip(figure.subplots())
    curves = {name: np.sort(model, axis=1).mean(axis=0) for name, model in margins.items()}
    for name, model in margins.items():
        color, _, line = look(name)
        share = 100 * (np.arange(model.shape[1]) + 0.5) / model.shape[1]
        label = f"{name} (mean {model.mean():+.2f}, lie preferred {np.mean(model < 0):.0%})"
        axes.plot(share, curves[name], color=color, linestyle=line, linewidth=2, label=label)
        if len(model) >= MIN_SEEDS:
            bands = [interval(column) for column in np.sort(model, axis=1).T]
            low, high = [band.low for band in bands], [band.high for band in bands]
            axes.fill_between(share, low, high, color=color, alpha=0.2, linewidth=0)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(xlabel="facts, from the least margin to the greatest (%)", ylabel=AXIS, xlim=(0, 100))
    title = "Truth–lie margins, ranked"
    add_head(figure, title, axes, columns=1)
    edges = np.linspace(0, 100, BANDS + 1)
    add_bands(axes, "bands", edges)
    tips = [tell_rank(curves, center) for center in (edges[1:] + edges[:-1]) / 2]
    return Chart(figure, title, describe_margins(margins), {"bands": tips})


def tell_rank(curves: Mapping[str, np.ndarray], percent: float) -> str:
    """Return the margin below which each model has this percentage of the facts."""
    values = (f"{name} {curve[int(percent / 100 * len(curve))]:+.2f}" for name, curve in curves.items())
    return f"at {percent:.0f}% of the facts: {', '.join(values)}"
