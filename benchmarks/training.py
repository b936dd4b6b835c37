"""The whole two-arm study against transformers and PyTorch, both here and now: ``python benchmarks/training.py``.

About three minutes on two cores; needs torch. ``--model DIR --steps 3`` does the same with another folder, such as the
one that `full_size.py` writes. Ours is a fresh process, compilation included, unless its programs are cached on disk.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import show

from causal_agency.cli import Command, whole_number
from neural.study.recipe import read_recipe

ROOT = Path(__file__).parents[1]
BASE = ROOT / "neural" / "base"


def ours(model: Path, steps: int) -> dict:
    """`train.py`: what its results.json says it took."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        other = [] if model == BASE else ["--model", str(model)]
        train = [sys.executable, str(ROOT / "neural" / "train.py"), "--steps", str(steps), "--out", str(out), *other]
        subprocess.run(train, check=True, stdout=subprocess.DEVNULL)
        results = json.loads((out / "results.json").read_text())
    margins = {arm: result["margin"]["mean"] for arm, result in results["arms"].items()}
    return results["config"] | {"margins": margins, "step": 1 / results["config"]["steps_per_second"]}


def theirs(model: Path, steps: int, threads: int) -> dict:
    """`torch_study.py`."""
    rate = read_recipe(model).learning_rate
    study = [sys.executable, str(ROOT / "benchmarks" / "torch_study.py"), "--model", str(model)]
    options = ["--steps", str(steps), "--learning-rate", str(rate), "--threads", str(threads)]
    done = subprocess.run([*study, *options], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Prints the table."""
    command = Command("training", description=__doc__)
    command.add_argument("--model", type=Path, default=BASE)
    command.add_argument("--steps", type=whole_number(1), default=read_recipe(BASE).steps)
    args = command.parse_args()
    runs = {"neural/train.py": ours(args.model, args.steps)}
    runs |= {f"PyTorch, {n} thread{'s' * (n > 1)}": theirs(args.model, args.steps, n) for n in (1, 2)}
    first = runs["neural/train.py"]["seconds"]
    rows = []
    for name, run in runs.items():
        margins = ", ".join(f"{arm} {margin:+.3f}" for arm, margin in run["margins"].items())
        times = f"{run['seconds']:.1f} s", f"{1000 * run['step']:.1f} ms", f"{run['peak_memory_gb']:.2f} GB"
        rows.append((name, *times, f"{run['seconds'] / first:.2f}", margins))
    columns = "", "whole study", "step of one arm", "memory", "time/ours", "mean margins"
    show(f"Two arms of {args.steps} steps, probes included", columns, rows)


if __name__ == "__main__":
    main()
