import numpy as np
import pytest

from neural.report.margins import AXIS, MAX_NAMED, margin_chart, rank_chart, spread_arms
from neural.report.statistics import interval
from results import RUN

TOPICS = [fact.topic for fact in RUN.arms["base"].margin.per_fact]
MARGINS = {name: np.array([arm.margin.values]) for name, arm in RUN.arms.items()}


def labels(legend):
    return [text.get_text() for text in legend.get_texts()]


def points(axes):
    """The x and y of the points of each arm."""
    return [(bars[0].get_xdata().tolist(), bars[0].get_ydata().tolist()) for bars in axes.containers]


def test_the_margin_figure_shows_every_fact_of_every_arm():
    figure = margin_chart(TOPICS, MARGINS).figure
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["topic 0", "topic 1", "topic 2"]
    rows = [0, 1, 2]
    assert points(axes) == [
        ([0.1, 0.1, 0.1], rows),
        (pytest.approx([0.1, -0.5, -0.2]), rows),
        (pytest.approx([0.2, 0.4, 0.9]), rows),
    ]
    assert labels(figure.legends[0]) == ["base (mean +0.10)", "standard (mean -0.20)", "interventional (mean +0.50)"]


def test_one_seed_has_no_intervals():
    (axes,) = margin_chart(TOPICS, MARGINS).figure.axes
    assert not any(bars.has_xerr for bars in axes.containers)


def test_facts_are_sorted_by_the_interventional_arm():
    reverse = MARGINS | {"interventional": MARGINS["interventional"][:, ::-1]}
    (axes,) = margin_chart(TOPICS, reverse).figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["topic 2", "topic 1", "topic 0"]
    assert points(axes)[1][0] == pytest.approx([-0.2, -0.5, 0.1])


def test_facts_are_sorted_by_the_last_arm_if_there_is_no_interventional_one():
    (axes,) = margin_chart(TOPICS, {name: MARGINS[name] for name in ("base", "standard")}).figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["topic 1", "topic 2", "topic 0"]


def test_several_seeds_have_their_means_and_intervals():
    rng = np.random.default_rng(0)
    margins = {"base": MARGINS["base"]} | {arm: rng.normal(size=(4, 3)) for arm in ("standard", "interventional")}
    (axes,) = margin_chart(TOPICS, margins).figure.axes
    order = margins["interventional"].mean(axis=0).argsort()
    base, *trained = axes.containers
    assert not base.has_xerr
    rows = set()
    for bars, arm in zip(trained, ("standard", "interventional"), strict=True):
        expected = [interval(column) for column in margins[arm].T[order]]
        assert bars[0].get_xdata().tolist() == pytest.approx([each.mean for each in expected])
        (segments,) = bars[2]
        ends = [(low, high) for (low, _), (high, _) in segments.get_segments()]
        assert ends == [pytest.approx((each.low, each.high)) for each in expected]
        rows.add(tuple(bars[0].get_ydata()))
    assert len(rows) == 2  # side by side, so that the intervals do not overlap


def test_two_seeds_have_points_without_intervals_that_stretch_the_axis():
    margins = {name: np.zeros((4, 3)) for name in ("standard", "interventional")}
    few = np.array([[0.0, 0.1, 0.2], [1.0, 1.1, 1.2]])
    (axes,) = margin_chart(TOPICS, {"base": MARGINS["base"], **margins, "agent-0.25": few}).figure.axes
    assert not axes.containers[-1].has_xerr
    assert points(axes)[-1][0] == pytest.approx([0.5, 0.6, 0.7])
    low, high = axes.get_xlim()
    assert -0.1 < low < high < 0.8
    (axes,) = margin_chart(
        TOPICS, {"base": MARGINS["base"], **margins, "agent-0.25": np.vstack([few, few[:1]])}
    ).figure.axes
    assert axes.containers[-1].has_xerr  # of three there are some


def test_the_arms_of_a_row_do_not_reach_into_the_next():
    margins = {"base": MARGINS["base"]} | {f"agent-0.{i}": np.zeros((2, 3)) for i in range(1, 9)}
    shifts = spread_arms(margins)
    assert shifts.pop("base") == 0
    assert len({round(shift, 6) for shift in shifts.values()}) == 8
    assert max(shifts.values()) == pytest.approx(-min(shifts.values()))
    assert max(shifts.values()) < 0.4
    assert set(spread_arms(MARGINS).values()) == {0.0}


def test_ranks_of_two_seeds_have_no_band():
    rng = np.random.default_rng(0)
    (axes,) = rank_chart({"standard": rng.normal(size=(3, 70)), "agent-0.25": rng.normal(size=(2, 70))}).figure.axes
    assert len(axes.collections) == 1


def test_a_gray_line_spans_the_trained_arms():
    axes = margin_chart(TOPICS, MARGINS).figure.axes[0]
    spans = [(low, high) for (low, _), (high, _) in axes.collections[0].get_segments()]
    assert spans == [pytest.approx(span) for span in [(0.1, 0.2), (-0.5, 0.4), (-0.2, 0.9)]]


def test_ranks_replace_names_if_there_are_too_many_facts():
    rng = np.random.default_rng(0)
    margins = {"standard": rng.normal(-1, 1, (3, 70)), "interventional": rng.normal(1, 1, (3, 70))}
    figure = rank_chart(margins).figure
    (axes,) = figure.axes
    for name, label, line in zip(margins, labels(figure.legends[0]), axes.lines, strict=False):
        assert label == f"{name} (mean {margins[name].mean():+.2f}, lie preferred {np.mean(margins[name] < 0):.0%})"
        assert line.get_ydata().tolist() == pytest.approx(np.sort(margins[name], axis=1).mean(axis=0))
    assert len(axes.collections) == 2


def test_the_margin_figure_of_many_facts_is_a_ranked_one():
    margins = dict.fromkeys(("base", "standard"), np.arange(-35.0, 35.0)[None])
    (axes,) = margin_chart([f"topic {i}" for i in range(70)], margins).figure.axes
    assert axes.lines[1].get_ydata().tolist() == list(range(-35, 35))
    assert len(axes.collections) == 0
    assert margin_chart([f"topic {i}" for i in range(70)], margins).figure.axes[0].get_ylabel() == AXIS
    named = margin_chart([str(i) for i in range(MAX_NAMED)], dict.fromkeys(margins, np.zeros((1, MAX_NAMED))))
    assert len(named.figure.axes[0].get_yticklabels()) == MAX_NAMED


def test_what_a_chart_says_in_words_and_to_the_pointer():
    chart = margin_chart(TOPICS, MARGINS)
    assert chart.text.startswith(
        "Truth–lie margins of 3 facts. base: mean +0.10, lie preferred 0%; standard: mean -0.20"
    )
    assert chart.tips["standard"] == ["topic 0: standard +0.10", "topic 1: standard -0.50", "topic 2: standard -0.20"]
    ranks = rank_chart({"standard": np.arange(-50.0, 50.0)[None]})
    assert (ranks.tips["bands"][0], ranks.tips["bands"][-1]) == (
        "at 1% of the facts: standard -49.00", "at 99% of the facts: standard +48.00",
    )  # fmt: skip
