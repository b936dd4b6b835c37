import numpy as np

from neural.report.run.figures import loss_chart, moving_average, tell_band
from results import RUN


def test_moving_average():
    centers, means = moving_average(np.arange(100.0))
    np.testing.assert_allclose(centers, np.arange(51) + 25.5)
    np.testing.assert_allclose(means, np.arange(51) + 24.5)
    centers, means = moving_average(np.array([1.0, 3.0, 5.0, 7.0]))  # a few losses make a line too
    assert (centers.tolist(), means.tolist()) == ([1.5, 2.5, 3.5], [2.0, 4.0, 6.0])
    assert moving_average(np.array([3.0]))[1].tolist() == [3.0]


def test_the_loss_figure_shows_the_arms():
    losses = {name: result.losses for name, result in RUN.arms.items() if result.losses}
    chart = loss_chart(losses, "Loss", "token that counts")
    (axes,), (legend,) = chart.figure.axes, chart.figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert legend.get_title().get_text() == chart.title == "Loss"
    assert labels == ["standard, mean of 1 steps", "interventional, mean of 1 steps"]
    thin, thick, *_ = axes.lines
    assert thin.get_ydata().tolist() == thick.get_ydata().tolist() == [2.0, 1.0, 0.5]
    assert axes.get_ylabel() == "loss, nats per token that counts"
    assert axes.get_yscale() == "log"
    assert chart.text == (
        "Moving average of the loss over 3 steps, in nats per token that counts: standard from 2.00 to 0.50; "
        "interventional from 1.50 to 0.70."
    )
    assert chart.tips["bands"][0] == "step 1: standard 2.000, interventional 1.500"


def test_a_band_has_the_mean_of_its_steps():
    losses = {"standard": np.arange(100.0)}
    assert tell_band(losses, 40, 60) == "steps 41 to 60: standard 49.500"
    chart = loss_chart({"standard": np.arange(1.0, 1921.0)}, "Loss", "token")
    assert len(chart.tips["bands"]) == 48
    assert chart.tips["bands"][-1] == "steps 1,881 to 1,920: standard 1900.500"
