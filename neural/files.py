"""Folders and files that appear whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from neural.errors import BadInput


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Yield a scratch folder that becomes ``out`` if all goes well, and is removed if not.

    Raises BadInput, before any work is done, if ``out`` exists and is not empty or cannot be written to.
    """
    out = out.resolve()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise BadInput(f"{out} exists and is not empty: name another folder")
    home = out if out.exists() else out.parent  # on the file system of ``out``, so that moving is renaming
    try:
        home.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=home))
    except OSError as problem:
        raise BadInput(f"cannot write to {out}: {problem.strerror}") from None
    try:
        yield scratch
        for file in scratch.rglob("*"):
            file.chmod(0o755 if file.is_dir() else 0o644)
        out.mkdir(exist_ok=True)
        for file in scratch.iterdir():  # into the folder, which may be the current one
            file.replace(out / file.name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def write_text(file: Path, text: str) -> None:
    """Write ``text`` to ``file``, whole or not at all."""
    scratch = file.with_name(f".{file.name}.part")
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(file)
