"""Time the whole two-arm experiment next to transformers and PyTorch: ``python benchmarks/training.py``.

It takes about three minutes on two cores and needs torch. ``--model DIR --steps 3`` runs another folder, such as the
one that `full_size.py` writes. `neural/train.py` runs in a new process; compilation counts, unless its programs are on
disk.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from measure import show

from neural.cli import Command, whole_number
from neural.paper.curriculum import read_recipe

ROOT = Path(__file__).parents[1]
BASE = ROOT / "neural" / "base"


def run_ours(model: Path, steps: int) -> dict[str, Any]:
    """Run `neural/train.py` and return what its ``results.json`` says."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        train = [sys.executable, str(ROOT / "neural" / "train.py"), "--model", str(model)]
        subprocess.run([*train, "--steps", str(steps), "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
        results = json.loads((out / "results.json").read_text())
    margins = {arm: result["margin"]["mean"] for arm, result in results["arms"].items()}
    return results["config"] | {"margins": margins, "step": 1 / results["config"]["steps_per_second"]}


def run_theirs(model: Path, steps: int, threads: int) -> dict[str, Any]:
    """Run `torch_training.py` and return what it prints."""
    train = [sys.executable, str(ROOT / "benchmarks" / "torch_training.py"), "--model", str(model)]
    options = ["--steps", str(steps), "--threads", str(threads)]
    done = subprocess.run([*train, *options], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print the table."""
    command = Command("training", description=__doc__)
    command.add_argument("--model", type=Path, default=BASE, help="a Hugging Face folder of a Qwen2 model")
    command.add_argument("--steps", type=whole_number(2), help="of each arm (default: as the model's recipe says)")
    args = command.parse_args()
    recipe = read_recipe(args.model)
    steps = args.steps or recipe.train.steps(recipe.curriculum.lessons)
    runs = {"neural/train.py": run_ours(args.model, steps)}
    runs |= {f"PyTorch, {n} thread{'s' * (n > 1)}": run_theirs(args.model, steps, n) for n in (1, 2)}
    first = runs["neural/train.py"]["seconds"]
    rows = []
    for name, run in runs.items():
        margins = ", ".join(f"{arm} {margin:+.3f}" for arm, margin in run["margins"].items())
        times = f"{run['seconds']:.1f} s", f"{1000 * run['step']:.1f} ms", f"{run['peak_memory_gb']:.2f} GB"
        rows.append((name, *times, f"{run['seconds'] / first:.2f}", margins))
    columns = "", "whole run", "step of one arm", "memory", "time/ours", "mean margins"
    show(f"Two arms of {steps} steps, probes included", columns, rows)


if __name__ == "__main__":
    main()
