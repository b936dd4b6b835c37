"""The figures of a study, from `study.json`, with 95 % intervals over seeds. Told apart by shape as well as colour."""

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from neural.report.figures import LOOK, MANY, OTHER, ranked_figure
from neural.report.measures import THEORIES, lies, theory
from neural.report.statistics import Interval, interval, of_shares


def bars(axes, x, got: Sequence[Interval], look, label: str, **more) -> None:
    """The means of ``got`` at ``x``, and their intervals."""
    colour, marker, line = look
    means, low, high = np.array(got).T
    half = np.nan_to_num([means - low, high - means])
    axes.errorbar(x, means, yerr=half, color=colour, marker=marker, linestyle=line, capsize=2, linewidth=1.4,
                  markersize=5, label=label, **more)  # fmt: skip


def geometric(values: np.ndarray) -> Interval:
    """The geometric mean of positive values, and the interval that their logarithms have."""
    return Interval(*np.exp(interval(np.log(np.maximum(values, 1e-9)))))


def plain(axes):
    """Without the frame that says nothing."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return axes


def facts_figure(study: dict) -> Figure:
    """The truth–lie margin of every fact and arm in the paper's condition (the paper's figure 2, with intervals)."""
    rows = [row for row in study["rows"] if row["condition"] == "paper"]
    arms = list(dict.fromkeys(row["arm"] for row in rows))
    margins = {
        arm: np.array([row["as in the lessons"]["margins"] for row in rows if row["arm"] == arm]) for arm in arms
    }
    if len(study["base"]["topics"]) > MANY:
        base = np.array([study["base"]["as in the lessons"]["margins"]])
        return ranked_figure({"base": base, **margins})
    by = margins.get("interventional", margins[arms[-1]]).mean(axis=0).argsort()
    topics = [study["base"]["topics"][i] for i in by]
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.26 * len(topics)), layout="constrained")
    at = np.arange(len(topics))
    base = np.array(study["base"]["as in the lessons"]["margins"])[by]
    axes.scatter(base, at, color=LOOK["base"][0], marker=LOOK["base"][1], label="base", zorder=2)
    for i, arm in enumerate(arms):
        colour, marker, _ = LOOK.get(arm, OTHER)
        got = [interval(column) for column in margins[arm].T[by]]
        means = np.array([each.mean for each in got])
        half = np.nan_to_num([each.high - each.mean for each in got])
        axes.errorbar(means, at + 0.18 * (i - 1), xerr=half, color=colour, marker=marker, linestyle="", markersize=4.5,
                      linewidth=1, label=arm)  # fmt: skip
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(xlabel="prefers the lie  ←  Δ (nats per token)  →  prefers the truth", ylim=(-1, len(topics)))
    axes.set_yticks(at, topics, fontsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.legend(frameon=False, loc="outside upper center", ncols=len(arms) + 1)
    return figure


def level(name: str, what: str, at_paper: float) -> float | None:
    """The per cent that a condition is called by, if it is one of ``what``."""
    if name == "paper":
        return at_paper
    return float(name.removeprefix(what).rstrip("%")) if name.startswith(what) else None


def dose_figure(study: dict) -> Figure:
    """Lies preferred against how often the agent lies, and the world is wrong: networks, and exact mixtures."""
    figure, panels = plt.subplots(4, 2, figsize=(9, 10.5), sharex="col", sharey=True, layout="constrained")
    arms = list(dict.fromkeys(row["arm"] for row in study["rows"]))
    seen: dict[str, Callable[[dict], float]] = {
        "network": lies,
        **{f"exact, {name}": theory(name) for name in THEORIES},
    }
    doses = {"the agent lies ": ("lessons in which the agent lies (%)", 60.0),
             "the world is wrong ": ("replies in which the world is wrong (%)", 0.0)}  # fmt: skip
    for column, (what, (title, at_paper)) in zip(panels.T, doses.items(), strict=True):
        for axes, (name, measure) in zip(column, seen.items(), strict=True):
            for arm in arms:
                points: dict[float, list[float]] = {}
                for row in study["rows"]:
                    x = level(row["condition"], what, at_paper)
                    if row["arm"] == arm and x is not None:
                        points.setdefault(x, []).append(100 * measure(row))
                xs = sorted(points)
                bars(plain(axes), xs, [of_shares(points[x]) for x in xs], LOOK.get(arm, OTHER), arm)
            axes.set(ylabel=f"{name}:\nlie preferred, %", ylim=(-4, 104))
        column[-1].set_xlabel(title)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=len(arms))
    return figure


def bridge_figure(study: dict) -> Figure:
    """KL from both exact predictives, slot by slot: a column for each provenance, a row for each author."""
    entries = study["bridge"]
    provenances, losses = (list(dict.fromkeys(entry[key] for entry in entries)) for key in ("provenance", "loss"))
    figure, panels = plt.subplots(2, 2, figsize=(9, 6.4), sharex=True, sharey="row", layout="constrained")
    looks = {("interventional", 0): ("#0060a8", "o", "-"), ("interventional", 1): ("#0060a8", "o", ":"),
             ("bystander", 0): ("#c44e00", "s", "-"), ("bystander", 1): ("#c44e00", "s", ":")}  # fmt: skip
    for axes, (whose, provenance) in zip(
        panels.flat, ((w, p) for w in ("world", "agent") for p in provenances), strict=True
    ):
        for (exact, i), look in looks.items():
            mine = [e[whose][exact] for e in entries if (e["provenance"], e["loss"]) == (provenance, losses[i])]
            got = [geometric(column) for column in np.array(mine).T]
            label = f"from the {exact}; loss on {losses[i]}"
            bars(plain(axes), np.arange(1, len(got) + 1), got, look, label, alpha=0.85)
        axes.set(yscale="log")
        axes.set_title(f"{whose} slots; the training agent {provenance}", fontsize=9)
    for axes in panels[:, 0]:
        axes.set_ylabel("KL (nats)")
    for axes in panels[1]:
        axes.set_xlabel("slot")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=2)
    return figure
