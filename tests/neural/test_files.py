from pathlib import Path

import pytest

from neural import files
from neural.errors import BadInput
from neural.files import new_folder, write_text


def test_a_folder_appears_whole(tmp_path):
    out = tmp_path / "a" / "b"
    with new_folder(out) as scratch:
        (scratch / "file").write_text("x")
        assert not out.exists()
    assert (out / "file").read_text() == "x"
    assert [path.name for path in out.parent.iterdir()] == ["b"]


def test_what_is_in_the_folder_can_be_read_by_others(tmp_path):
    with new_folder(tmp_path / "out") as scratch:
        (scratch / "below").mkdir(mode=0o700)
        (scratch / "below" / "file").touch(mode=0o600)
    assert (tmp_path / "out" / "below").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "out" / "below" / "file").stat().st_mode & 0o777 == 0o644


def test_an_empty_folder_is_accepted(tmp_path):
    with new_folder(tmp_path) as scratch:
        (scratch / "file").write_text("x")
    assert (tmp_path / "file").exists()


def test_unfinished_files_are_on_the_file_system_of_the_folder(tmp_path):
    """A folder that exists may be a mount point, into which nothing can be renamed from outside."""
    with new_folder(tmp_path) as scratch:
        assert scratch.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_the_current_folder_is_accepted(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with new_folder(Path()) as scratch:
        (scratch / "file").write_text("x")
    assert [file.name for file in Path().iterdir()] == ["file"]


@pytest.mark.parametrize("problem", [RuntimeError, BadInput, OSError, KeyboardInterrupt])
def test_a_failure_leaves_nothing(tmp_path, problem):
    def fail():
        with new_folder(tmp_path / "out") as scratch:
            (scratch / "file").write_text("x")
            raise problem

    with pytest.raises(problem):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("full", "full exists and is not an empty folder: name another"),
        ("file", "file exists and is not an empty folder: name another"),
        ("file/below", "cannot write to .*file: "),
        (f"new/{'x' * 300}", "cannot write to .*: File name too long"),
        (f"new/{'x' * 300}/below", "cannot write to .*: File name too long"),
    ],
)
def test_whatever_is_in_the_way_is_refused_and_kept(tmp_path, name, problem):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("x")
    (tmp_path / "file").write_text("x")

    def enter(path: Path):
        with new_folder(path):
            pytest.fail("must not get here")

    with pytest.raises(BadInput, match=problem):
        enter(tmp_path / name)
    assert (tmp_path / "full" / "precious").read_text() == (tmp_path / "file").read_text() == "x"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "full"]


def test_a_text_replaces_the_file_whole(tmp_path):
    file = tmp_path / "file"
    write_text(file, "π\n")
    assert file.read_bytes() == "π\n".encode()
    write_text(file, "2")
    assert file.read_text() == "2"
    assert list(tmp_path.iterdir()) == [file]


def test_a_failure_to_write_a_text_keeps_the_file(tmp_path, monkeypatch):
    file = tmp_path / "file"
    write_text(file, "before")

    def full(*_, **__):
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_text(file, "after")
    assert file.read_text() == "before"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("made", [True, False])
def test_folders_that_were_made_on_the_way_are_removed_if_the_work_fails(tmp_path, made):
    if made:
        (tmp_path / "a").mkdir()
    with pytest.raises(RuntimeError), new_folder(tmp_path / "a" / "b" / "c"):
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == (["a"] if made else [])
    assert not (tmp_path / "a" / "b").exists()


def test_an_interrupt_while_cleaning_up_leaves_nothing(tmp_path, monkeypatch):
    remove, interrupts = files.shutil.rmtree, [KeyboardInterrupt]

    def interrupted(*arguments, **options):
        if interrupts:
            raise interrupts.pop()
        remove(*arguments, **options)

    def fail():
        with new_folder(tmp_path / "out") as scratch:
            (scratch / "file").write_text("x")
            raise RuntimeError

    monkeypatch.setattr(files.shutil, "rmtree", interrupted)
    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["none/report.html", "folder"])
def test_an_error_names_the_file_that_was_asked_for(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory") as failed:
        write_text(tmp_path / name, "x")
    assert failed.value.filename == str(tmp_path / name)
