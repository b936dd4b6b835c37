import errno
import os
import signal
import subprocess
import sys
from argparse import ArgumentTypeError
from importlib.metadata import version
from io import BytesIO, TextIOWrapper

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural.arm_names import ARM_NAMES, is_arm
from neural.cli import Command, Progress, arms, nothing, number, show_losses, whole_number
from neural.errors import BadInput
from neural.files import new_folder
from neural.training.loop import Step

COMMAND = Command("prog")


def test_an_error_is_one_line_and_exit_code_2(capsys):
    with pytest.raises(SystemExit, match="2"):
        COMMAND.error("no")
    assert capsys.readouterr().err == "prog: no (see --help)\n"


def test_good_input_is_worked_with_and_bad_input_is_refused(capsys):
    def half(n):
        with COMMAND.guard(nothing):
            if n % 2:
                raise BadInput(f"{n} is odd")
            return n // 2

    assert half(4) == 2
    with pytest.raises(SystemExit, match="2"):
        half(3)
    assert capsys.readouterr().err.startswith("prog: 3 is odd")


def test_what_the_terminal_does_not_have_is_replaced(monkeypatch):
    stream = TextIOWrapper(BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", stream)
    with COMMAND.guard(nothing):
        print("✓ true", flush=True)
    assert stream.buffer.getvalue() == b"? true\n"


def test_version_is_printed(capsys):
    with pytest.raises(SystemExit, match="0"):
        COMMAND.parse_args(["--version"])
    assert capsys.readouterr().out == f"causal-agency {version('causal-agency')}\n"


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (BadInput("that is not a model"), "prog: that is not a model\n"),
        (OSError(errno.ENOSPC, "No space left on device"), "prog: No space left on device; nothing is written\n"),
        (
            ModuleNotFoundError("No module named 'jax.numpy'", name="jax.numpy"),
            "prog: jax is not installed: activate its environment (. .venv/bin/activate), "
            "or pip install 'causal-agency[neural]'\n",
        ),
    ],
)
def test_bad_input_a_full_disk_and_a_missing_package_are_one_line_and_leave_nothing(tmp_path, capsys, problem, line):
    def fail():
        with COMMAND.guard(nothing), new_folder(tmp_path / "out") as scratch:
            (scratch / "file").write_text("x")
            raise problem

    with pytest.raises(SystemExit, match="2"):
        fail()
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_system_error_names_its_file(tmp_path, capsys):
    def fail():
        with COMMAND.guard(nothing):
            (tmp_path / "none").read_text()

    with pytest.raises(SystemExit, match="2"):
        fail()
    assert capsys.readouterr().err == f"prog: {tmp_path / 'none'}: No such file or directory; nothing is written\n"


def test_a_run_that_fails_leaves_the_line_of_its_progress_bar(capsys):
    def fail():
        with COMMAND.guard(nothing), Progress() as progress:
            progress(Step(1, 20, {"standard": 1.0}))
            raise BadInput("the loss is not a number")

    with pytest.raises(SystemExit, match="2"):
        fail()
    assert capsys.readouterr().err.endswith("\nprog: the loss is not a number\n")


@pytest.mark.parametrize("name", ["full", "file", "file/below"])
def test_whatever_is_in_the_way_is_one_line(tmp_path, capsys, name):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("x")
    (tmp_path / "file").write_text("x")

    def enter():
        with COMMAND.guard(nothing), new_folder(tmp_path / name):
            pytest.fail("must not get here")

    with pytest.raises(SystemExit, match="2"):
        enter()
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("problem", [ZeroDivisionError("a bug"), ModuleNotFoundError("a bug", name="neural.nothing")])
def test_a_bug_keeps_its_traceback(problem):
    def fail():
        with COMMAND.guard(nothing):
            raise problem

    with pytest.raises(type(problem), match="a bug"):
        fail()


WITHOUT = """
import sys
sys.modules["jax"] = None
from neural import train
train.main(["--out", sys.argv[1]])
"""


def test_a_command_without_its_packages_says_what_to_install(tmp_path):
    start = [sys.executable, "-c", WITHOUT, str(tmp_path / "out")]
    run = subprocess.run(start, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.startswith(
        "train: jax is not installed: activate its environment (. .venv/bin/activate), or pip install"
    )
    assert run.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


WORK = """
import signal, sys, time
from pathlib import Path
from neural.cli import Command, nothing
from neural.files import new_folder

signal.signal(signal.SIGINT, signal.SIG_DFL)  # under nohup and in the background some are ignored
signal.signal(signal.SIGHUP, signal.SIG_DFL)
with Command("prog").guard(nothing), new_folder(Path(sys.argv[1])) as scratch:
    (scratch / "file").write_text("x")
    print("at work", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_stopped_run_is_one_line_and_leaves_nothing(tmp_path, name):
    start = [sys.executable, "-c", WORK, str(tmp_path / "out")]
    with subprocess.Popen(start, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout.readline() == "at work\n"
        run.send_signal(getattr(signal, name))
        _, said = run.communicate(timeout=30)
    assert run.returncode == 128 + getattr(signal, name)
    assert said == "\nprog: stopped; nothing is written\n"
    assert list(tmp_path.iterdir()) == []


def test_the_end_is_one_line_and_an_exit_code_whatever_is_still_running():
    code = """
import atexit
from neural.cli import Command
atexit.register(print, "an orderly exit")
Command("prog").end(130, "stopped")
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "\nprog: stopped\n")


