import numpy as np
import pytest

from causal_agency import Hypothesis, Mixture, do, memoryless, plot, see
from causal_agency.examples.two_action import HISTORY, mix


def lines(axes):
    return {line.get_label(): line.get_ydata() for line in axes.lines}


def test_the_trajectory_shows_both_posteriors_of_every_hypothesis():
    (axes,) = plot.trajectory(mix, HISTORY).axes
    shown = lines(axes)
    np.testing.assert_allclose(shown["w(p_B)"], [0.35, 0.35, 56 / 69])
    np.testing.assert_allclose(shown["w_obs(p_B)"], [0.35, 14 / 131, 112 / 229])
    assert set(shown) == {"w(p_B)", "w_obs(p_B)", "w(p_A)", "w_obs(p_A)"}
    assert [label.get_text() for label in axes.get_xticklabels()] == ["prior", "do('A')", "see('B')"]
    assert len(axes.patches) == 1  # the agent's slot


def test_the_books_show_the_false_evidence():
    (axes,) = plot.ledger(mix.ledger(HISTORY)).axes
    np.testing.assert_allclose(lines(axes)["for p_A"], [0, np.log(4.5), np.log(4.5)])


def test_what_is_undefined_is_a_gap():
    sure = Mixture({Hypothesis("p", memoryless(A=1, B=0)): 0.5, Hypothesis("q", memoryless(A=1, B=0)): 0.5})
    history = [see("A"), do("B")]
    (axes,) = plot.trajectory(sure, history).axes
    np.testing.assert_array_equal(lines(axes)["w_obs(p)"], [0.5, 0.5, np.nan])
    (axes,) = plot.ledger(sure.ledger(history)).axes
    np.testing.assert_array_equal(lines(axes)["for q"], [0, 0, np.nan])


@pytest.mark.parametrize("slots", [0, 12, 13, 200])
def test_long_histories_have_no_crowded_labels(slots, tmp_path):
    figure = plot.trajectory(mix, [do("A"), see("B")] * (slots // 2) + [see("B")] * (slots % 2))
    (axes,) = figure.axes
    named = [label.get_text() for label in axes.get_xticklabels() if "(" in label.get_text()]
    assert len(named) == (slots if slots <= 12 else 0)
    figure.savefig(tmp_path / "figure.png")


def test_many_hypotheses_share_the_colours():
    many = Mixture({Hypothesis(f"p{i}", memoryless(A=i / 10, B=1 - i / 10)): 0.125 for i in range(1, 9)})
    (axes,) = plot.trajectory(many, HISTORY).axes
    assert len(axes.lines) == 16
    (axes,) = plot.ledger(many.ledger(HISTORY)).axes
    assert len(axes.lines) == 8  # seven, and zero


def test_long_labels_are_cut():
    assert plot.shorten("abcdef", 6) == "abcdef"
    assert plot.shorten("abcdefg", 6) == "abcde…"


def test_estimates_and_their_limits():
    (axes,) = plot.estimates({"logs": np.array([0.5, 0.4])}, {"logs": 0.45}, "P").axes
    assert lines(axes)["estimated from logs"].tolist() == [0.5, 0.4]
    assert axes.texts[0].get_text() == "0.45"
    assert axes.get_ylabel() == "P"


def test_shares_of_the_deluded():
    (axes,) = plot.deluded({(0.5, "naive"): np.array([0, 0.2]), (0.5, "interventional"): np.array([0, 0.0])}).axes
    assert axes.lines[0].get_ydata().tolist() == [0, 20]
    assert [line.get_linestyle() for line in axes.lines[:2]] == ["-", ":"]
    assert [text.get_text() for text in axes.texts] == ["writes 50%"]
