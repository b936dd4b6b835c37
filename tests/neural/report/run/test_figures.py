import numpy as np

from neural.report.run.figures import loss_figure, moving_average
from results import RUN


def test_moving_average():
    centers, means = moving_average(np.arange(100.0))
    np.testing.assert_allclose(centers, np.arange(51) + 24.5)
    np.testing.assert_allclose(means, np.arange(51) + 24.5)
    centers, means = moving_average(np.array([1.0, 3.0, 5.0, 7.0]))  # a few losses make a line too
    assert (centers.tolist(), means.tolist()) == ([0.5, 1.5, 2.5], [2.0, 4.0, 6.0])
    assert moving_average(np.array([3.0]))[1].tolist() == [3.0]


def test_the_loss_figure_shows_the_arms():
    losses = {name: result.losses for name, result in RUN.arms.items() if result.losses}
    (axes,) = loss_figure(losses, "token that counts").axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["standard, mean of 1 steps", "interventional, mean of 1 steps"]
    thin, thick, *_ = axes.lines
    assert thin.get_ydata().tolist() == thick.get_ydata().tolist() == [2.0, 1.0, 0.5]
    assert axes.get_ylabel() == "loss (nats per token that counts)"
    assert axes.get_yscale() == "log"
