import re
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from causal_agency import Gate, L_do, as_bystander, do, plot
from causal_agency.examples import learning_agent
from causal_agency.examples.learning_agent import AGENTS, HABIT, HISTORY, Step, life, main, mixture
from causal_agency.ledger import format_number

LIVES = {name: life(*agent) for name, agent in AGENTS.items()}


def test_the_history():
    assert HISTORY[:50] == (do("A"),) * 50
    world = [slot.symbol for slot in HISTORY if slot.gate == Gate.WORLD]
    assert len(HISTORY) == 150
    assert world.count("B") / len(world) == HABIT == 0.8
    assert all(slot == do("A") for slot in HISTORY[51::2])


def test_the_numbers_by_hand():
    """Each kernel is (n_B + ½) / (n + 1), over the world's symbols or over all; w is a product of its factors."""
    for name, (mix, history) in AGENTS.items():
        everyone = name != "both right"
        odds = 1.0
        counted = []
        for i, slot in enumerate((None, *history)):
            if slot:
                nu = (counted.count(slot.symbol) + 0.5) / (len(counted) + 1)
                odds *= nu / 0.5 if slot.gate == Gate.WORLD else 1
                counted += [slot.symbol] if everyone or slot.gate == Gate.WORLD else []
            nu_B, w = (counted.count("B") + 0.5) / (len(counted) + 1), odds / (1 + odds)
            assert LIVES[name][i] == pytest.approx((nu_B, w, w * nu_B + (1 - w) * 0.5), rel=1e-9)
        habit = next(iter(mix.prior))
        assert L_do(habit, history) / 0.5 ** sum(slot.gate == Gate.WORLD for slot in history) == pytest.approx(odds)


def test_who_is_deluded():
    right, kernel, both = (steps[-1] for steps in LIVES.values())
    assert right.habit == pytest.approx(HABIT, abs=0.01)
    assert right.w > 0.99
    assert kernel.habit == both.habit < 0.3
    assert kernel.w < 1e-9
    assert both.w > 0.999
    assert all(step.w == 0.5 for name in ("both right", "w right, kernel deluded") for step in LIVES[name][:51])
    assert all(step.habit == 0.5 for step in LIVES["both right"][:51])


def test_a_mixture_of_the_right_kernel_is_deluded_by_a_bystanders_history():
    assert AGENTS["both deluded"] == (AGENTS["both right"][0], as_bystander(HISTORY))
    assert mixture(learning_agent.LEARNER) == AGENTS["both right"][0]


def test_the_table_of_the_chapter():
    chapter = (Path(__file__).parents[3] / "docs" / "exact.md").read_text()
    for name, steps in LIVES.items():
        assert f"| {name} | {' | '.join(map(format_number, steps[-1]))} |" in chapter


def test_it_draws_what_it_prints(monkeypatch, capsys, tmp_path):
    drawn = []
    monkeypatch.setattr(plot, "learning", lambda *what: drawn.append(what) or Figure())
    monkeypatch.setattr("sys.argv", ["learning_agent", "--plot", str(tmp_path / "learning.png")])
    main()
    ((curves, truth),) = drawn
    assert truth == HABIT
    assert curves == {name: [*zip(*steps, strict=True)] for name, steps in LIVES.items()}
    printed = capsys.readouterr().out
    for steps in LIVES.values():
        assert format_number(steps[150].pi) in re.split(r"\s+", printed)
    assert Step._fields == ("habit", "w", "pi")


def test_a_file_that_is_no_image_is_refused(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["learning_agent", "--plot", "learning.txt"])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "'learning.txt' is not a .png, .svg or .pdf file" in capsys.readouterr().err


def test_it_writes_the_figure(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.argv", ["learning_agent", "--plot", str(tmp_path / "learning.png")])
    main()
    assert (tmp_path / "learning.png").stat().st_size > 10_000
