"""Figures, in matplotlib: posteriors over a history, the books of a ledger, and those of the examples.

Every function returns a `matplotlib.figure.Figure` of its own; ``.savefig("name.png")`` writes it, a notebook shows it.
What is told apart by colour is told apart by line as well.
"""

from collections.abc import Iterator, Mapping
from itertools import cycle, islice
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from causal_agency.gate import Gate
from causal_agency.history import History, slots
from causal_agency.ledger import Ledger
from causal_agency.mixture import Mixture

COLOURS = "#0060a8", "#c44e00", "#3a7d34", "#7a4ea3", "#7a7a7a", "#b8860b"
AGENT = "#f0ece0"  # behind the slots that the agent wrote


def bare(axes: Axes) -> Axes:
    """Without the frame that says nothing."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return axes


def shorten(text: str, most: int) -> str:
    """The text, its end cut off if it is longer than ``most``."""
    return text if len(text) <= most else text[: most - 1] + "…"


def label_slots(axes: Axes, ledger: Ledger) -> None:
    """What was written along the axis, the agent's slots shaded; only the shades where there are many."""
    limits = axes.get_ylim()
    own = [(i - 0.5, 1) for i, entry in enumerate(ledger, 1) if entry.slot.gate == Gate.AGENT]
    axes.broken_barh(own, (0, 1), transform=axes.get_xaxis_transform(), color=AGENT, zorder=0, linewidth=0)
    axes.set(ylim=limits, xlim=(-0.5, len(ledger) + 0.5), xlabel="slot; shaded: the agent wrote it, no evidence")
    if len(ledger) <= 12:
        labels = ["prior", *(shorten(repr(entry.slot), 24) for entry in ledger)]
        steep = max(map(len, labels)) > 9
        axes.set_xticks(range(len(labels)), labels, rotation=30 if steep else 0, ha="right" if steep else "center")


def looks(n: int) -> Iterator[tuple[str, str]]:
    """A colour and a line for each of ``n``, no two the same as long as that is possible."""
    lines = "-", "--", ":", "-."
    return islice(((colour, line) for line in cycle(lines) for colour in COLOURS), n)


def trajectory(mix: Mixture, history: History) -> Figure:
    """w_0 … w_t of every hypothesis, and in the panel below what a bystander makes of the same history."""
    ledger = mix.ledger(slots(history))
    figure = Figure(figsize=(8, 6), layout="constrained")
    panels: list[Axes] = [*map(bare, figure.subplots(2, sharex=True))]
    undefined = dict.fromkeys(ledger.prior)
    views: tuple[list[Any], list[Any]] = [entry.w for entry in ledger], [entry.w_obs or undefined for entry in ledger]
    for axes, name, view in zip(panels, ("w, the agent's", "w_obs, a bystander's"), views):
        for p, (colour, line) in zip(ledger.prior, looks(len(ledger.prior))):
            w = np.array([posterior[p] for posterior in (ledger.prior, *view)], float)
            marker = "o" if len(w) < 50 else ""
            axes.plot(w, color=colour, linestyle=line, marker=marker, markersize=4, label=str(p))
        axes.set(ylim=(-0.03, 1.03), ylabel=name)
        label_slots(axes, ledger)
    panels[0].set_xlabel("")
    figure.legend(*panels[0].get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=4)
    return figure


def ledger(books: Ledger) -> Figure:
    """The false evidence after every slot, in nats for each hypothesis against the first.

    Where it is infinite an ∞ stands at the edge; where it is undefined there is a gap.
    """
    first, *others = books.prior
    figure = Figure(figsize=(8, 3.5), layout="constrained")
    axes = bare(figure.subplots())
    for p, (colour, line) in zip(others, looks(len(others))):
        nats = np.array([0.0, *(entry.false_evidence[p] for entry in books)], float)
        finite = np.where(np.isinf(nats), np.nan, nats)
        axes.step(range(len(nats)), finite, where="mid", color=colour, linestyle=line, label=f"for {p}")
        for i in map(int, np.flatnonzero(np.isinf(nats))):
            up = nats[i] > 0
            axes.text(i, 0.97 if up else 0.03, "∞" if up else "−∞", transform=axes.get_xaxis_transform(), color=colour,
                      ha="center", va="top" if up else "bottom", fontsize=14)  # fmt: skip
    axes.axhline(color="black", linewidth=0.8)
    axes.set(ylabel=f"false evidence against {first} (nats)")
    label_slots(axes, books)
    axes.legend(frameon=False)
    return figure


def estimates(runs: Mapping[str, np.ndarray], limits: Mapping[str, float], of: str) -> Figure:
    """Running estimates of one probability, and what each converges to (`causal_agency.examples.bandit`)."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = bare(figure.subplots())
    for (name, run), colour, line in zip(runs.items(), COLOURS, ("-", "--", ":")):
        axes.plot(np.arange(1, len(run) + 1), run, color=colour, linestyle=line, label=f"estimated from {name}")
        axes.axhline(limits[name], color=colour, linewidth=0.8)
        axes.annotate(f"{limits[name]:.2f}", (1, limits[name]), xycoords=("axes fraction", "data"), color=colour,
                      xytext=(4, 0), textcoords="offset points", va="center")  # fmt: skip
    axes.set(xscale="log", xlim=(10, None), ylim=(0, 1), xlabel="events", ylabel=of)
    axes.legend(frameon=False, loc="lower right")
    return figure


def deluded(curves: Mapping[tuple[float, str], np.ndarray]) -> Figure:
    """The share of agents deluded over time, by how much they write (`causal_agency.examples.many_agents`)."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = bare(figure.subplots())
    colours = dict(zip(dict.fromkeys(share for share, _ in curves), COLOURS))
    for (share, rule), curve in curves.items():
        naive = rule == "naive"
        axes.plot(np.arange(1, len(curve) + 1), 100 * curve, color=colours[share], linestyle="-" if naive else ":")
        if naive:
            axes.annotate(f"writes {share:.0%}", (len(curve), 100 * curve[-1]), xytext=(4, 0), va="center",
                          textcoords="offset points", color=colours[share])  # fmt: skip
    axes.set(xscale="log", xlabel="slot", ylabel="agents deluded (%)", xlim=(1, None), ylim=(-1, None))
    axes.plot([], color="black", label="naive: its own words are evidence")
    axes.plot([], color="black", linestyle=":", label="interventional: they are not")
    figure.legend(frameon=False, loc="outside upper center", ncols=2)
    return figure
