import json
import sys
from types import ModuleType

import pytest

from neural.dialogue.authors import AuthorLosses
from neural.errors import BadInput
from neural.training.log import Log, open_log, write_jsonl
from neural.training.loop import Step

NAN = float("nan")


def read(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_steps_and_measurements_become_lines_of_json(tmp_path):
    log = open_log("jsonl", tmp_path / "new" / "folder")
    log.on_held_out(AuthorLosses(0, 0.5, 2.5, NAN))
    log.on_step(Step(1, 9, {"model": 2.0}))
    log.on_held_out(AuthorLosses(1, 0.25, 2.25, 4.0), "standard")
    log.on_step(Step(2, 9, {"standard": 3.0, "interventional": 1.5}))
    assert read(tmp_path / "new" / "folder") == [
        {"step": 0, "held_out/protocol": 0.5, "held_out/world": 2.5},
        {"step": 1, "loss": 2.0},
        {
            "step": 1,
            "held_out/standard/protocol": 0.25,
            "held_out/standard/world": 2.25,
            "held_out/standard/agent": 4.0,
        },
        {"step": 2, "loss/standard": 3.0, "loss/interventional": 1.5},
    ]


@pytest.mark.parametrize("last", ["", '{"step": 6, "lo', "null\n", '{"loss": 2}\n'])
def test_steps_that_are_done_once_more_are_written_once(tmp_path, last):
    """A training that was killed after step 5 goes on from its checkpoint of step 3; its last line may be cut off."""
    before, after = (write_jsonl(tmp_path) for _ in range(2))
    for step in range(6):
        before(step, {"loss": float(step)})
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write(last)
    for step in range(4, 8):
        after(step, {"loss": float(step)})
    assert read(tmp_path) == [{"step": step, "loss": float(step)} for step in range(8)]


def test_of_replicas_that_are_trained_one_after_the_other_only_the_last_is_logged_anew(tmp_path):
    """The first of two was trained to its end; the second was killed after step 3, and goes on from step 2."""
    before, after = (Log(write_jsonl(tmp_path)) for _ in range(2))
    for name in ("standard", "interventional"):
        for step in range(1, 4):
            before.on_step(Step(step, 3, {name: float(step)}))
            before.on_held_out(AuthorLosses(step, 1.0, 2.0, NAN), name)
    whole = read(tmp_path)
    after.on_step(Step(3, 3, {"interventional": 3.0}))
    after.on_held_out(AuthorLosses(3, 1.0, 2.0, NAN), "interventional")
    assert read(tmp_path) == whole
    assert len(whole) == 12


def test_a_log_of_an_unknown_kind_and_one_whose_package_is_missing_are_refused(tmp_path, monkeypatch):
    with pytest.raises(BadInput, match="there is no log of the kind 'csv': choose from jsonl, tensorboard, wandb"):
        open_log("csv", tmp_path)
    for package in ("tensorboard", "wandb"):
        monkeypatch.setitem(sys.modules, package, None)
        monkeypatch.setitem(sys.modules, f"{package}.summary", None)
        with pytest.raises(BadInput, match=f"a log for {package} needs its package: pip install {package}"):
            open_log(package, tmp_path)


def test_weights_and_biases_draws_over_the_step_which_begins_anew_for_each_arm(tmp_path, monkeypatch):
    """With a module in its place; the real one keeps nothing of a step that is less than the one before."""
    told = []

    class Run:
        def define_metric(self, name, step_metric=None):
            told.append((name, step_metric))

        def log(self, numbers):
            told.append(numbers)

    wandb = ModuleType("wandb")
    wandb.init = lambda **options: told.append(options) or Run()
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    log = open_log("wandb", tmp_path / "new")
    log.on_step(Step(3, 3, {"standard": 2.0}))
    log.on_step(Step(1, 3, {"interventional": 3.0}))
    drawn = [("step", None), ("*", "step")]
    logged = [{"step": 3, "loss/standard": 2.0}, {"step": 1, "loss/interventional": 3.0}]
    assert told == [{"dir": str(tmp_path / "new")}, *drawn, *logged]
    assert (tmp_path / "new").is_dir()


def test_tensorboard_reads_what_is_written(tmp_path):
    pytest.importorskip("tensorboard", reason="its log needs tensorboard: pip install tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = open_log("tensorboard", tmp_path)
    for step in (1, 2):
        log.on_step(Step(step, 9, {"model": 2.0 / step}))
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert [(each.step, list(each.tensor_proto.float_val)) for each in events.Tensors("loss")] == [(1, [2]), (2, [1])]


def test_a_log_is_whatever_takes_a_step_and_numbers():
    told = []
    Log(lambda *numbers: told.append(numbers)).on_step(Step(1, 2, {"model": 0.5}))
    assert told == [(1, {"loss": 0.5})]
