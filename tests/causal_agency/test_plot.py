"""The figures, described to the letter: the files in ``printed`` say what is drawn, where and how.

After an intended change, ``python tests/causal_agency/test_plot.py`` rewrites them: read the difference, and look at
the figures.
"""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from causal_agency import Hypothesis, Mixture, do, memoryless, plot, see
from causal_agency.examples import fire_engine, six_slot, two_action

PRINTED = Path(__file__).parent / "printed"
SURE = Mixture({Hypothesis(name, memoryless(A=1, B=0)): 0.5 for name in ("p", "q")})
MANY = Mixture({Hypothesis(f"p{i}", memoryless(A=i / 10, B=1 - i / 10)): 0.125 for i in range(1, 9)})
NEVER, SURE_P = (Hypothesis(name, memoryless(A=a, B=1 - a)) for name, a in (("never", 0), ("sure", 1)))
WORDS = Mixture({Hypothesis("p", memoryless(abc=Fraction(1, 2), abcd=Fraction(1, 2))): Fraction(1)})
THIRTEEN = Mixture({Hypothesis(f"p{i}", memoryless(A=0.5, B=0.5)): Fraction(1, 26) for i in range(26)})
LONG = [do("A"), see("B")] * 6 + [do("B")]
CURVES = {
    (share, rule): np.array([0, share / 2, share / 4]) * (rule == "naive")
    for share in (0.25, 0.5)
    for rule in ("interventional", "naive")
}

FIGURES = {
    "two_action": lambda: plot.trajectory(two_action.mix, two_action.HISTORY),
    "two_action_ledger": lambda: plot.ledger(two_action.mix.ledger(two_action.HISTORY)),
    "six_slot": lambda: plot.trajectory(six_slot.mix, six_slot.HISTORY),
    "fractions": lambda: plot.trajectory(fire_engine.mix, [do("send"), see("calm")]),
    "short_labels": lambda: plot.trajectory(WORDS, [see("abc")]),
    "longer_labels": lambda: plot.trajectory(WORDS, [see("abcd")]),
    "infinite_ledger": lambda: plot.ledger(Mixture({SURE_P: 0.5, NEVER: 0.5}).ledger([do("B")])),
    "infinite_the_other_way": lambda: plot.ledger(Mixture({NEVER: 0.5, SURE_P: 0.5}).ledger([do("B")])),
    "fifty_points": lambda: plot.trajectory(two_action.mix, [do("A")] * 49),
    "forty_nine_points": lambda: plot.trajectory(two_action.mix, [do("A")] * 48),
    "thirteen_lines": lambda: plot.ledger(THIRTEEN.ledger([do("A")])),
    "undefined": lambda: plot.trajectory(SURE, [see("A"), do("B")]),
    "undefined_ledger": lambda: plot.ledger(SURE.ledger([see("A"), do("B")])),
    "many": lambda: plot.trajectory(MANY, LONG[:12]),
    "many_ledger": lambda: plot.ledger(MANY.ledger(LONG)),
    "estimates": lambda: plot.estimates({"logs": np.array([0.5, 0.4]), "a coin": np.array([np.nan, 1.0]),
        "a die": np.array([0.2])}, {"logs": 0.45, "a coin": 0.9, "a die": 0.25}, "P(o | a)"),
    "deluded": lambda: plot.deluded(CURVES),
}  # fmt: skip


def of_line(line):
    data = " ".join(f"({x:.4g}, {y:.4g})" for x, y in line.get_xydata())
    look = line.get_color(), line.get_linestyle(), line.get_drawstyle(), line.get_marker(), line.get_markersize()
    return f"  line {line.get_label()}: {data}\n    {look} {line.get_linewidth()}"


def of_text(text):
    offset = text.get_position() if hasattr(text, "xy") else ""
    at = [f"{x:.4g}" for x in getattr(text, "xy", text.get_position())]
    look = (
        bool(text.get_transform() == text.axes.get_xaxis_transform()),
        getattr(text, "xycoords", ""),
        getattr(text, "anncoords", ""),
        text.get_color(),
        text.get_ha(),
        text.get_va(),
        text.get_fontsize(),
    )
    return f"  text {text.get_text()!r} at {at} {offset} {getattr(text, 'xycoords', '')} {look}"


def of_area(area):
    spans = [[*map(float, (*path.vertices.min(axis=0), *path.vertices.max(axis=0)))] for path in area.get_paths()]
    spans += [bool(area.get_transform() == area.axes.get_xaxis_transform())]
    return f"  areas {spans} {area.get_facecolor().tolist()} {area.get_linewidth()} {area.get_zorder()}"


