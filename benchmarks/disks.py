"""Fill the disk of runs and sweeps, or make it read-only, and finish them: ``python benchmarks/disks.py``; needs root.

Each works on a small file system in memory of its own. As soon as a certain file appears there, the rest of the space
is taken away, so that the next thing that is written meets a full disk: a checkpoint, the export of a trained arm, the
report, a cell of a sweep. The command must say so in one line and end with exit code 2. Then space is made, the work
goes on, and it must end with the same bytes as an undisturbed one.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kills import Work, fingerprint, finish, is_finished, list_works, make_model

from neural.cli import Command

STEPS, EVERY = 24, 8
SIZE = 120  # MiB of the file system
# What is killed, the file after which the disk is full, and what cannot be written then.
MOMENTS = (
    ("one arm", "measured/base.json", "the first checkpoint"),
    ("two arms", f"checkpoints/*/{EVERY:08}.safetensors", "a later checkpoint"),
    ("one arm", f"checkpoints/*/{STEPS:08}.safetensors", "an export"),
    ("two arms", "standard/model.safetensors", "the second export"),
    ("one arm", "results.json", "the report"),
    ("a sweep", "base.json", "the first cell"),
    ("a sweep", "replicas/*.json", "a later cell"),
    ("a sweep", "sweep.json", "the report of a sweep"),
)


@contextmanager
def mount(folder: Path, *options: str) -> Iterator[Path]:
    """Mount a file system in memory on ``folder``."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join((f"size={SIZE}m", *options)), "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(disk: Path) -> Path:
    """Write a file that takes what room there is on ``disk``."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(2**20))
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1))
    return ballast


def fail_after(work: Work, out: Path, glob: str) -> str:
    """Begin ``work`` in ``out``, fill the disk when a file like ``glob`` appears, and return the last line it says."""
    with tempfile.TemporaryFile("w+") as said:
        with subprocess.Popen(work.command(out), stdout=subprocess.DEVNULL, stderr=said) as run:
            while run.poll() is None and not any(out.glob(glob)):
                time.sleep(0.001)
            ballast = fill(out.parent)
        said.seek(0)
        lines = said.read().splitlines()
    ballast.unlink()
    if run.returncode != 2 or any(line.startswith("Traceback") for line in lines):
        raise SystemExit(f"{out} ended with {run.returncode}: {lines[-20:]}")
    return lines[-1]


def refuse_to_write(work: Work, disk: Path) -> str:
    """Begin ``work`` on a disk that is read-only, and return the line it says."""
    with mount(disk, "ro"):
        run = subprocess.run(work.command(disk / "out"), capture_output=True, text=True, check=False)
    if run.returncode != 2 or run.stderr.count("\n") != 1:
        raise SystemExit(f"a read-only disk ended the work with {run.returncode}: {run.stderr}")
    return run.stderr.strip()


def main() -> None:
    """Fill disks, make room, compare and report."""
    Command("disks", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        works = list_works(make_model(home / "model", STEPS), STEPS, EVERY)
        for name, work in works.items():
            print(f"{name}, read-only: {refuse_to_write(work, home / f'read-only {name}')}", flush=True)
            finish(work, home / name)
        for i, (name, glob, what) in enumerate(MOMENTS):
            with mount(home / f"disk-{i}") as disk:
                out = disk / "out"
                print(f"{name}, {what}: {fail_after(works[name], out, glob)}", flush=True)
                if not is_finished(out):
                    finish(works[name], out)
                if fingerprint(out) != fingerprint(home / name) or {*os.listdir(out)} != {*os.listdir(home / name)}:
                    raise SystemExit(f"{name}: OTHER BYTES")
    print(f"{len(MOMENTS)} full disks: nothing lost")


if __name__ == "__main__":
    sys.exit(main())
