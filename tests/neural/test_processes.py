"""Runs on logs by several processes on one machine, as real ones: one is killed, and others go on."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neural.errors import BadInput
from neural.processes import name_process
from neural.train import main

ROOT = Path(__file__).parents[2]
CHATS = [
    [{"role": "user", "content": f"Is it {i}?"}, {"role": "assistant", "content": "No."},
     {"role": "user", "content": f"It is {i}."}]
    for i in range(12)
]  # fmt: skip
OPTIONS = (
    "--steps 4 --batch-size 4 --arms interventional --learning-rate 1e-3 --held-out 0.25 "
    "--checkpoint-every 1 --skip-bad"
)

NOBODY = "none", 0, "SIGTERM"

# A process that is sent a signal before a step, or not; with little memory, so that it splits the model, or enough.
PROGRAM = """
import os, signal, sys
from neural.train import main
from neural.training import placement
from neural.training.checkpoints import Checkpoints

process, at, name, memory, *arguments = sys.argv[1:]
after_step = Checkpoints.after_step

def signal_first(self, keys, step, *rest):
    if step == int(at):
        os.kill(os.getpid(), getattr(signal, name))
    after_step(self, keys, step, *rest)

if process == os.environ["JAX_PROCESS_ID"]:
    Checkpoints.after_step = signal_first
if memory == "little":
    placement.free_memory = lambda: 16 * 10**6
main(arguments)
"""


def start_all(count, *arguments):
    """Run ``count`` processes to their ends; return their exit codes and what they printed as errors."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{port}", "JAX_NUM_PROCESSES": str(count), "JAX_PLATFORMS": "cpu"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, arguments)],
            env=os.environ | shared | {"JAX_PROCESS_ID": str(i), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for i in range(count)
    ]  # fmt: skip
    try:
        errors = [process.communicate(timeout=300)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [process.returncode for process in processes], errors


def read_losses(folder):
    return json.loads((folder / "results.json").read_text())["arms"]["interventional"]["losses"]


def test_two_processes_split_a_model_one_is_stopped_then_killed_and_four_go_on(tmp_path):
    """The losses are those of one process; who is stopped stops the other, who is killed ends the run in one line."""
    damaged = '{"messages": 1}\n'
    (tmp_path / "log.jsonl").write_text(damaged + "".join(json.dumps({"messages": chat}) + "\n" for chat in CHATS))
    options = ["--data", str(tmp_path / "log.jsonl"), *OPTIONS.split()]
    main([*options, "--out", str(tmp_path / "one")])
    codes, errors = start_all(2, 1, 2, "SIGTERM", "little", *options, "--out", tmp_path / "many")
    assert codes == [143, 143], errors
    assert "split over them" in errors[0]
    assert "train: stopped; go on with: " in errors[0]
    assert "train: stopped; the first process says how to go on\n" in errors[1]
    codes, errors = start_all(2, 1, 3, "SIGKILL", "little", "--resume", tmp_path / "many")
    assert codes == [1, -9], errors
    said = [line for line in errors[0].splitlines() if line.startswith("train: ")]
    assert len(said) == 1
    assert said[0].startswith("train: another process of this run has ended (")
    assert "; go on with: " in said[0]
    assert "Traceback" not in errors[0]
    codes, errors = start_all(4, *NOBODY, "enough", "--resume", tmp_path / "many")
    assert codes == [0] * 4, errors
    assert "4 devices, on each" in errors[0]
    assert "1 transcripts were left out" in errors[0]
    assert not [error for error in errors[1:] if "transcripts" in error]  # the first speaks for all
    np.testing.assert_allclose(read_losses(tmp_path / "many"), read_losses(tmp_path / "one"), atol=1e-5)
    left = {file.name for file in (tmp_path / "many").iterdir()}
    assert left == {"results.json", "report.html", "run.json", "interventional"}


ADDRESS, COUNT, NUMBER = "JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, None),
        ({ADDRESS: "a:1", COUNT: "1", NUMBER: "0"}, None),
        ({ADDRESS: "a:1", COUNT: "4", NUMBER: "3"},
         {"coordinator_address": "a:1", "num_processes": 4, "process_id": 3}),
        ({"SLURM_STEP_NODELIST": "n1", "SLURM_NTASKS": "8"}, {}),
        ({"SLURM_STEP_NODELIST": "n1", "SLURM_NTASKS": "1"}, None),
        ({"SLURM_NTASKS": "8"}, None),
    ],
)  # fmt: skip
def test_the_environment_names_the_process(monkeypatch, environment, named):
    monkeypatch.setattr(os, "environ", environment)
    assert name_process() == named


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({COUNT: "2", NUMBER: "0"}, "JAX_NUM_PROCESSES is set, but JAX_COORDINATOR_ADDRESS is not"),
        ({ADDRESS: "a:1", COUNT: "two", NUMBER: "0"}, "must be whole numbers, but are two and 0"),
    ],
)
def test_an_environment_that_names_half_is_refused(monkeypatch, environment, problem):
    monkeypatch.setattr(os, "environ", environment)
    with pytest.raises(BadInput, match=problem):
        name_process()
