"""The paper's Figure 2: the truth–lie margin of every fact in every arm, of one seed or of many."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from neural.escape import show
from neural.report.statistics import MIN_SEEDS, Values, interval
from neural.report.style import look, strip

MAX_NAMED = 60  # facts that a figure can name
SPREAD = 0.8  # of a row, over which the arms of one fact are spread, so that their intervals do not overlap


def half_width(values: Values) -> float:
    """Return half the width of the 95% interval of the mean over seeds, or 0 where they are too few for one."""
    mean, _, high = interval(values)
    return high - mean if len(values) >= MIN_SEEDS else 0.0


def spread_arms(margins: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return how far above its row each model is drawn; the base, and arms of one seed each, are drawn in the row."""
    arms = [name for name in margins if name != "base"]
    step = SPREAD / len(arms) if any(len(margins[name]) > 1 for name in arms) else 0.0
    return {"base": 0.0} | {name: step * ((len(arms) - 1) / 2 - i) for i, name in enumerate(arms)}


def margin_figure(topics: Sequence[str], margins: Mapping[str, np.ndarray]) -> Figure:
    """Draw Δ of every fact, of each model [seeds, facts]: means over seeds, with 95% intervals of three or more.

    The facts are sorted by the interventional arm's margin. If there are too many to name, each arm's margins are
    ranked instead.
    """
    if len(topics) > MAX_NAMED:
        return rank_figure(margins)
    by = margins.get("interventional", [*margins.values()][-1]).mean(axis=0).argsort()
    rows = np.arange(len(topics))
    height = max(0.25, 0.05 * len(margins))  # of a row
    figure = Figure(figsize=(8, 1.2 + height * len(topics)), layout="constrained")
    axes = strip(figure.subplots())
    means = np.array([model.mean(axis=0)[by] for name, model in margins.items() if name != "base"])
    axes.hlines(rows, means.min(axis=0), means.max(axis=0), color="#d9d9d9", linewidth=2, zorder=1)
    axes.axvline(0, color="black", linewidth=0.8)
    shifts = spread_arms(margins)
    for name, model in margins.items():
        color, marker, _ = look(name)
        half = np.array([half_width(column) for column in model.T[by]])
        label = f"{name} (mean {model.mean():+.2f})"
        size, edge = (9, 2) if name == "base" else (5, 1)  # the base's marker is a thin line
        axes.errorbar(model.mean(axis=0)[by], rows + shifts[name], xerr=half if half.any() else None, color=color,
                      marker=marker, linestyle="", linewidth=1, markersize=size, markeredgewidth=edge,
                      zorder=3 if name == "base" else 2, label=label)  # fmt: skip
    axes.set(xlabel="prefers the lie  ←  Δ (nats per token)  →  prefers the truth", ylim=(-1, len(topics)))
    axes.set_yticks(rows, [show(topics[i]) for i in by], fontsize=8, parse_math=False)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    figure.legend(frameon=False, loc="outside upper center", ncols=len(margins) if len(margins) < 4 else 2)
    return figure


def rank_figure(margins: Mapping[str, np.ndarray]) -> Figure:
    """Draw the margins of each model [seeds, facts] from least to greatest: the mean over seeds at every rank."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = strip(figure.subplots())
    for name, model in margins.items():
        color, _, line = look(name)
        ranked = np.sort(model, axis=1)
        share = 100 * (np.arange(ranked.shape[1]) + 0.5) / ranked.shape[1]
        label = f"{name} (mean {model.mean():+.2f}, lie preferred {np.mean(model < 0):.0%})"
        axes.plot(share, ranked.mean(axis=0), color=color, linestyle=line, linewidth=2, label=label)
        if len(model) >= MIN_SEEDS:
            bands = [interval(column) for column in ranked.T]
            low, high = [band.low for band in bands], [band.high for band in bands]
            axes.fill_between(share, low, high, color=color, alpha=0.2, linewidth=0)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(xlabel="facts, from the least margin to the greatest (%)", ylabel="Δ (nats per token)", xlim=(0, 100))
    axes.legend(frameon=False, loc="upper left")
    return figure
