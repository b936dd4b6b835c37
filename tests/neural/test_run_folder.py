import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from neural.errors import BadInput
from neural.files import remove_unfinished
from neural.run_folder import LOCK, OPTIONS, claim, clear, free_name, hold, read_options, write_options

HOLD = """
import sys, time
from pathlib import Path
from neural.run_folder import claim
with claim(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds tmp_path / "run"."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout.readline() == "held\n"
        yield run
        run.kill()


def test_a_folder_that_is_held_is_refused_with_the_process_that_holds_it(holder, tmp_path):
    with pytest.raises(BadInput, match=f"is in use by process {holder.pid}"), claim(tmp_path / "run"):
        pytest.fail("must not get here")
    assert (tmp_path / "run" / LOCK).exists()


def test_the_lock_of_a_killed_process_does_not_hold(holder, tmp_path):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "run" / LOCK).exists()
    with claim(tmp_path / "run"):
        assert int((tmp_path / "run" / LOCK).read_text()) == os.getpid()


def fail_after(work):
    """Call ``work`` and raise ValueError."""
    work()
    raise ValueError("no")


def test_a_folder_in_which_nothing_was_computed_is_removed_with_those_made_for_it(tmp_path):
    with pytest.raises(ValueError, match="no"), claim(tmp_path / "a" / "b"):
        fail_after(lambda: write_options(tmp_path / "a" / "b", {"options": {}}))
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "there").mkdir()
    with claim(tmp_path / "there"):
        pass
    assert list((tmp_path / "there").iterdir()) == []


def test_a_process_that_ends_at_once_leaves_nothing_either_if_nothing_was_computed(tmp_path):
    with claim(tmp_path / "a" / "b"):
        write_options(tmp_path / "a" / "b", {"options": {}})
        remove_unfinished()
        assert list(tmp_path.iterdir()) == []


def test_what_was_computed_stays_with_the_options(tmp_path):
    def work():
        write_options(tmp_path / "run", {"options": {"seed": 3}})
        (tmp_path / "run" / "work").write_text("x")

    with pytest.raises(ValueError, match="no"), claim(tmp_path / "run"):
        fail_after(work)
    assert sorted(file.name for file in (tmp_path / "run").iterdir()) == [OPTIONS, "work"]
    assert read_options(tmp_path / "run") == {"options": {"seed": 3}}
    with (
        pytest.raises(BadInput, match="is not empty: name another folder, or go on with --resume"),
        claim(tmp_path / "run"),
    ):
        pytest.fail("must not get here")
    with hold(tmp_path / "run"):
        assert (tmp_path / "run" / LOCK).exists()
    assert not (tmp_path / "run" / LOCK).exists()


def test_what_is_in_the_way_is_refused_and_kept(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadInput, match="exists and is not a folder"), claim(tmp_path / "file"):
        pytest.fail("must not get here")
    for below in (tmp_path / "file" / "below", tmp_path / "long" / ("long" * 100)):
        with pytest.raises(BadInput, match="cannot write to"), claim(below):
            pytest.fail("must not get here")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, monkeypatch):
    """Simulated, because nothing is read-only for root but a whole file system."""

    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(BadInput, match=r"cannot write to .*: Read-only file system"), claim(tmp_path / "run"):
        pytest.fail("must not get here")
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(BadInput, match=r"cannot write to .*: Read-only file system"), hold(tmp_path):
        pytest.fail("must not get here")


def test_what_a_killed_process_had_begun_to_write_is_removed_and_no_other_hidden_file(tmp_path):
    for name in (".git", ".standard-a1b2.part", "standard"):
        (tmp_path / name / "below").mkdir(parents=True)
    for name in (".gitignore", ".results.json.part", "results.json"):
        (tmp_path / name).write_text("x")
    with hold(tmp_path):
        clear(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {".git", ".gitignore", "standard", "results.json"}


def test_the_first_free_name(tmp_path):
    assert free_name(tmp_path / "run") == tmp_path / "run"
    for name in ("run", "run-2"):
        (tmp_path / name).mkdir()
    assert free_name(tmp_path / "run") == tmp_path / "run-3"


@pytest.mark.parametrize("text", ["", "[]", "{", "\0"])
def test_damaged_options_are_named(tmp_path, text):
    (tmp_path / OPTIONS).write_text(text)
    with pytest.raises(BadInput, match=r"run\.json is damaged"):
        read_options(tmp_path)


def test_results_say_how_their_run_was_started(tmp_path):
    (tmp_path / "results.json").write_text('{"config": {"options": {"seed": 3}}}')
    assert read_options(tmp_path)["options"] == {"seed": 3}
    for without in ("[]", "{}", '{"config": {}}'):
        (tmp_path / "results.json").write_text(without)
        with pytest.raises(BadInput, match=r"results\.json is damaged: it has no options"):
            read_options(tmp_path)


def test_a_folder_without_options_is_not_a_run(tmp_path):
    with pytest.raises(BadInput, match=r"has no run\.json: it is not the folder of a run that was begun"):
        read_options(tmp_path)
    write_options(tmp_path, {"options": {"arms": ["standard"]}})
    assert json.loads((tmp_path / OPTIONS).read_text()) == {"options": {"arms": ["standard"]}}
