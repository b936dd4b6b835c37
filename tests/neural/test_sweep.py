"""The command: what it refuses, what it keeps, and what it does not do twice."""

import json
from dataclasses import replace

import pytest

from neural import sweep
from neural.cli import Command
from neural.paper.conditions import CONDITIONS, PARTS, select
from neural.paper.lessons import PAPER
from neural.paper.sweep import Sweep
from neural.paper.sweep_result import BridgeResult, ReplicaResult, SweepResult
from neural.result import Result, read
from neural.sweep import weights

SMALL = ["paper", "--seeds", "2", "--steps", "1", "--arms", "standard,interventional"]


def call(monkeypatch, *arguments):
    monkeypatch.setattr("neural.process.prepare", lambda replicas: None)  # jax is running already
    sweep.main(list(arguments))


def names(folder):
    return {file.name for file in folder.iterdir()}


def read_seed(folder, seed):
    return read(folder / "replicas" / f"paper.{seed}.json", list[ReplicaResult])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A sweep of one step."""
    out = tmp_path_factory.mktemp("sweep") / "out"
    with pytest.MonkeyPatch.context() as monkeypatch:
        call(monkeypatch, *SMALL, "--out", str(out))
    return out


def test_the_folder(finished):
    assert names(finished) == {
        "plan.json", "base.json", "replicas", "bridge", "sweep.json", "report.html", "results.md", "facts.png",
    }  # fmt: skip
    assert names(finished / "replicas") == {"paper.0.json", "paper.1.json"}
    result = read(finished / "sweep.json", SweepResult)
    assert [(each.seed, each.arm) for each in result.replicas] == [
        (seed, arm) for seed in (0, 1) for arm in ("standard", "interventional")
    ]
    assert result.base == read(finished / "base.json", dict[str, Result])
    assert list(result.base) == ["as in the lessons", "in other words", "by other people"]
    assert (result.plan["model"], result.plan["steps"]) == ("embedded", 1)
    assert list(result.plan["arms"]) == ["standard", "interventional"]


def test_finished_seeds_are_not_run_again_and_more_seeds_are_added(finished, monkeypatch):
    before = {name: (finished / "replicas" / name).read_text() for name in names(finished / "replicas")}
    (finished / "replicas" / "paper.1.json").unlink()
    seen, run = [], Sweep.run

    def watch(self, condition, seeds, *rest):
        seen.append((condition.key, seeds))
        return run(self, condition, seeds, *rest)

    monkeypatch.setattr(Sweep, "run", watch)
    call(monkeypatch, *SMALL, "--out", str(finished))
    assert seen == [("paper", [1])]
    assert (finished / "replicas" / "paper.0.json").read_text() == before["paper.0.json"]
    assert [each.seed for each in read_seed(finished, 1)] == [1, 1]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["everything"], "unknown part 'everything': choose from paper, dose, world, untaught, bridge"),
        (["--seeds", "1"], "argument --seeds: '1' is not a whole number of at least 2"),
        (
            ["--weights", "agent=2"],
            "--weights: 'agent=2': write agent=…,world=…,protocol=…, each between 0 and 1 and not all 0",
        ),
        (["--weights", "agent=0,world=0,protocol=0"], "each between 0 and 1 and not all 0"),
        (["--weights", "agent=much"], "each between 0 and 1 and not all 0"),
        (["--weights", "nobody=1"], "argument --weights: 'nobody=1': write agent"),
        (["--weights", "prefix=1"], "argument --weights: 'prefix=1': write agent"),
        (["--model", "/no/such/folder"], "there is no folder /no/such/folder"),
    ],
)
def test_bad_input(monkeypatch, capsys, tmp_path, arguments, problem):
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *arguments, "--out", str(tmp_path / "out"))
    error = capsys.readouterr().err
    assert problem in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_sweep_with_another_plan_is_refused(finished, monkeypatch, capsys):
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *SMALL, "--steps", "2", "--out", str(finished))
    assert "holds another sweep" in capsys.readouterr().err


def test_a_sweep_under_other_conditions_is_refused(finished, monkeypatch, capsys):
    """A phrase of the lessons that changes must not mix two experiments."""
    other = (*CONDITIONS[:-1], replace(CONDITIONS[-1], template=replace(PAPER, p_tail=0.9)))
    monkeypatch.setattr("neural.paper.conditions.CONDITIONS", other)
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *SMALL, "--out", str(finished))
    assert "holds another sweep" in capsys.readouterr().err


def test_a_folder_of_something_else_is_left_alone(monkeypatch, capsys, tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *SMALL, "--out", str(tmp_path))
    assert "is not the folder of a sweep" in capsys.readouterr().err
    assert names(tmp_path) == {"letter.txt"}


def test_a_file_in_the_place_of_the_folder_is_left_alone(monkeypatch, capsys, tmp_path):
    (tmp_path / "out").write_text("dear")
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *SMALL, "--out", str(tmp_path / "out"))
    assert "is not the folder of a sweep" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "dear"


def test_weights_between_the_arms():
    assert weights("agent=0.5,protocol=0") == {"agent": 0.5, "protocol": 0.0}


def test_every_condition_belongs_to_one_part():
    parts = [select([part]) for part in sweep.PARTS]
    assert sum(len(conditions) - 1 for conditions in parts[:-1]) == len(CONDITIONS) - 1  # the paper's is in all of them
    assert parts[-1] == []  # the bridge needs none
    assert {condition for conditions in parts for condition in conditions} == set(CONDITIONS)
    assert (*PARTS, "bridge") == sweep.PARTS


def test_a_sweep_that_is_stopped_keeps_the_finished_seeds(monkeypatch, tmp_path):
    run = Sweep.run

    def stop_before_the_last(self, condition, seeds, *rest):
        yield from list(run(self, condition, seeds, *rest))[:-1]
        raise KeyboardInterrupt

    def stop(self, message):
        raise SystemExit(message)

    monkeypatch.setattr(Sweep, "run", stop_before_the_last)
    monkeypatch.setattr(Command, "stop", stop)
    with pytest.raises(SystemExit, match="stopped; whatever is finished is kept in "):
        call(monkeypatch, *SMALL, "--out", str(tmp_path / "out"))
    assert names(tmp_path / "out" / "replicas") == {"paper.0.json"}
    assert len(read_seed(tmp_path / "out", 0)) == 2


def test_the_bridge_is_kept_seed_by_seed_and_continued(monkeypatch, tmp_path, capsys):
    asked = []

    def bridge(design, seed, on_step):
        asked.append(seed)
        kl = dict.fromkeys(("interventional", "bystander"), (0.1,))
        return [BridgeResult(seed, p, loss, kl, kl) for p in ("knows", "sees") for loss in ("a", "b")]

    monkeypatch.setattr("neural.paper.bridge.bridge", bridge)
    out = tmp_path / "out"
    for seeds in ("2", "3"):
        call(monkeypatch, "bridge", "--seeds", seeds, "--steps", "1", "--out", str(out))
    assert asked == [0, 1, 2]
    assert names(out / "bridge") == {"0.json", "1.json", "2.json"}
    assert len(read(out / "sweep.json", SweepResult).bridge) == 12
    assert f"Report: {out / 'report.html'}" in capsys.readouterr().out
    assert names(out / "replicas") == set()


@pytest.mark.parametrize("text", ["{", "[]", json.dumps("plan")])
def test_a_damaged_plan_is_named(monkeypatch, capsys, tmp_path, text):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *SMALL, "--out", str(tmp_path))
    error = capsys.readouterr().err
    assert "plan.json is damaged" in error
    assert error.count("\n") == 1


def test_a_damaged_seed_is_named(finished, monkeypatch, capsys):
    file = finished / "replicas" / "paper.0.json"
    whole = file.read_text()
    file.write_text(whole[:100])
    try:
        with pytest.raises(SystemExit, match="2"):
            call(monkeypatch, *SMALL, "--out", str(finished))
    finally:
        file.write_text(whole)
    error = capsys.readouterr().err
    assert "paper.0.json is damaged" in error
    assert error.endswith("; delete the file to measure it again\n")
    assert error.count("\n") == 1  # before any training
