"""Kill runs at random moments and finish them: ``python benchmarks/kills.py --kills 20``.

A short run is made undisturbed, and then killed with SIGKILL and resumed, again and again. The weights of both arms,
the losses and every reply must come out the same to the bit. Moments are drawn from the whole run: imports, compiling,
steps, the writing of checkpoints, probes, exports and the report.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neural.cli import Command, whole_number

TRAIN = str(Path(__file__).parents[1] / "neural" / "train.py")


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start a run."""
    return subprocess.Popen(
        [sys.executable, TRAIN, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def finish(*arguments: str) -> float:
    """Run to the end; return the seconds it took."""
    begin = time.monotonic()
    with start(*arguments) as run:
        said = run.communicate()[1]
    if run.returncode:
        raise SystemExit(f"a run that nobody killed ended with {run.returncode}: {said[-400:]}")
    return time.monotonic() - begin


def fingerprint(out: Path) -> dict[str, str]:
    """Return a digest of each arm's weights, and of everything that was measured."""
    weights = {
        str(file.parent.name): hashlib.sha256(file.read_bytes()) for file in sorted(out.glob("*/model.safetensors"))
    }
    arms = json.loads((out / "results.json").read_text())["arms"]
    measured = hashlib.sha256(json.dumps(arms, sort_keys=True).encode())
    return {name: each.hexdigest() for name, each in (weights | {"measured": measured}).items()}


def survive(out: Path, arguments: Sequence[str], moments: Sequence[float]) -> list[int]:
    """Start a run, kill it after each of ``moments`` in seconds and resume it, and finish it at last.

    Return the step of the last checkpoint at each kill, 0 if there was none.
    """
    reached = []
    for moment in moments:
        begun = (out / "run.json").exists()
        with start("--resume", str(out)) if begun else start("--out", str(out), *arguments) as run:
            try:
                run.wait(timeout=moment)
            except subprocess.TimeoutExpired:
                run.kill()
        reached.append(max((int(file.stem) for file in out.glob("checkpoints/*/*.safetensors")), default=0))
        if (out / "results.json").exists() and not (out / "measured").exists():
            return reached
    begun = (out / "run.json").exists()
    finish("--resume", str(out)) if begun else finish("--out", str(out), *arguments)
    return reached


def main() -> None:
    """Kill, resume, compare and report."""
    command = Command("kills", description=__doc__)
    command.add_argument("--kills", type=whole_number(1), default=20, help="how often to kill (default: 20)")
    command.add_argument("--steps", type=whole_number(2), default=200, help="of a run (default: 200)")
    command.add_argument("--every", type=whole_number(1), default=5, help="steps between checkpoints (default: 5)")
    command.add_argument("--seed", type=whole_number(0), default=0, help="of the moments (default: 0)")
    args = command.parse_args()
    arguments = "--steps", str(args.steps), "--checkpoint-every", str(args.every)
    rng, survived, runs = np.random.default_rng(args.seed), 0, 0
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "whole"
        finish("--out", str(whole), *arguments)
        seconds = finish("--out", str(Path(scratch) / "again"), *arguments)  # compiled programs are on disk now
        expected = fingerprint(whole)
        while survived < args.kills:
            out = Path(scratch) / f"killed-{runs}"
            reached = survive(out, arguments, (rng.random(5) * seconds).tolist())
            survived, runs = survived + len(reached), runs + 1
            same = fingerprint(out) == expected
            print(
                f"run {runs}: killed at the checkpoints {reached}; {'the same bytes' if same else 'OTHER BYTES'}",
                flush=True,
            )
            if not same:
                raise SystemExit(1)
    print(f"{survived} kills in {runs} runs of {args.steps} steps: nothing lost")


if __name__ == "__main__":
    main()
