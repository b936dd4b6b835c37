"""The folder of a run: claimed when the run starts, so that no two share it, and left as it is if the run is killed."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import chain, count
from pathlib import Path
from shutil import rmtree
from typing import Any

from neural.errors import BadInput
from neural.files import PART, UNFINISHED, make_folder, read_json, refuse_links, remove_empty, write_text

OPTIONS, RESULTS, LOCK = "run.json", "results.json", ".lock"
CHECKPOINTS, MEASURED, COST = "checkpoints", "measured", "cost.json"  # of a run that goes on


def free_name(folder: Path) -> Path:
    """Return ``folder``, or a name with the first free number behind it if there is such a folder."""
    numbered = (folder.with_name(f"{folder.name}-{number}") for number in count(2))
    return next(each for each in chain([folder], numbered) if not each.exists())


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold ``folder`` while this is entered; raise BadInput if another process holds it.

    The lock is the operating system's, so it ends with the process that holds it, however that ends.
    """
    refuse_links(folder)
    try:
        lock = (folder / LOCK).open("a+")
    except OSError as problem:
        raise BadInput(f"cannot write to {folder}: {problem.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise BadInput(f"{folder} is in use by process {lock.read().strip()}") from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        try:
            yield
        finally:
            (folder / LOCK).unlink(missing_ok=True)


def list_work(folder: Path) -> list[Path]:
    """Return what was computed in ``folder``, or was there before."""
    return [file for file in folder.iterdir() if file.name not in (OPTIONS, LOCK)] if folder.is_dir() else []


def clear(folder: Path) -> None:
    """Remove what a killed process had begun to write in ``folder``, which this one holds."""
    for left in folder.glob(f".*{PART}"):
        rmtree(left) if left.is_dir() else left.unlink()


@contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Make ``folder``, which must be new or empty, and hold it; if nothing was computed there in the end, remove it.

    Raise BadInput if it is not empty, cannot be written to, or is held by another process.
    """
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} exists and is not a folder: name another")
    if list_work(folder):
        with hold(folder) if (folder / LOCK).exists() else nullcontext():  # or say who holds it
            pass
        raise BadInput(f"{folder} is not empty: name another folder, or go on with --resume {folder}")
    made = make_folder(folder)
    with hold(folder):
        if (folder / OPTIONS).exists():
            raise BadInput(f"{folder} holds a run: go on with --resume {folder}, or name another")
        UNFINISHED[folder] = partial(forget, folder, made)
        try:
            yield
        finally:
            UNFINISHED.pop(folder)()


def forget(folder: Path, made: list[Path]) -> None:
    """If nothing was computed in ``folder``, remove what says that it is a run's, and the folders ``made`` for it."""
    if not list_work(folder):
        for name in (OPTIONS, LOCK):
            (folder / name).unlink(missing_ok=True)
        remove_empty(made)


def write_options(folder: Path, options: dict[str, Any]) -> None:
    """Write how the run in ``folder`` was started."""
    write_text(folder / OPTIONS, json.dumps(options, indent=1) + "\n")


def read_options(folder: Path) -> dict[str, Any]:
    """Return how the run in ``folder`` was started; its results say so, too."""
    file = next((folder / name for name in (OPTIONS, RESULTS) if (folder / name).exists()), None)
    if file is None:
        raise BadInput(f"{folder} has no {OPTIONS}: it is not the folder of a run that was begun")
    begun = read_json(file)
    if file.name == RESULTS and isinstance(begun, dict):
        begun = begun.get("config")
    if not (isinstance(begun, dict) and isinstance(begun.get("options"), dict)):
        raise BadInput(f"{file} is damaged: it has no options")
    return begun