def of_axes(axes):
    labels = [(label.get_text(), label.get_rotation(), label.get_ha()) for label in axes.get_xticklabels()]
    yield f"axes {axes.get_xlabel()!r} {axes.get_ylabel()!r} {axes.get_xscale()}"
    yield "  from {:.3g} to {:.3g}, {:.3g} to {:.3g}".format(*axes.get_xlim(), *axes.get_ylim())
    yield f"  frame {[side for side, spine in axes.spines.items() if spine.get_visible()]}"
    yield f"  grid {axes.get_xgridlines()[0].get_visible()} {axes.get_xgridlines()[0].get_alpha()}"
    yield f"  slots {[label for label in labels if not label[0].startswith('$')]}"
    yield from map(of_line, axes.lines)
    yield from map(of_area, axes.collections)
    yield from map(of_text, axes.texts)


def of_legend(legend):
    labels = [text.get_text() for text in legend.get_texts()]
    return f"legend {labels} {legend._loc} {legend.get_frame_on()} {legend._ncols}"


def described(figure):
    figure.canvas.draw()
    lines = [f"figure {figure.get_size_inches()} {type(figure.get_layout_engine()).__name__}"]
    for axes in figure.axes:
        lines += of_axes(axes)
        lines += [of_legend(legend) for legend in [axes.get_legend()] if legend]
    lines += map(of_legend, figure.legends)
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", FIGURES)
def test_the_figure_is_as_described(name):
    assert described(FIGURES[name]()) == (PRINTED / f"{name}.txt").read_text()


def lines_of(figure, panel=0):
    return {line.get_label(): line.get_ydata() for line in figure.axes[panel].lines}


def test_the_trajectory_shows_both_posteriors():
    figure = plot.trajectory(two_action.mix, two_action.HISTORY)
    np.testing.assert_allclose(lines_of(figure)["p_B"], [0.35, 0.35, 56 / 69])
    np.testing.assert_allclose(lines_of(figure, panel=1)["p_B"], [0.35, 14 / 131, 112 / 229])


def test_lines_differ():
    assert len(set(plot._line_styles(24))) == 24
    assert len(list(plot._line_styles(30))) == 30


def test_curves_are_told_apart_without_color():
    """Each of 24 has a line and a marker that no other has together, however long it is."""
    mix = Mixture({Hypothesis(f"p{i}", memoryless(A=0.5, B=0.5)): Fraction(1, 24) for i in range(24)})
    for slots in (2, 200):
        lines = plot.trajectory(mix, [see("A")] * slots).axes[0].lines
        assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == 24
        assert all(len(line.get_xdata()[:: line.get_markevery()]) > 1 for line in lines)


def test_ten_thousand_slots_can_be_drawn():
    figure = plot.trajectory(two_action.mix, [do("A"), see("B")] * 5000)
    assert len(figure.axes[0].collections) == 1


def test_the_ledger_shows_the_false_evidence():
    shown = lines_of(plot.ledger(two_action.mix.ledger(two_action.HISTORY)))
    np.testing.assert_allclose(shown["for p_A"], [0, np.log(4.5), np.log(4.5)])


def test_undefined_values_leave_a_gap():
    history = [see("A"), do("B")]
    np.testing.assert_array_equal(lines_of(plot.trajectory(SURE, history), 1)["p"], [0.5, 0.5, np.nan])
    np.testing.assert_array_equal(lines_of(plot.ledger(SURE.ledger(history)))["for q"], [0, 0, np.nan])


def test_the_shares_are_percentages():
    assert plot.deluded(CURVES).axes[0].lines[1].get_ydata().tolist() == [0, 12.5, 6.25]


DOLLARS = Mixture({Hypothesis(name, memoryless({"$x^{$": 0.5, r"\$": 0.5})): 0.5 for name in ("$a$", "$\\frac$")})


def texts_of(figure):
    for axes in figure.axes:
        yield from (axes.yaxis.label, *axes.get_xticklabels())
    for legend in [*figure.legends, *(axes.get_legend() for axes in figure.axes)]:
        yield from legend.get_texts() if legend else ()


def test_a_dollar_is_a_dollar():
    """Drawn as it is: unescaped, an odd formula fails, and an even one loses its dollars."""
    history = [see("$x^{$"), do(r"\$")]
    for figure in (
        plot.trajectory(DOLLARS, history),
        plot.ledger(DOLLARS.ledger(history)),
        plot.estimates({"$5$": np.array([0.5, 0.4])}, {"$5$": 0.45}, "P($)"),
    ):
        figure.canvas.draw()
        drawn = [text._preprocess_math(text.get_text()) for text in texts_of(figure)]
        assert not any(is_math for text, is_math in drawn if "$\\mathdefault" not in text)
        assert any("$" in text for text, is_math in drawn if not is_math)


def test_long_labels_are_cut():
    assert plot._shorten("abcdef", 6) == "abcdef"
    assert plot._shorten("abcdefg", 6) == "abcde…"


def test_a_notebook_shows_a_figure():
    assert FIGURES["two_action"]()._repr_png_().startswith(b"\x89PNG")


if __name__ == "__main__":
    for name, figure in FIGURES.items():
        (PRINTED / f"{name}.txt").write_text(described(figure()))
