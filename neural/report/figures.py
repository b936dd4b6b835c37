"""The paper's two figures, drawn from ``results.json``. Told apart by shape as well as by colour."""

from collections.abc import Mapping

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from neural.report.statistics import interval

LOOK = {
    "base": ("#7a7a7a", "|", ":"),
    "standard": ("#c44e00", "s", "-"),
    "interventional": ("#0060a8", "o", "--"),
    "assistant-only": ("#3a7d34", "^", "-."),
}
OTHER = ("#7a4ea3", "d", (0, (5, 1, 1, 1)))  # of an arm without a look of its own
MANY = 60  # facts, more than can be named on a figure
WINDOW = 50  # of the moving average, in steps


def window_of(losses: np.ndarray) -> int:
    """The width of the moving average: less where there are few losses."""
    return min(WINDOW, max(1, len(losses) // 2))


def moving_average(losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The centres of all windows, and the mean of each."""
    window = window_of(losses)
    means = np.convolve(losses, np.ones(window) / window, mode="valid")
    return np.arange(len(means)) + (window - 1) / 2, means


def steps_figure(results: dict, losses: str, of: str) -> Figure:
    """One of the losses of the trained arms at every step, thin, and its moving average, thick."""
    figure, axes = plt.subplots(figsize=(8, 4), layout="constrained")
    for name, arm in results["arms"].items():
        if losses in arm:
            colour, _, line = LOOK[name]
            values = np.array(arm[losses])
            axes.plot(values, color=colour, alpha=0.18, linewidth=0.6)
            axes.plot(*moving_average(values), color=colour, linewidth=2, linestyle=line,
                      label=f"{name}, mean of {window_of(values)} steps")  # fmt: skip
    axes.set(yscale="log", xlabel="step", ylabel=f"loss (nats per {of})", xlim=(0, None))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


def loss_figure(results: dict) -> Figure:
    """Fig. 1: the loss that each arm is trained on."""
    return steps_figure(results, "losses", "token that counts")


def agent_figure(results: dict) -> Figure:
    """How unlikely each arm finds what the agent said, lies included; it is trained on only where the arm says so."""
    return steps_figure(results, "agent_losses", "token of the agent")


def ranked_figure(margins: Mapping[str, np.ndarray]) -> Figure:
    """For very many facts: those of each arm [seeds, facts] from its least margin to its greatest.

    The mean over seeds at every rank, and the 95 % interval where there are several.
    """
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for name, rows in margins.items():
        colour, _, line = LOOK.get(name, OTHER)
        ranked = np.sort(rows, axis=1)
        share = 100 * (np.arange(ranked.shape[1]) + 0.5) / ranked.shape[1]
        label = f"{name} (mean {rows.mean():+.2f}, lie preferred {np.mean(rows < 0):.0%})"
        axes.plot(share, ranked.mean(axis=0), color=colour, linestyle=line, linewidth=2, label=label)
        if len(rows) > 1:
            got = [interval(column) for column in ranked.T]
            axes.fill_between(share, [x.low for x in got], [x.high for x in got], color=colour, alpha=0.2, linewidth=0)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(xlabel="facts, from the least margin to the greatest (%)", ylabel="Δ (nats per token)", xlim=(0, 100))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left")
    return figure


def margin_figure(results: dict) -> Figure:
    """Fig. 2: the truth–lie margin Δ of every fact in every arm, sorted by the interventional arm's."""
    margins = {name: {fact["topic"]: fact["margin"] for fact in arm["margin"]["per_fact"]}
               for name, arm in results["arms"].items()}  # fmt: skip
    trained = [margins[name] for name in margins if name != "base"]
    by = margins.get("interventional", trained[-1])
    topics = sorted(by, key=by.__getitem__)
    if len(topics) > MANY:
        return ranked_figure({name: np.array([list(arm.values())]) for name, arm in margins.items()})
    rows = np.arange(len(topics))
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.24 * len(topics)), layout="constrained")
    lowest, highest = ([bound(arm[topic] for arm in trained) for topic in topics] for bound in (min, max))
    axes.hlines(rows, lowest, highest, color="#d9d9d9", linewidth=2, zorder=1)
    axes.axvline(0, color="black", linewidth=0.8)
    for name, arm in margins.items():
        colour, marker, _ = LOOK[name]
        mean = np.mean(list(arm.values()))
        axes.scatter([arm[topic] for topic in topics], rows, color=colour, marker=marker, s=34, zorder=2,
                     label=f"{name} (mean {mean:+.2f})")  # fmt: skip
    axes.set(xlabel="prefers the lie  ←  Δ (nats per token)  →  prefers the truth", ylim=(-1, len(topics)))
    axes.set_yticks(rows, topics, fontsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.legend(frameon=False, loc="outside upper center", ncols=len(margins) if len(margins) < 4 else 2)
    return figure
