"""Output folders: whole or not there."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from causal_agency.cli import BadInput, Command, stoppable


@contextmanager
def new_folder(command: Command, out: Path) -> Iterator[Path]:
    """A scratch folder that becomes ``out`` if all goes well, and vanishes if not.

    ``out`` must be new or empty, and is refused before any work is done.
    """
    out = out.resolve()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        command.error(f"{out} exists and is not empty: name another folder with --out")
    home = out if out.exists() else out.parent  # on the file system of ``out``, so that moving is renaming
    try:
        home.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=home))
    except OSError as problem:
        command.error(f"cannot write to {out}: {problem.strerror}")
    try:
        with stoppable():
            yield scratch
        for file in scratch.rglob("*"):
            file.chmod(0o755 if file.is_dir() else 0o644)
        out.mkdir(exist_ok=True)
        for file in scratch.iterdir():  # into the folder, which may be the one the user stands in
            file.replace(out / file.name)
    except BadInput as problem:
        command.error(str(problem))
    except OSError as problem:
        command.error(f"{problem.strerror or problem}: nothing written to {out}")
    except KeyboardInterrupt:
        shutil.rmtree(scratch, ignore_errors=True)
        command.stop("stopped, nothing written")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
