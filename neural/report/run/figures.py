"""The losses at every step: the paper's Figure 1, and the loss of the agent's tokens."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib import rc_context
from matplotlib.ticker import LogLocator, NullLocator

from neural.report.charts import BANDS, LETTERS, Chart, add_bands, add_head, new_figure
from neural.report.style import look, strip

WINDOW = 50  # steps of the moving average


def average_window(losses: Sequence[float]) -> int:
    """Return the width of the moving average: narrower if there are few losses."""
    return min(WINDOW, max(1, len(losses) // 2))


def moving_average(losses: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return the steps, counted from 1, on which all windows are centered, and the mean of each."""
    window = average_window(losses)
    means = np.convolve(losses, np.ones(window) / window, mode="valid")
    return np.arange(len(means)) + (window + 1) / 2, means


def describe_losses(losses: Mapping[str, Sequence[float]], unit: str) -> str:
    """Return in words where each arm's moving average begins and ends."""
    ends = {name: moving_average(values)[1][[0, -1]] for name, values in losses.items()}
    parts = (f"{name} from {first:.2f} to {last:.2f}" for name, (first, last) in ends.items())
    steps = max(map(len, losses.values()), default=0)
    return f"Moving average of the loss over {steps:,} steps, in nats per {unit}: {'; '.join(parts)}."


@rc_context(LETTERS)
def loss_chart(losses: Mapping[str, Sequence[float]], title: str, unit: str) -> Chart:
    """Draw the losses of each trained arm at every step, thin, and their moving average, thick."""
    figure = new_figure(3.2)
    axes = strip(figure.subplots())
    for name, values in losses.items():
        color, _, line = look(name)
        axes.plot(np.arange(1, len(values) + 1), values, color=color, alpha=0.18, linewidth=0.6)
        axes.plot(*moving_average(values), color=color, linewidth=2, linestyle=line,
                  label=f"{name}, mean of {average_window(values)} steps")  # fmt: skip
    steps = max(map(len, losses.values()), default=1)
    axes.set(yscale="log", xlabel="step", ylabel=f"loss, nats per {unit}", xlim=(0.5, steps + 0.5))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_locator(NullLocator())
    add_head(figure, title, axes, columns=1)
    edges = np.unique(np.linspace(0, steps, BANDS + 1).round().astype(int))
    add_bands(axes, "bands", edges + 0.5)
    tips = [tell_band(losses, first, last) for first, last in pairwise(edges.tolist())]
    return Chart(figure, title, describe_losses(losses, unit), {"bands": tips})


def tell_band(losses: Mapping[str, Sequence[float]], first: int, last: int) -> str:
    """Return the mean loss of each arm over the steps after ``first``, up to ``last``."""
    steps = f"step {last:,}" if last == first + 1 else f"steps {first + 1:,} to {last:,}"
    means = (f"{name} {np.mean(values[first:last]):.3f}" for name, values in losses.items())
    return f"{steps}: {', '.join(means)}"
