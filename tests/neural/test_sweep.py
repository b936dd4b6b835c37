"""The command: what is refused, what is kept, and what is not done twice."""

import json
from pathlib import Path

import pytest

from causal_agency.cli import Command
from neural import sweep
from neural.study.sweep import Sweep
from neural.sweep import cell_file, weights

SMALL = ["paper", "--seeds", "2", "--steps", "1", "--arms", "standard,interventional"]


def call(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["sweep", *arguments])
    monkeypatch.setattr("neural.study.machine.prepare", lambda cells: None)  # jax runs already
    sweep.main()


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A sweep of one step."""
    out = tmp_path_factory.mktemp("sweep") / "out"
    with pytest.MonkeyPatch.context() as monkeypatch:
        call(monkeypatch, *SMALL, "--out", str(out))
    return out


def test_the_folder(finished):
    assert {file.name for file in finished.iterdir()} == {
        "plan.json", "base.json", "cells", "bridge", "study.json", "report.html", "results.md", "facts.png",
    }  # fmt: skip
    assert {file.name for file in (finished / "cells").iterdir()} == {"paper.0.json", "paper.1.json"}
    rows = json.loads((finished / "study.json").read_text())["rows"]
    assert [(row["seed"], row["arm"]) for row in rows] == [
        (seed, arm) for seed in (0, 1) for arm in ("standard", "interventional")
    ]


def test_what_is_finished_is_not_run_twice_and_more_seeds_are_added(finished, monkeypatch):
    before = {file: file.read_text() for file in (finished / "cells").iterdir()}
    (finished / "cells" / "paper.1.json").unlink()
    seen, rows = [], Sweep.rows

    def watched(self, name, seeds):
        seen.append(seeds)
        return rows(self, name, seeds)

    monkeypatch.setattr(Sweep, "rows", watched)
    call(monkeypatch, *SMALL, "--out", str(finished))
    assert seen == [[1]]
    assert json.loads(before[finished / "cells" / "paper.0.json"]) == read(finished, 0)
    assert len(read(finished, 1)) == 2


def read(folder, seed):
    return json.loads(cell_file(folder, "paper", seed).read_text())


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["everything"], "there is no part 'everything': choose of paper, dose, world, untaught, bridge"),
        (["--seeds", "1"], "argument --seeds: invalid whole number from 2 value: '1'"),
        (
            ["--weights", "agent=2"],
            "--weights: 'agent=2': write agent=…,world=…,prefix=…, each between 0 and 1 and not all 0",
        ),
        (["--weights", "agent=0,world=0,prefix=0"], "each between 0 and 1 and not all 0"),
        (["--weights", "nobody=1"], "argument --weights: 'nobody=1': write agent"),
    ],
)
def test_bad_input(monkeypatch, capsys, tmp_path, arguments, problem):
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *arguments, "--out", str(tmp_path / "out"))
    error = capsys.readouterr().err
    assert problem in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_cells_of_another_plan_are_not_mixed_in(finished, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *SMALL, "--steps", "2", "--out", str(finished))
    assert "holds another sweep" in capsys.readouterr().err


def test_a_folder_of_something_else_is_left_alone(monkeypatch, capsys, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *SMALL, "--out", str(tmp_path))
    assert "is no folder of a sweep" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["letter.txt"]


def test_weights_between_the_arms():
    assert weights("agent=0.5,prefix=0") == {"agent": 0.5, "prefix": 0.0}


def test_every_condition_belongs_to_one_part():
    from neural.study.sweep import CONDITIONS

    parts = [list(sweep.conditions([part])) for part in sweep.PARTS]
    assert sum(len(names) - 1 for names in parts[:-1]) == len(CONDITIONS) - 1  # the paper's is in all of them
    assert parts[-1] == []  # but the bridge
    assert {name for names in parts for name in names} == set(CONDITIONS)


def test_files_are_named_by_condition_and_seed():
    assert cell_file(Path("x"), "the agent lies 25%", 3) == Path("x/cells/the-agent-lies-25.3.json")


def test_what_is_stopped_keeps_the_seeds_that_are_done(monkeypatch, tmp_path):
    rows = Sweep.rows

    def until_the_last(self, name, seeds):
        got = list(rows(self, name, seeds))
        yield from got[:-1]
        raise KeyboardInterrupt

    def stop(self, message):
        raise SystemExit(message)

    monkeypatch.setattr(Sweep, "rows", until_the_last)
    monkeypatch.setattr(Command, "stop", stop)
    with pytest.raises(SystemExit, match="what is finished is kept"):
        call(monkeypatch, *SMALL, "--out", str(tmp_path / "out"))
    assert [file.name for file in (tmp_path / "out" / "cells").iterdir()] == ["paper.0.json"]


def test_the_bridge_is_kept_seed_by_seed_and_goes_on(monkeypatch, tmp_path, capsys):
    asked = []

    def bridge(design, seed):
        asked.append(seed)
        kl = {whose: {exact: [0.1] for exact in ("interventional", "bystander")} for whose in ("world", "agent")}
        return [{"seed": seed, "provenance": p, "loss": loss, **kl} for p in ("knows", "sees") for loss in ("a", "b")]

    monkeypatch.setattr("neural.study.bridge.bridge", bridge)
    out = tmp_path / "out"
    for seeds in ("2", "3"):
        call(monkeypatch, "bridge", "--seeds", seeds, "--steps", "1", "--out", str(out))
    assert asked == [0, 1, 2]
    assert len(json.loads((out / "study.json").read_text())["bridge"]) == 12
    assert f"{out / 'report.html'} has it all" in capsys.readouterr().out
    assert list((out / "cells").iterdir()) == []


def test_a_damaged_plan_is_named(finished, monkeypatch, capsys, tmp_path):
    (tmp_path / "plan.json").write_text("{")
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *SMALL, "--out", str(tmp_path))
    assert "plan.json is damaged" in capsys.readouterr().err
