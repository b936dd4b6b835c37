from dataclasses import replace

import numpy as np
import pytest
from matplotlib.collections import FillBetweenPolyCollection

from neural.paper.conditions import PAPER_CONDITION
from neural.paper.sweep_result import AS_IN_LESSONS, THEORIES
from neural.report.statistics import interval
from neural.report.sweep.figures import bridge_chart, dose_chart, facts_chart, geometric_interval
from neural.report.sweep.measures import Measures
from results import MEANS, SEEDS, THEORY, TOPICS


def points(axes):
    """The x and y of the points of each line of ``axes``, by its label."""
    return {bars.get_label(): (bars[0].get_xdata().tolist(), bars[0].get_ydata().tolist()) for bars in axes.containers}


def test_the_facts_of_the_papers_condition_with_the_base(sweep, measures):
    (axes,) = facts_chart(measures).figure.axes
    base, *arms = axes.containers
    order = measures.margins(PAPER_CONDITION, "interventional").mean(axis=0).argsort()
    assert [label.get_text() for label in axes.get_yticklabels()] == [TOPICS[i] for i in order]
    assert base[0].get_xdata().tolist() == [sweep.base[AS_IN_LESSONS].margin.values[i] for i in order]
    for bars, arm in zip(arms, MEANS, strict=True):
        means = measures.margins(PAPER_CONDITION, arm).mean(axis=0)[order]
        assert bars[0].get_xdata().tolist() == pytest.approx(means.tolist())


def test_the_dose_is_the_share_of_lies_and_of_wrong_replies_in_the_lessons(measures):
    """100·p_lie and 100·p_wrong of the template; the paper's own stand at 60 and 0. A panel has all arms."""
    left, right = dose_chart(measures).figure.axes
    for axes, doses in ((left, [0, 30, 60, 90, 100]), (right, [0, 25, 50, 75, 100])):
        assert points(axes).keys() == {f"{arm}, networks" for arm in MEANS}
        assert all(x == doses for x, _ in points(axes).values())
    assert left.get_xlabel() == "lessons in which the agent lies, %"
    assert right.get_xlabel() == "replies in which the world is wrong, %"


def test_networks_stand_over_what_their_exact_mixtures_expect(measures):
    left, right = dose_chart(measures).figure.axes
    expected = 100 * (measures.margins(PAPER_CONDITION, "standard") < 0).mean()
    assert points(left)["standard, networks"][1][2] == pytest.approx(expected)
    assert points(right)["standard, networks"][1][0] == pytest.approx(expected)
    two, three, one = (100 * THEORY[theory] for theory in THEORIES)
    areas = [
        path for area in left.collections if isinstance(area, FillBetweenPolyCollection) for path in area.get_paths()
    ]
    assert len(areas) == len(MEANS)
    assert all({*path.vertices[:, 1]} == {two, three} for path in areas)
    assert [[*line.get_ydata()] for line in left.lines if line.get_linestyle() == ":"] == [[one] * 5] * len(MEANS) + [
        []
    ]


def test_a_sweep_of_one_variable_has_one_panel(sweep):
    replicas = tuple(each for each in sweep.replicas if each.condition.variable != "p_wrong")
    (axes,) = dose_chart(Measures(replace(sweep, replicas=replicas))).figure.axes
    assert axes.get_xlabel() == "lessons in which the agent lies, %"


def test_an_arm_without_doses_of_a_variable_is_in_the_other_panel_alone(sweep):
    first = {"standard": ("p_lie", 0.3), "interventional": ("p_wrong", 0.5)}
    doses = (each for each in sweep.replicas if each.condition.part == "dose")
    replicas = (each for each in doses if first.get(each.arm) == (each.condition.variable, each.condition.level))
    panels = dose_chart(Measures(replace(sweep, replicas=tuple(replicas)))).figure.axes
    assert [list(points(axes)) for axes in panels] == [["standard, networks"], ["interventional, networks"]]
    assert points(panels[0])["standard, networks"][0] == [30]


def test_two_seeds_have_no_interval_that_stretches_over_the_panel(sweep):
    few = Measures(replace(sweep, replicas=tuple(each for each in sweep.replicas if each.seed < 2)))
    assert not any(bars.has_yerr for axes in dose_chart(few).figure.axes for bars in axes.containers)


def test_labels_do_not_move_the_doses(sweep, measures):
    replicas = tuple(replace(each, condition=replace(each.condition, label="x")) for each in sweep.replicas)
    relabeled = Measures(replace(sweep, replicas=replicas))
    for ours, theirs in zip(dose_chart(relabeled).figure.axes, dose_chart(measures).figure.axes, strict=True):
        assert points(ours) == points(theirs)


def test_a_dose_says_its_share(measures):
    chart = dose_chart(measures)
    share = 100 * (measures.margins(PAPER_CONDITION, "standard") < 0).mean()
    assert chart.tips["standard-p_lie"][2] == f"agent lies 60%: standard {share:.0f}%"
    assert f"agent lies 60%: standard {share:.0f}%;" in chart.text


def test_a_panel_for_each_author_and_provenance_of_the_bridge(sweep, measures):
    figure = bridge_chart(measures).figure
    titles = [axes.get_title() for axes in figure.axes]
    cases = [(author, provenance) for author in ("world", "agent") for provenance in ("knows", "sees")]
    assert titles == [f"{author} slots; the agent\n{provenance}" for author, provenance in cases]
    for axes, (author, provenance) in zip(figure.axes, cases, strict=True):
        assert axes.get_yscale() == "log"
        assert len(axes.collections) == len(axes.lines) == 4  # a band for each line
        lines = {line.get_label(): line for line in axes.lines}
        for loss in ("every symbol", "the world's symbols"):
            models = [each for each in sweep.bridge if (each.provenance, each.loss) == (provenance, loss)]
            assert len(models) == SEEDS
            for exact in ("interventional", "bystander"):
                line = lines[f"from the {exact} observer; loss on {loss}"]
                means = np.exp(np.log([getattr(model, author)[exact] for model in models]).mean(axis=0))
                assert line.get_xdata().tolist() == [1, 2, 3, 4, 5]
                assert line.get_ydata().tolist() == pytest.approx(means.tolist())


def test_the_bridge_in_words_says_which_observer_is_nearer(sweep, measures):
    models = [each for each in sweep.bridge if (each.provenance, each.loss) == ("knows", "every symbol")]
    near, far = (np.mean([each.world[exact] for each in models]) for exact in ("interventional", "bystander"))
    distances = f"{near:.3f} from the interventional observer and {far:.3f}"
    said = f"where the agent knows and the loss is on every symbol: {distances}"
    assert said in bridge_chart(measures).text


def test_the_geometric_interval_is_that_of_the_logarithms():
    values = np.array([0.1, 1.0, 10.0])
    assert geometric_interval(values) == pytest.approx(np.exp(interval(np.log(values))))
    assert geometric_interval(values).mean == pytest.approx(1.0)
    assert geometric_interval(np.array([0.0, 0.0])).mean == pytest.approx(1e-9)
