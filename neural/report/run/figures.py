"""The losses at every step: the paper's Figure 1, and the loss of the agent's tokens."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from neural.report.style import look, strip

WINDOW = 50  # steps of the moving average


def average_window(losses: Sequence[float]) -> int:
    """Return the width of the moving average: narrower if there are few losses."""
    return min(WINDOW, max(1, len(losses) // 2))


def moving_average(losses: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the centers of all windows and the mean of each."""
    window = average_window(losses)
    means = np.convolve(losses, np.ones(window) / window, mode="valid")
    return np.arange(len(means)) + (window - 1) / 2, means


def loss_figure(losses: Mapping[str, Sequence[float]], unit: str) -> Figure:
    """Draw the losses of each trained arm at every step, thin, and their moving average, thick."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = strip(figure.subplots())
    for name, values in losses.items():
        color, _, line = look(name)
        axes.plot(values, color=color, alpha=0.18, linewidth=0.6)
        axes.plot(*moving_average(values), color=color, linewidth=2, linestyle=line,
                  label=f"{name}, mean of {average_window(values)} steps")  # fmt: skip
    axes.set(yscale="log", xlabel="step", ylabel=f"loss (nats per {unit})", xlim=(0, None))
    axes.legend(frameon=False)
    return figure
