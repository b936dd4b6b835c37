import matplotlib.pyplot as plt
import numpy as np
import pytest

from neural.report.figures import loss_figure, margin_figure, moving_average, ranked_figure
from results import RESULTS


def test_moving_average():
    centres, means = moving_average(np.arange(100.0))
    np.testing.assert_allclose(centres, np.arange(51) + 24.5)
    np.testing.assert_allclose(means, np.arange(51) + 24.5)
    centres, means = moving_average(np.array([1.0, 3.0, 5.0, 7.0]))  # of so few, a line all the same
    assert (centres.tolist(), means.tolist()) == ([0.5, 1.5, 2.5], [2.0, 4.0, 6.0])
    assert moving_average(np.array([3.0]))[1].tolist() == [3.0]


def test_the_margin_figure_shows_every_fact_of_every_arm():
    figure = margin_figure(RESULTS)
    (axes,) = figure.axes
    topics = [label.get_text() for label in axes.get_yticklabels()]
    assert topics == ["topic 0", "topic 1", "topic 2"]
    dots = [collection.get_offsets()[:, 0].tolist() for collection in axes.collections[1:]]
    assert dots == [[0.1, 0.1, 0.1], pytest.approx([0.1, -0.5, -0.2]), pytest.approx([0.2, 0.4, 0.9])]
    plt.close(figure)


def test_the_loss_figure_shows_the_trained_arms():
    figure = loss_figure(RESULTS)
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert [label.split(",")[0] for label in labels] == ["standard", "interventional"]
    plt.close(figure)


def test_very_many_facts_are_ranked_for_they_cannot_be_named():
    rng = np.random.default_rng(0)
    margins = {"standard": rng.normal(-1, 1, (3, 70)), "interventional": rng.normal(1, 1, (3, 70))}
    figure = ranked_figure(margins)
    (axes,) = figure.axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    for name, label, line in zip(margins, labels, axes.lines, strict=False):
        assert label == f"{name} (mean {margins[name].mean():+.2f}, lie preferred {np.mean(margins[name] < 0):.0%})"
        assert line.get_ydata().tolist() == pytest.approx(np.sort(margins[name], axis=1).mean(axis=0))
    assert len(axes.collections) == 2
    plt.close(figure)


def test_the_margin_figure_of_many_facts_is_a_ranked_one():
    per_fact = [{"topic": f"topic {i}", "margin": i - 35} for i in range(70)]
    arms = {name: {"margin": {"per_fact": per_fact}} for name in ("base", "standard")}
    figure = margin_figure({"arms": arms})
    assert figure.axes[0].lines[1].get_ydata().tolist() == list(range(-35, 35))
    plt.close(figure)
