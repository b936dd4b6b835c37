"""Kill runs and sweeps at random moments and finish them: ``python benchmarks/kills.py --kills 20``.

A run of one arm, a run of two and a sweep of two arms and two seeds are made undisturbed, and then killed with SIGKILL
and resumed, again and again. The weights of all arms, the losses, every reply and every cell of the sweep must come out
the same to the bit, and so must all checkpoints of the same step, which hold the optimizer's state. Moments are drawn
from the whole run: imports, compiling, steps, probes, exports and the report; half of them then wait until a checkpoint
is being written. The model is the embedded one; it is taught five facts, so that little time is spent on probes.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from shutil import copytree
from typing import NamedTuple

import numpy as np
from safetensors import safe_open

from neural.cli import Command, whole_number

FACTS = 5
Moment = Callable[[subprocess.Popen[bytes], Path], object]  # waits for the moment to kill what works in the folder
# A sweep saves by time; here, as often as saving takes at most 3% of it.
SWEEP = "from neural.training import checkpoints; checkpoints.INTERVAL = 0; from neural.sweep import main; main()"


class Work(NamedTuple):
    """What is killed: the arguments of Python that begin it and that go on with it, before the name of its folder."""

    begin: Sequence[str]
    go_on: Sequence[str]

    def command(self, out: Path) -> list[str]:
        """Return the command that begins the work in ``out`` or goes on with it."""
        return [sys.executable, *(self.go_on if (out / "run.json").exists() else self.begin), str(out)]


def make_model(folder: Path, lessons: int) -> Path:
    """Write the embedded model to ``folder``, with a recipe of few facts and this many lessons."""
    from neural.model.source import find
    from neural.paper.curriculum import Curriculum, Recipe, read_recipe, write_recipe

    copytree(find("embedded"), folder)
    train, curriculum = read_recipe(folder)
    write_recipe(folder, Recipe(train, Curriculum(curriculum.facts[:FACTS], lessons)))
    return folder


def list_works(model: Path, steps: int, every: int) -> dict[str, Work]:
    """Return what is killed, by name: ``steps`` steps of training for each arm, saved after ``every``."""
    shared = "--model", str(model), "--steps", str(steps)
    resume = "-m", "neural.train", "--resume"

    def train(arms: str) -> Work:
        return Work(("-m", "neural.train", *shared, "--checkpoint-every", str(every), "--arms", arms, "--out"), resume)

    sweep = "-c", SWEEP, "paper", *shared, "--seeds", "2", "--arms", "standard,interventional", "--out"
    return {
        "one arm": train("standard"),
        "two arms": train("standard,interventional"),
        "a sweep": Work(sweep, sweep),
    }


def finish(work: Work, out: Path) -> float:
    """Work to the end; return the seconds it took."""
    begin = time.monotonic()
    done = subprocess.run(work.command(out), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"what nobody killed ended with {done.returncode}: {done.stderr[-400:]}")
    return time.monotonic() - begin


def is_finished(out: Path) -> bool:
    """Return whether there is nothing left to do in ``out``."""
    return (out / "report.html").exists() and not (out / "measured").exists()


def read_step(out: Path) -> int:
    """Return the step of the last checkpoint in ``out``, 0 if there is none."""
    return max((int(file.stem) for file in out.glob("checkpoints/*/[0-9]*.safetensors")), default=0)


def is_writing(out: Path) -> bool:
    """Return whether a checkpoint in ``out`` is not complete."""
    return any(out.glob("checkpoints/*/.*.part"))


def read_digest(file: Path) -> str:
    """Return the SHA-256 that a checkpoint states of its arrays, which reading it checks."""
    with safe_open(file, framework="numpy") as opened:
        return opened.metadata()["sha256"]


class Kill(NamedTuple):
    """What a kill left: the step of the last checkpoint, whether another was being written, the SHA-256 of each.

    It is the one that a checkpoint states of its arrays: the bytes of the file also hold metadata, in any order.
    """

    step: int
    writing: bool
    checkpoints: Mapping[str, str]

    @classmethod
    def read(cls, out: Path) -> "Kill":
        """Return what is left in ``out``."""
        files = sorted(out.glob("checkpoints/*/[0-9]*.safetensors"))
        digests = {f"{file.parent.name}/{file.stem}": read_digest(file) for file in files}
        return cls(read_step(out), is_writing(out), digests)


def fingerprint(out: Path) -> dict[str, str]:
    """Return a digest of each arm's weights, of everything that was measured, and of each cell of a sweep."""
    files = [
        file for glob in ("*/model.safetensors", "base.json", "replicas/*.json") for file in sorted(out.glob(glob))
    ]
    found = {str(file.relative_to(out)): file.read_bytes() for file in files}
    if (out / "results.json").exists():
        found["measured"] = json.dumps(json.loads((out / "results.json").read_text())["arms"]).encode()
    return {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}