PRINT = """
from neural.cli import printing
with printing("runs/mine"):
    print("the result")
"""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only some systems have a device that is always full")
def test_a_result_that_cannot_be_printed_is_no_failure_of_the_run():
    with open("/dev/full", "w") as full:
        run = subprocess.run([sys.executable, "-c", PRINT], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (run.returncode, run.stderr) == (
        0,
        "cannot print the result, which is in runs/mine: No space left on device\n",
    )


def test_work_that_stops_itself_ends_with_the_signals_exit_code():
    code = """
import os, signal
from neural.cli import Command
from neural.errors import Stopped
with Command("prog").guard(lambda: "go on") as signals, signals.between_steps():
    os.kill(os.getpid(), signal.SIGTERM)
    raise Stopped
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 143
    assert run.stderr == "\nfinishing this step; once more ends at once\n\nprog: stopped; go on\n"


@pytest.mark.parametrize("text", ["2", "3", "1000"])
def test_whole_numbers_from_the_least_are_accepted(text):
    assert whole_number(2)(text) == int(text)


@pytest.mark.parametrize("text", ["1", "-3", "two", "2.5", ""])
def test_other_numbers_are_refused(text):
    with pytest.raises(ArgumentTypeError, match=f"'{text}' is not a whole number of at least 2"):
        whole_number(2)(text)


def test_arms_are_names_separated_by_commas():
    assert arms("standard") == ("standard",)
    assert arms(",".join(reversed(ARM_NAMES))) == tuple(reversed(ARM_NAMES))


def test_an_arm_can_be_the_weight_of_the_agents_tokens():
    assert arms("standard,agent-0.25,agent-0") == ("standard", "agent-0.25", "agent-0")
    assert not any(map(is_arm, ("agent-", "agent-2", "agent-.5", "agent-1e-3", "agent-0.5x", "agent--1", "agent-nan")))


@pytest.mark.parametrize("text", ["-0.1", "1.1", "nan", "inf", "much", ""])
def test_numbers_outside_their_bounds_are_refused(text):
    with pytest.raises(ArgumentTypeError, match="is not a number between 0 and 1"):
        number(0, 1)(text)


def test_numbers_at_their_bounds():
    assert [number(0, 1)(text) for text in ("0", "1", "0.25")] == [0, 1, 0.25]
    assert number(0)("1e-5") == 1e-5
    with pytest.raises(ArgumentTypeError, match="is not a number of at least 0"):
        number(0)("-1")


@pytest.mark.parametrize("text", ["", "standard,", "naive", "standard,naive"])
def test_other_arms_are_refused_with_the_choice(text):
    with pytest.raises(ArgumentTypeError, match=r"'(naive)?' is not an arm: choose from standard, inter"):
        arms(text)


def test_an_arm_named_twice_is_refused_and_spaces_do_not_matter():
    with pytest.raises(ArgumentTypeError, match="'standard' is named twice"):
        arms("standard, standard")
    assert arms("standard, interventional") == ("standard", "interventional")


def test_the_progress_bar_counts_finished_steps_and_averages_their_losses(capsys):
    progress = Progress()
    for group in range(2):
        for done in range(1, 21):
            progress(Step(done, 20, {"standard": float(group), "interventional": 2.0}))
        shown = capsys.readouterr().err
        assert "100%" in shown
        assert "| 0/20 ?" in shown
        assert "| 20/20 00:00" in shown
        assert f"standard {group}.000 interventional 2.000" in shown


@pytest.mark.parametrize("arms", [["standard", "interventional"], ["standard", "interventional", "agent-0.25"]])
@pytest.mark.parametrize("columns", [50, 80, 120])
def test_every_loss_is_in_the_line_at_any_width(monkeypatch, capsys, columns, arms):
    monkeypatch.setattr("tqdm.std._screen_shape_wrapper", lambda: lambda _: (columns, 24))
    progress = Progress()
    for done in range(1, 1921):
        progress(Step(done, 1920, {arm: float(i) for i, arm in enumerate(arms)}))
    lines = [line.strip() for line in capsys.readouterr().err.split("\r") if line.strip()]
    assert max(map(len, lines)) <= columns
    for i, arm in enumerate(arms):
        assert f"{arm[: 1 if columns == 50 else 8]}" in lines[-1]
        assert f" {i}.000" in lines[-1]


@given(
    st.dictionaries(st.text("abc-", min_size=1, max_size=20), st.floats(0, 99), min_size=1, max_size=3),
    st.integers(20, 90),
)
def test_the_losses_fit_where_their_values_do(losses, width):
    assert len(show_losses(losses, width)) <= max(width, 7 * len(losses))


def test_the_progress_bar_of_many_replicas_shows_their_mean(capsys):
    progress = Progress("a sweep")
    for done in range(1, 21):
        progress(Step(done, 20, {i: float(i) for i in range(5)}))
    shown = capsys.readouterr().err
    assert "a sweep: 100%" in shown
    assert "loss 2.000" in shown
