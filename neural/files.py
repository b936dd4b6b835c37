"""Folders and files that appear whole or not at all."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from neural.errors import BadInput

PART = ".part"  # at the end of the hidden name of what is being written
UNFINISHED: dict[Path, Callable[[], None]] = {}  # what unfinished work has changed, and what puts each right


def make_folder(folder: Path) -> list[Path]:
    """Make ``folder`` and what is missing above it, and return what was made, the innermost first.

    Raise BadInput, and leave nothing behind, if it cannot be made.
    """
    made: list[Path] = []
    try:
        made = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        remove_empty(made)
        raise BadInput(f"cannot write to {folder}: {problem.strerror}") from None
    return made


def remove_empty(folders: list[Path]) -> None:
    """Remove those of ``folders`` that are there and empty."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Yield a scratch folder that becomes ``out`` if all goes well, and is removed if not.

    Raise BadInput, before any work is done, if ``out`` exists and is not empty or cannot be written to.
    """
    out = out.resolve()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"{out} exists and is not an empty folder: name another")
    home = out if out.exists() else out.parent  # on the file system of ``out``, so that moving is renaming
    made = make_folder(home)
    try:
        scratch = Path(tempfile.mkdtemp(PART, f".{out.name}-", home))
    except OSError as problem:
        remove_empty(made)
        raise BadInput(f"cannot write to {out}: {problem.strerror}") from None
    UNFINISHED[scratch] = partial(_remove, scratch, made)
    try:
        yield scratch
        _move(scratch, out)
    except BaseException:
        _remove(scratch, made)
        raise
    finally:
        del UNFINISHED[scratch]


def _move(scratch: Path, out: Path) -> None:
    """Make ``scratch`` become ``out``: in one step, unless ``out`` is there, as the current folder or a mount point."""
    for file in scratch.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    scratch.chmod(0o755)
    if not out.exists():
        scratch.rename(out)
        return
    for file in scratch.iterdir():
        file.replace(out / file.name)
    scratch.rmdir()


def remove_unfinished() -> None:
    """Remove what unfinished work would leave behind, for a process that ends at once; put a terminal right."""
    for remove in list(UNFINISHED.values()):
        remove()


def _remove(scratch: Path, made: list[Path]) -> None:
    """Remove ``scratch`` and the folders that were made for it, even if this is interrupted once."""
    try:
        shutil.rmtree(scratch, ignore_errors=True)
    except KeyboardInterrupt:
        shutil.rmtree(scratch, ignore_errors=True)
    remove_empty(made)


def write_text(file: Path, text: str) -> None:
    """Write ``text`` to ``file``, whole or not at all."""
    scratch = file.with_name(f".{file.name}{PART}")
    scratch.unlink(missing_ok=True)  # were it a link, the text would go where that leads
    try:
        with scratch.open("x", encoding="utf-8") as opened:
            opened.write(text)
        scratch.replace(file)
    except OSError as problem:  # usually a full disk
        scratch.unlink(missing_ok=True)
        if problem.filename:
            problem.filename = str(file)  # the name that was asked for
        raise


def read_json(file: Path) -> Any:
    """Return the value in a JSON file.

    Raise BadInput if it cannot be read, is not JSON in UTF-8, is nested too deeply, or holds what no other JSON reader
    need accept: NaN, infinity, or half of a surrogate pair.
    """
    try:
        value = json.loads(file.read_text(encoding="utf-8-sig"))
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        return value
    except OSError as problem:
        raise BadInput(f"cannot read {file}: {problem.strerror}") from None
    except RecursionError:
        raise BadInput(f"{file} is damaged: its JSON is nested too deeply") from None
    except UnicodeError:
        raise BadInput(f"cannot read {file}: it is not in UTF-8; save it in that encoding") from None
    except ValueError as problem:
        raise BadInput(f"{file} is damaged: {problem}") from None


def refuse_links(folder: Path) -> None:
    """Raise BadInput if something in ``folder`` is a symbolic link: what is written there would go elsewhere."""
    if links := [file for file in folder.rglob("*") if file.is_symlink()]:
        raise BadInput(f"{links[0]} is a symbolic link, and files would be written where it leads: remove it")