def after(seconds: float) -> Moment:
    """Return the moment after this time, or when the work is finished."""

    def wait(run: subprocess.Popen[bytes], _out: Path) -> None:
        with suppress(subprocess.TimeoutExpired):
            run.wait(timeout=seconds)

    return wait


def while_writing(seconds: float) -> Moment:
    """Return the next moment after this time when a checkpoint is being written, or when the work is finished."""

    def wait(run: subprocess.Popen[bytes], out: Path) -> None:
        after(seconds)(run, out)
        while run.poll() is None and not is_writing(out):
            time.sleep(0.001)

    return wait


def at_step(step: int) -> Moment:
    """Return the moment when there is a checkpoint of ``step`` or later."""

    def wait(run: subprocess.Popen[bytes], out: Path) -> None:
        while run.poll() is None and read_step(out) < step:
            time.sleep(0.001)

    return wait


def survive(work: Work, out: Path, moments: Iterable[Moment]) -> list[Kill]:
    """Begin ``work`` in ``out``, kill it at each of ``moments`` and go on; return what each kill left."""
    kills = []
    for wait in moments:
        if is_finished(out):
            break
        with subprocess.Popen(work.command(out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            wait(run, out)
            if run.poll() is None:
                run.kill()
                run.wait()
                kills.append(Kill.read(out))
    return kills


def count_equal(runs: Iterable[Sequence[Kill]]) -> int:
    """Return how many checkpoints are the same as one of the same step in an earlier run; exit if one differs."""
    known: dict[str, str] = {}
    equal = 0
    for kills in runs:
        found = {name: digest for kill in kills for name, digest in kill.checkpoints.items()}
        if other := [name for name, digest in found.items() if known.get(name, digest) != digest]:
            raise SystemExit(f"two checkpoints {other[0]} differ")
        equal += len(found.keys() & known.keys())
        known |= found
    return equal


def main() -> None:
    """Kill, resume, compare and report."""
    command = Command("kills", description=__doc__)
    command.add_argument("--kills", type=whole_number(1), default=20, help="how often to kill each (default: 20)")
    command.add_argument("--steps", type=whole_number(2), default=200, help="of training (default: 200)")
    command.add_argument("--every", type=whole_number(1), default=5, help="steps between checkpoints (default: 5)")
    command.add_argument("--seed", type=whole_number(0), default=0, help="of the moments (default: 0)")
    command.add_argument("works", nargs="*", metavar="WHAT", help="'one arm', 'two arms', 'a sweep' (default: all)")
    args = command.parse_args()
    rng = np.random.default_rng(args.seed)
    with tempfile.TemporaryDirectory() as scratch:
        works = list_works(make_model(Path(scratch) / "model", args.steps), args.steps, args.every)
        for name in args.works or works:
            work, home, runs = works[name], Path(scratch) / name, list[list[Kill]]()
            finish(work, home / "whole")
            expected = fingerprint(home / "whole")
            seconds = finish(work, home / "again")  # compiled programs are on disk now
            while sum(map(len, runs)) < args.kills:
                out = home / f"killed-{len(runs)}"
                moments = [moment(rng.random() * seconds) for moment in (after, while_writing, after, while_writing)]
                these = survive(work, out, moments)
                if not is_finished(out):
                    finish(work, out)
                runs.append(these)
                same = fingerprint(out) == expected == fingerprint(home / "again")
                steps = [f"{kill.step}{' writing' * kill.writing}" for kill in these]
                print(f"{name}: killed after {', '.join(steps)}; {'the same' if same else 'OTHER'} bytes", flush=True)
                if not same:
                    raise SystemExit(1)
            kills = [kill for these in runs for kill in these]
            writing = sum(kill.writing for kill in kills)
            print(
                f"{name}: {len(kills)} kills in {len(runs)} runs of {args.steps} steps, {writing} while a checkpoint "
                f"was written: nothing lost; {count_equal(runs)} checkpoints equal one of the same step in another run",
                flush=True,
            )


if __name__ == "__main__":
    main()
