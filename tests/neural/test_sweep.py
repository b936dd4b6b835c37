"""The command: what it refuses, what it keeps, and what it does not do twice."""

import errno
import json
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from neural import sweep
from neural.cli import Command
from neural.errors import Stopped
from neural.files import write_text
from neural.origin import find_version
from neural.paper.conditions import CONDITIONS, PARTS, select
from neural.paper.curriculum import Curriculum
from neural.paper.lessons import PAPER
from neural.paper.sweep import Sweep, fingerprint
from neural.paper.sweep_result import BridgeResult, ReplicaResult, Start, SweepResult
from neural.result import Result, read

ROOT = Path(__file__).parents[2]
SMALL = ["paper", "--seeds", "2", "--steps", "1", "--arms", "standard,interventional"]


def call(monkeypatch, *arguments):
    monkeypatch.setattr("neural.process.prepare", lambda replicas: None)  # jax is running already
    sweep.main(list(arguments))


def names(folder):
    return {file.name for file in folder.iterdir()}


CELLS = [(seed, arm) for seed in (0, 1) for arm in ("standard", "interventional")]
FILES = {f"paper.{arm}.{seed}.json" for seed, arm in CELLS}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A sweep of one step."""
    out = tmp_path_factory.mktemp("sweep") / "out"
    with pytest.MonkeyPatch.context() as monkeypatch:
        call(monkeypatch, *SMALL, "--out", str(out))
    return out


def test_the_folder(finished):
    assert names(finished) == {
        "plan.json", "starts.json", "base.json", "replicas", "bridge", "sweep.json", "report.html", "results.md",
        "facts.png",
    }  # fmt: skip
    assert names(finished / "replicas") == FILES
    result = read(finished / "sweep.json", SweepResult)
    assert sorted((each.seed, each.arm) for each in result.replicas) == sorted(CELLS)
    assert result.base == read(finished / "base.json", dict[str, Result])
    assert list(result.base) == ["as in the lessons", "in other words", "by other people"]
    assert (result.plan["model"], result.plan["steps"]) == ("embedded", 1)
    assert result.plan["lessons"] == fingerprint(Curriculum())


def watch(monkeypatch):
    """Return the list of what is trained from now on."""
    seen, run = [], Sweep.run

    def watched(self, condition, cells, *rest):
        seen.extend((condition.key, *cell) for cell in cells)
        return run(self, condition, cells, *rest)

    monkeypatch.setattr(Sweep, "run", watched)
    return seen


def test_finished_replicas_are_not_trained_again(finished, monkeypatch):
    before = {name: (finished / "replicas" / name).read_text() for name in FILES}
    (finished / "replicas" / "paper.standard.1.json").unlink()
    seen = watch(monkeypatch)
    call(monkeypatch, *SMALL, "--out", str(finished))
    assert seen == [("paper", 1, "standard")]
    assert all((finished / "replicas" / name).read_text() == before[name] for name in FILES - {"paper.standard.1.json"})
    assert read(finished / "replicas" / "paper.standard.1.json", ReplicaResult).seed == 1


def test_seeds_arms_and_conditions_are_added_to_a_sweep(finished, monkeypatch, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    seen = watch(monkeypatch)
    call(monkeypatch, "filter-p_lie-none", "--seeds", "1", "--steps", "1", "--arms", "agent-0.5", "--out", str(copy))
    assert seen == [("paper", 0, "agent-0.5"), ("filter-p_lie-none", 0, "agent-0.5")]
    assert "agent-0.5" in (copy / "results.md").read_text()
    first, second = read(copy / "starts.json", list[Start])
    model = "--model=embedded"
    assert first.command == f"python -m neural.sweep paper {model} --seeds=2 --steps=1 --arms=standard,interventional"
    assert second.command == f"python -m neural.sweep filter-p_lie-none {model} --seeds=1 --steps=1 --arms=agent-0.5"
    assert datetime.strptime(second.started, "%Y-%m-%d %H:%M UTC")
    assert second.version == find_version()


def test_the_same_command_again_is_the_same_start(finished, monkeypatch):
    before = (finished / "starts.json").read_text()
    call(monkeypatch, *SMALL, "--out", str(finished))
    assert (finished / "starts.json").read_text() == before


def test_a_report_is_drawn_without_training(finished, monkeypatch, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    before = {name: (copy / name).read_text() for name in ("results.md", "sweep.json")}
    for name in ("report.html", *before):
        (copy / name).unlink()
    monkeypatch.setattr("neural.model.checkpoint.load", lambda name: pytest.fail("no model is needed"))
    call(monkeypatch, "report", "--out", str(copy))
    assert {name: (copy / name).read_text() for name in before} == before
    assert (copy / "report.html").exists()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            ["everything"],
            "unknown part 'everything': choose from paper, dose, world, untaught, teacher, filter, bridge",
        ),
        (["--seeds", "0"], "argument --seeds: '0' is not a whole number of at least 1"),
        (["--arms", "agent-2"], "argument --arms: 'agent-2' is not an arm"),
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


def test_a_sweep_of_a_model_of_the_same_name_with_other_files_is_refused(finished, monkeypatch, capsys):
    monkeypatch.setattr("neural.model.source.hash_model", lambda path: "0" * 64)
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *SMALL, "--out", str(finished))
    assert "holds another sweep (see its plan.json)" in capsys.readouterr().err


def test_an_older_sweep_which_does_not_know_its_models_files_is_continued(finished, monkeypatch, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    plan = json.loads((finished / "plan.json").read_text())
    (copy / "plan.json").write_text(json.dumps({name: each for name, each in plan.items() if name != "model_sha256"}))
    call(monkeypatch, *SMALL, "--out", str(copy))
    assert read(copy / "plan.json", dict) == plan


def test_the_stored_sweep_knows_its_model():
    assert len(json.loads((ROOT / "results" / "smollm2" / "plan.json").read_text())["model_sha256"]) == 64


HOLD = """
import sys, time
from pathlib import Path
from neural.run_folder import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_sweep_into_a_folder_is_refused_at_its_start(finished, monkeypatch, capsys):
    before = names(finished)
    with subprocess.Popen([sys.executable, "-c", HOLD, str(finished)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SystemExit, match="2"):
            call(monkeypatch, *SMALL, "--out", str(finished))
        holder.kill()
    assert capsys.readouterr().err == f"neural.sweep: {finished} is in use by process {holder.pid}\n"
    (finished / ".lock").unlink()
    assert names(finished) == before


def test_more_steps_than_there_are_are_refused(monkeypatch, capsys, tmp_path):
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, "paper", "--steps", "5000", "--out", str(tmp_path / "out"))
    said = "5,000 steps were asked for, but 480 dialogues in 4 epochs make 1,920: ask for more epochs"
    assert capsys.readouterr().err == f"neural.sweep: {said}\n"
    assert not (tmp_path / "out").exists()


