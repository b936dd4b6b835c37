"""Figures, in matplotlib: posteriors over a history, the false evidence of a ledger, and those of the examples.

Every function returns a new `matplotlib.figure.Figure`: ``.savefig("name.png")`` writes it, a notebook shows it.
Lines differ in style as well as in color.
"""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from itertools import cycle
from typing import Any

from causal_agency._extras import optional_import
from causal_agency.gate import Gate
from causal_agency.history import History, slots
from causal_agency.ledger import Ledger
from causal_agency.mixture import Mixture

with optional_import("causal_agency.plot", extra="plot"):
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["deluded", "estimates", "learning", "ledger", "trajectory"]

COLORS = "#0060a8", "#c44e00", "#3a7d34", "#7a4ea3", "#7a7a7a", "#b8860b"
AGENT_COLOR = "#f0ece0"  # behind the slots that the agent wrote
MAX_LABELED_SLOTS = 12  # longer histories have no labels
MAX_LABEL_LENGTH = 24  # longer labels are cut
MAX_FLAT_LABEL_LENGTH = 9  # longer labels are rotated
MAX_MARKED_POINTS = 49  # of longer lines, only some points have markers
MARKERS = "o", "s", "^", "D", "v", "P", "X", "*"  # 24 lines differ in line style or marker


class Picture(Figure):
    """A figure that a notebook shows, even if nothing there has imported pyplot."""

    def _repr_png_(self) -> bytes:
        """Return the figure as PNG."""
        content = BytesIO()
        self.savefig(content, format="png")
        return content.getvalue()


def _remove_frame(axes: Axes) -> Axes:
    """Replace the upper and the right edge by a light grid."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    return axes


def _shorten(text: str, longest: int) -> str:
    """Return the text, cut to ``longest`` characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _literal(text: str) -> str:
    """Return what matplotlib draws as ``text``: a $ begins no formula."""
    return text.replace("$", r"\$")


def _label_slots(axes: Axes, ledger: Ledger) -> None:
    """Shade the agent's slots, and write under each slot what it holds unless there are many."""
    limits = axes.get_ylim()
    own = [(i - 0.5, 1) for i, entry in enumerate(ledger, 1) if entry.slot.gate == Gate.AGENT]
    axes.broken_barh(own, (0, 1), transform=axes.get_xaxis_transform(), color=AGENT_COLOR, zorder=0, linewidth=0)
    axes.set(ylim=limits, xlim=(-0.5, len(ledger) + 0.5), xlabel="slot (shaded: written by the agent, not evidence)")
    if len(ledger) <= MAX_LABELED_SLOTS:
        names = ["prior", *(_shorten(repr(entry.slot), MAX_LABEL_LENGTH) for entry in ledger)]
        steep, labels = max(map(len, names)) > MAX_FLAT_LABEL_LENGTH, [*map(_literal, names)]
        axes.set_xticks(range(len(labels)), labels, rotation=30 if steep else 0, ha="right" if steep else "center")


