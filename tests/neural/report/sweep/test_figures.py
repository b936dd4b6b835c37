from dataclasses import replace

import numpy as np
import pytest

from neural.paper.conditions import PAPER_CONDITION
from neural.paper.sweep_result import AS_IN_LESSONS, THEORIES
from neural.report.statistics import interval
from neural.report.sweep.figures import bridge_figure, dose_figure, facts_figure, geometric_interval
from neural.report.sweep.measures import Measures
from results import MEANS, SEEDS, THEORY, TOPICS


def points(axes):
    """The x and y of the points of each line of ``axes``, by its label."""
    return {bars.get_label(): (bars[0].get_xdata().tolist(), bars[0].get_ydata().tolist()) for bars in axes.containers}


def test_the_facts_of_the_papers_condition_with_the_base(sweep, measures):
    (axes,) = facts_figure(measures).axes
    base, *arms = axes.containers
    order = measures.margins(PAPER_CONDITION, "interventional").mean(axis=0).argsort()
    assert [label.get_text() for label in axes.get_yticklabels()] == [TOPICS[i] for i in order]
    assert base[0].get_xdata().tolist() == [sweep.base[AS_IN_LESSONS].margin.values[i] for i in order]
    for bars, arm in zip(arms, MEANS, strict=True):
        means = measures.margins(PAPER_CONDITION, arm).mean(axis=0)[order]
        assert bars[0].get_xdata().tolist() == pytest.approx(means.tolist())


def test_the_dose_is_the_share_of_lies_and_of_wrong_replies_in_the_lessons(measures):
    """100·p_lie and 100·p_wrong of the template; the paper's own stand at 60 and 0."""
    figure = dose_figure(measures)
    panels = np.array(figure.axes).reshape(len(MEANS), 2)
    for column, doses in zip(panels.T, ([0, 30, 60, 90, 100], [0, 25, 50, 75, 100]), strict=True):
        for axes, arm in zip(column, MEANS, strict=True):
            assert points(axes).keys() == {arm}
            assert points(axes)[arm][0] == doses
    assert panels[-1, 0].get_xlabel() == "lessons in which the agent lies (%)"
    assert panels[-1, 1].get_xlabel() == "replies in which the world is wrong (%)"


def test_a_panel_of_the_dose_has_the_networks_of_an_arm_and_its_exact_mixtures(measures):
    left, right = dose_figure(measures).axes[:2]
    expected = 100 * (measures.margins(PAPER_CONDITION, "standard") < 0).mean()
    assert points(left)["standard"][1][2] == pytest.approx(expected)
    assert points(right)["standard"][1][0] == pytest.approx(expected)
    lines = {line.get_label(): line.get_ydata() for line in left.lines}
    for theory in THEORIES:
        assert lines[f"exact, {theory}"] == pytest.approx([100 * THEORY[theory]] * 5)


def test_a_sweep_of_one_variable_has_one_column(sweep):
    replicas = tuple(each for each in sweep.replicas if each.condition.variable != "p_wrong")
    figure = dose_figure(Measures(replace(sweep, replicas=replicas)))
    assert len(figure.axes) == len(MEANS)
    assert figure.axes[-1].get_xlabel() == "lessons in which the agent lies (%)"


def test_an_arm_without_doses_of_a_variable_has_an_empty_panel(sweep):
    first = {"standard": ("p_lie", 0.3), "interventional": ("p_wrong", 0.5)}
    doses = (each for each in sweep.replicas if each.condition.part == "dose")
    replicas = (each for each in doses if first.get(each.arm) == (each.condition.variable, each.condition.level))
    panels = dose_figure(Measures(replace(sweep, replicas=tuple(replicas)))).axes
    assert [list(points(axes)) for axes in panels] == [["standard"], [], [], ["interventional"]]
    assert points(panels[0])["standard"][0] == [30]


def test_labels_do_not_move_the_doses(sweep, measures):
    replicas = tuple(replace(each, condition=replace(each.condition, label="x")) for each in sweep.replicas)
    relabeled = Measures(replace(sweep, replicas=replicas))
    for ours, theirs in zip(dose_figure(relabeled).axes, dose_figure(measures).axes, strict=True):
        assert points(ours) == points(theirs)


def test_a_panel_for_each_author_and_provenance_of_the_bridge(sweep, measures):
    figure = bridge_figure(measures)
    titles = [axes.get_title() for axes in figure.axes]
    cases = [(author, provenance) for author in ("world", "agent") for provenance in ("knows", "sees")]
    assert titles == [f"{author} slots; the training agent {provenance}" for author, provenance in cases]
    for axes, (author, provenance) in zip(figure.axes, cases, strict=True):
        assert axes.get_yscale() == "log"
        for loss in ("every symbol", "the world's symbols"):
            models = [each for each in sweep.bridge if (each.provenance, each.loss) == (provenance, loss)]
            assert len(models) == SEEDS
            for exact in ("interventional", "bystander"):
                x, y = points(axes)[f"from the {exact} predictive; loss on {loss}"]
                means = np.exp(np.log([getattr(model, author)[exact] for model in models]).mean(axis=0))
                assert x == [1, 2, 3, 4, 5]
                assert y == pytest.approx(means.tolist())


def test_the_geometric_interval_is_that_of_the_logarithms():
    values = np.array([0.1, 1.0, 10.0])
    assert geometric_interval(values) == pytest.approx(np.exp(interval(np.log(values))))
    assert geometric_interval(values).mean == pytest.approx(1.0)
    assert geometric_interval(np.array([0.0, 0.0])).mean == pytest.approx(1e-9)