def test_a_full_disk_keeps_the_finished_cells_and_the_same_command_goes_on(finished, monkeypatch, tmp_path, capsys):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    for name in ("paper.standard.1.json", "paper.interventional.1.json"):
        (copy / "replicas" / name).unlink()

    def full(file, text):
        if file.name == "paper.interventional.1.json":
            raise OSError(errno.ENOSPC, "No space left on device")
        write_text(file, text)

    with monkeypatch.context() as disk:
        disk.setattr("neural.result.write_text", full)
        with pytest.raises(SystemExit, match="2"):
            call(monkeypatch, *SMALL, "--out", str(copy))
    assert names(copy / "replicas") == FILES - {"paper.interventional.1.json"}
    assert capsys.readouterr().err.splitlines()[-1] == (
        f"neural.sweep: No space left on device; whatever is finished is kept in {copy}; the same command goes on"
    )
    call(monkeypatch, *SMALL, "--out", str(copy))
    assert {file.name: file.read_text() for file in (copy / "replicas").iterdir()} == {
        name: (finished / "replicas" / name).read_text() for name in FILES
    }


def test_a_sweep_under_other_conditions_is_refused(finished, monkeypatch, capsys):
    """A setting of the lessons that changes must not mix two experiments."""
    other = (replace(CONDITIONS[0], template=replace(PAPER, p_tail=0.9)), *CONDITIONS[1:])
    for module in ("conditions", "sweep_result"):
        monkeypatch.setattr(f"neural.paper.{module}.CONDITIONS", other)
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *SMALL, "--out", str(finished))
    assert "its condition paper had other settings" in capsys.readouterr().err


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


def test_a_sweep_of_other_lessons_is_refused(finished, monkeypatch, capsys):
    """A word of the lessons that changes must not mix two experiments."""
    monkeypatch.setattr("neural.paper.lessons.CONTEXT", "Another context.")
    with pytest.raises(SystemExit, match="2"):
        call(monkeypatch, *SMALL, "--out", str(finished))
    assert "holds another sweep" in capsys.readouterr().err


def test_every_condition_belongs_to_one_part():
    parts = [select([part]) for part in sweep.PARTS]
    assert sum(len(conditions) - 1 for conditions in parts[:-1]) == len(CONDITIONS) - 1  # the paper's is in all of them
    assert parts[-1] == []  # the bridge needs none
    assert {condition for conditions in parts for condition in conditions} == set(CONDITIONS)
    assert (*PARTS, "bridge") == sweep.PARTS


def test_a_sweep_that_is_stopped_keeps_the_finished_replicas(monkeypatch, tmp_path):
    run = Sweep.run

    def stop_before_the_last(self, condition, cells, *rest):
        yield from list(run(self, condition, cells, *rest))[:-1]
        raise Stopped

    def end(self, code, message):
        raise SystemExit(f"{code} {message}")

    monkeypatch.setattr(Sweep, "run", stop_before_the_last)
    monkeypatch.setattr(Command, "end", end)
    with pytest.raises(SystemExit, match="143 stopped; whatever is finished is kept in "):
        call(monkeypatch, *SMALL, "--out", str(tmp_path / "out"))
    assert names(tmp_path / "out" / "replicas") == FILES - {"paper.interventional.1.json"}


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


def test_a_damaged_replica_is_named(finished, monkeypatch, capsys):
    file = finished / "replicas" / "paper.standard.0.json"
    whole = file.read_text()
    file.write_text(whole[:100])
    try:
        with pytest.raises(SystemExit, match="2"):
            call(monkeypatch, *SMALL, "--out", str(finished))
    finally:
        file.write_text(whole)
    error = capsys.readouterr().err
    assert "paper.standard.0.json is damaged" in error
    assert error.endswith("; delete the file to measure it again\n")
    assert error.count("\n") == 1  # before any training