def _line_styles(n: int) -> Iterator[tuple[str, str]]:
    """Yield a color and a line style for each of ``n`` lines; neighbors differ in both, and 24 lines in the pair."""
    lines = "-", "--", ":", "-."
    return ((COLORS[i % len(COLORS)], lines[(i + i // len(COLORS)) % len(lines)]) for i in range(n))


def trajectory(mix: Mixture, history: History) -> Figure:
    """Draw w_0 … w_t of every hypothesis, and below it the bystander's posteriors of the same history (section 4).

    Args:
        mix: The hypotheses.
        history: Slots made by `do` and `see`.

    Returns:
        A figure of two panels.

    Example:
        >>> from causal_agency import plot
        >>> from causal_agency.examples import two_action
        >>> figure = plot.trajectory(two_action.mix, two_action.HISTORY)
        >>> [axes.get_ylabel() for axes in figure.axes]
        ["w, the agent's", "w_obs, a bystander's"]
    """
    ledger = mix.ledger(slots(history))
    figure = Picture(figsize=(8, 6), layout="constrained")
    panels: list[Axes] = [*map(_remove_frame, figure.subplots(2, sharex=True))]
    undefined = dict.fromkeys(ledger.prior)
    views: tuple[list[Any], list[Any]] = [entry.w for entry in ledger], [entry.w_obs or undefined for entry in ledger]
    for axes, name, view in zip(panels, ("w, the agent's", "w_obs, a bystander's"), views):
        for p, (color, line), marker in zip(ledger.prior, _line_styles(len(ledger.prior)), cycle(MARKERS)):
            w = np.array([posterior[p] for posterior in (ledger.prior, *view)], float)
            every = 1 + (len(w) - 1) // MAX_MARKED_POINTS
            label = _literal(str(p))
            axes.plot(w, color=color, linestyle=line, marker=marker, markevery=every, markersize=4, label=label)
        axes.set(ylim=(-0.03, 1.03), ylabel=name)
        _label_slots(axes, ledger)
    panels[0].set_xlabel("")
    figure.legend(*panels[0].get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=4)
    return figure


def ledger(entries: Ledger) -> Figure:
    """Draw the false evidence after every slot, in nats for each hypothesis against the first (section 4.3).

    Infinite evidence is marked by ∞ at the edge; undefined evidence leaves a gap.

    Args:
        entries: What `Mixture.ledger` returns.

    Returns:
        A figure of one panel.

    Example:
        >>> from causal_agency import plot
        >>> from causal_agency.examples import two_action
        >>> plot.ledger(two_action.mix.ledger(two_action.HISTORY)).axes[0].get_ylabel()
        'false evidence against p_B (nats)'
    """
    first, *others = entries.prior
    figure = Picture(figsize=(8, 3.5), layout="constrained")
    axes = _remove_frame(figure.subplots())
    for p, (color, line) in zip(others, _line_styles(len(others))):
        nats = np.array([0.0, *(entry.false_evidence[p] for entry in entries)], float)
        finite = np.where(np.isinf(nats), np.nan, nats)
        axes.step(range(len(nats)), finite, where="mid", color=color, linestyle=line, label=_literal(f"for {p}"))
        for i in map(int, np.flatnonzero(np.isinf(nats))):
            up = nats[i] > 0
            axes.text(i, 0.97 if up else 0.03, "∞" if up else "−∞", transform=axes.get_xaxis_transform(), color=color,
                      ha="center", va="top" if up else "bottom", fontsize=14)  # fmt: skip
    axes.axhline(color="black", linewidth=0.8)
    axes.set(ylabel=_literal(f"false evidence against {first} (nats)"))
    _label_slots(axes, entries)
    axes.legend(frameon=False)
    return figure


def estimates(runs: Mapping[str, np.ndarray], limits: Mapping[str, float], quantity: str) -> Figure:
    """Draw running estimates of one probability and their limits (section 2.3, `causal_agency.examples.bandit`).

    Args:
        runs: By source, the estimate after 1, 2, … events, [events].
        limits: By source, what the estimate converges to.
        quantity: The label of the vertical axis.

    Returns:
        A figure of one panel.

    Example:
        >>> import numpy as np
        >>> from causal_agency import plot
        >>> plot.estimates({"logs": np.array([0.5, 0.54])}, {"logs": 0.54}, "P(o | a)").axes[0].get_ylabel()
        'P(o | a)'
    """
    figure = Picture(figsize=(8, 4), layout="constrained")
    axes = _remove_frame(figure.subplots())
    for (name, run), color, line in zip(runs.items(), COLORS, ("-", "--", ":")):
        axes.plot(
            np.arange(1, len(run) + 1), run, color=color, linestyle=line, label=_literal(f"estimated from {name}")
        )
        axes.axhline(limits[name], color=color, linewidth=0.8)
        axes.annotate(f"{limits[name]:.2f}", (1, limits[name]), xycoords=("axes fraction", "data"), color=color,
                      xytext=(4, 0), textcoords="offset points", va="center")  # fmt: skip
    axes.set(xscale="log", xlim=(10, None), ylim=(0, 1), xlabel="events", ylabel=_literal(quantity))
    axes.legend(frameon=False, loc="lower right")
    return figure


def deluded(curves: Mapping[tuple[float, str], np.ndarray]) -> Figure:
    """Draw the share of deluded agents over time, by the share that they write (`causal_agency.examples.many_agents`).

    The naive ones make the error of section 4.3 at every slot of their own.

    Args:
        curves: By the share of slots that the agent writes and its rule, "naive" or "interventional": the share of
            agents deluded after each slot, [T].

    Returns:
        A figure of one panel.

    Example:
        >>> import numpy as np
        >>> from causal_agency import plot
        >>> curves = {(0.5, "naive"): np.array([0.0, 0.2]), (0.5, "interventional"): np.array([0.0, 0.0])}
        >>> plot.deluded(curves).axes[0].get_ylabel()
        'agents deluded (%)'
    """
    figure = Picture(figsize=(8, 4.5), layout="constrained")
    axes = _remove_frame(figure.subplots())
    colors = dict(zip(dict.fromkeys(share for share, _ in curves), COLORS))
    for (share, rule), curve in curves.items():
        naive = rule == "naive"
        axes.plot(np.arange(1, len(curve) + 1), 100 * curve, color=colors[share], linestyle="-" if naive else ":")
        if naive:
            axes.annotate(f"writes {share:.0%}", (len(curve), 100 * curve[-1]), xytext=(4, 0), va="center",
                          textcoords="offset points", color=colors[share])  # fmt: skip
    axes.set(xscale="log", xlabel="slot", ylabel="agents deluded (%)", xlim=(1, None), ylim=(-1, None))
    axes.plot([], color="black", label="naive: its own symbols are evidence")
    axes.plot([], color="black", linestyle=":", label="interventional: they are not")
    figure.legend(frameon=False, loc="outside upper center", ncols=2)
    return figure


def learning(lives: Mapping[str, Sequence[Sequence[float]]], truth: float) -> Figure:
    """Draw ν(B), w and π(B) of agents that learn, one below another (`causal_agency.examples.learning_agent`).

    Their kernel ν looks at the past (section 3.1), and w is its posterior (section 3.3).

    Args:
        lives: By agent, three curves: ν(B) of the hypothesis that learns, its posterior w, and π(B) of the mixture, all
            from before the first slot to after the last. Up to three agents.
        truth: How often the world writes B.

    Returns:
        A figure of three panels.

    Example:
        >>> from causal_agency import plot
        >>> figure = plot.learning({"right": [[0.5, 0.75], [0.5, 0.6], [0.5, 0.65]]}, truth=0.8)
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['ν_habit(B)', 'w(habit)', 'π(B)']
    """
    figure = Picture(figsize=(8, 8), layout="constrained")
    panels: list[Axes] = [*map(_remove_frame, figure.subplots(3, sharex=True))]
    for i, (axes, name) in enumerate(zip(panels, ("ν_habit(B)", "w(habit)", "π(B)"))):
        for (agent, curves), color, line in zip(lives.items(), COLORS, ("-", "--", ":")):
            axes.plot(curves[i], color=color, linestyle=line, label=agent)
        if name != "w(habit)":
            axes.axhline(truth, color="black", linewidth=0.8)
        axes.set(ylim=(-0.03, 1.03), ylabel=name)
    panels[-1].set_xlabel("slot (line: how often the world writes B)")
    figure.legend(*panels[0].get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=3)
    return figure
