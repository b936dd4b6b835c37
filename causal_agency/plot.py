"""Figures, in matplotlib: posteriors over a history, the books of a ledger, and those of the examples.

Every function returns a `matplotlib.figure.Figure` of its own; ``.savefig("name.png")`` writes it, a notebook shows it.
What is told apart by colour is told apart by line as well.
"""

from collections.abc import Mapping

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
    for i, entry in enumerate(ledger, 1):
        if entry.slot.gate == Gate.AGENT:
            axes.axvspan(i - 0.5, i + 0.5, color=AGENT, zorder=0, linewidth=0)
    axes.set(xlim=(-0.5, len(ledger) + 0.5), xlabel="slot; shaded: the agent wrote it, and it is no evidence")
    if len(ledger) <= 12:
        labels = ["prior", *(shorten(repr(entry.slot), 24) for entry in ledger)]
        steep = max(map(len, labels)) > 9
        axes.set_xticks(range(len(labels)), labels, rotation=30 if steep else 0, ha="right" if steep else "center")


def trajectory(mix: Mixture, history: History) -> Figure:
    """w_0 … w_t of every hypothesis, and dashed what a bystander makes of the same history."""
    ledger = mix.ledger(slots(history))
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = bare(figure.subplots())
    for p, colour in zip(ledger.prior, COLOURS * len(ledger.prior), strict=False):
        w = [ledger.prior[p], *(entry.w[p] for entry in ledger)]
        w_obs = [ledger.prior[p], *(entry.w_obs[p] if entry.w_obs else np.nan for entry in ledger)]
        axes.plot(np.array(w, float), color=colour, marker="o", markersize=4, label=f"w({p})")
        axes.plot(np.array(w_obs, float), color=colour, marker="s", markersize=4, linestyle="--", label=f"w_obs({p})")
    axes.set(ylim=(-0.03, 1.03), ylabel="posterior weight")
    label_slots(axes, ledger)
    figure.legend(frameon=False, loc="outside upper center", ncols=4)
    return figure


def ledger(books: Ledger) -> Figure:
    """The false evidence after every slot, in nats for each hypothesis against the first."""
    first, *others = books.prior
    figure = Figure(figsize=(8, 3.5), layout="constrained")
    axes = bare(figure.subplots())
    for p, colour, line in zip(others, COLOURS * len(others), ("-", "--", ":", "-.") * len(others), strict=False):
        nats = [0.0, *(entry.false_evidence[p] for entry in books)]
        axes.step(range(len(nats)), np.array(nats, float), where="mid", color=colour, linestyle=line, label=f"for {p}")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(ylabel=f"false evidence against {first} (nats)")
    label_slots(axes, books)
    axes.legend(frameon=False)
    return figure


def estimates(runs: Mapping[str, np.ndarray], limits: Mapping[str, float], of: str) -> Figure:
    """Running estimates of one probability, and what each converges to (`causal_agency.examples.bandit`)."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = bare(figure.subplots())
    for (name, run), colour, line in zip(runs.items(), COLOURS, ("-", "--", ":"), strict=False):
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
    colours = dict(zip(dict.fromkeys(share for share, _ in curves), COLOURS, strict=False))
    for (share, rule), curve in curves.items():
        naive = rule == "naive"
        axes.plot(np.arange(1, len(curve) + 1), 100 * curve, color=colours[share], linestyle="-" if naive else ":")
        if naive:
            axes.annotate(f"writes {share:.0%}", (len(curve), 100 * curve[-1]), xytext=(4, 0), va="center",
                          textcoords="offset points", color=colours[share])  # fmt: skip
    axes.set(xscale="log", xlabel="slot", ylabel="agents deluded (%)", xlim=(1, None), ylim=(-1, None))
    axes.plot([], [], color="black", label="naive: its own words are evidence")
    axes.plot([], [], color="black", linestyle=":", label="interventional: they are not")
    figure.legend(frameon=False, loc="outside upper center", ncols=2)
    return figure
