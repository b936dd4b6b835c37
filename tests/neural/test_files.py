import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from causal_agency.cli import BadInput, Command
from neural.output import new_folder

COMMAND = Command("prog")


def test_a_folder_appears_whole(tmp_path):
    out = tmp_path / "a" / "b"
    with new_folder(COMMAND, out) as scratch:
        (scratch / "file").write_text("x")
        assert not out.exists()
    assert (out / "file").read_text() == "x"
    assert [path.name for path in out.parent.iterdir()] == ["b"]


def test_an_empty_folder_is_taken(tmp_path):
    with new_folder(COMMAND, tmp_path) as scratch:
        (scratch / "file").write_text("x")
    assert (tmp_path / "file").exists()


def test_what_is_unfinished_stands_on_the_file_system_of_the_folder(tmp_path):
    """A folder that exists may be a mount point, into which nothing can be renamed from outside."""
    with new_folder(COMMAND, tmp_path) as scratch:
        assert scratch.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_the_folder_one_stands_in_is_taken(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with new_folder(COMMAND, Path()) as scratch:
        (scratch / "file").write_text("x")
    assert [file.name for file in Path().iterdir()] == ["file"]


def test_nothing_is_left_of_a_failure(tmp_path):
    def fail():
        with new_folder(COMMAND, tmp_path / "out") as scratch:
            (scratch / "file").write_text("x")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


WORK = """
import sys, time
from pathlib import Path
from causal_agency.cli import Command
from neural.output import new_folder

with new_folder(Command("prog"), Path(sys.argv[1])) as scratch:
    (scratch / "file").write_text("x")
    print("at work", flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are other ones there")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_run_that_is_stopped_says_so_in_one_line_and_leaves_nothing(tmp_path, name):
    start = [sys.executable, "-c", WORK, str(tmp_path / "out")]
    with subprocess.Popen(start, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout.readline() == "at work\n"
        run.send_signal(getattr(signal, name))
        _, said = run.communicate(timeout=30)
    assert run.returncode == 130
    assert said == "\nprog: stopped, nothing written\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (BadInput("that is no model"), "prog: that is no model (--help shows how it is used)\n"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device: nothing written to "),
    ],
)
def test_bad_input_and_a_full_disk_are_one_line_and_leave_nothing(tmp_path, capsys, problem, line):
    def stop():
        with new_folder(COMMAND, tmp_path / "out") as scratch:
            (scratch / "file").write_text("x")
            raise problem

    with pytest.raises(SystemExit, match="2"):
        stop()
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["full", "file", "file/below"])
def test_what_is_in_the_way_is_refused_and_kept(tmp_path, capsys, name):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("x")
    (tmp_path / "file").write_text("x")

    def enter(path: Path):
        with new_folder(COMMAND, path):
            pytest.fail("must not get here")

    with pytest.raises(SystemExit, match="2"):
        enter(tmp_path / name)
    assert capsys.readouterr().err.count("\n") == 1
    assert (tmp_path / "full" / "precious").read_text() == (tmp_path / "file").read_text() == "x"
