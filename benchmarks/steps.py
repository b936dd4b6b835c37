"""Time one training step of one arm next to transformers and PyTorch: ``python benchmarks/steps.py --model DIR``.

DIR is a Hugging Face folder of the Qwen2 architecture, such as the one that `full_size.py` writes. Both sides read the
same lessons and keep parameters and optimizer state in single precision, each in a new process. This needs torch; for
the shapes of Qwen2.5-0.5B it takes a few minutes and 12 GB.
"""

import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from measure import show

from neural.cli import Command, whole_number

if TYPE_CHECKING:
    from neural.dialogue.render import Example
    from neural.training.loop import Step

WARM = 2  # first steps, which are not counted: compilation, and memory that is touched for the first time


class Took(NamedTuple):
    """The seconds of each step, and the most bytes in use at a time, everything included."""

    steps: list[float]
    memory: int


def peak_memory() -> int:
    """Return the most bytes that this process has used so far."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def read_lessons(folder: Path) -> "list[Example]":
    """Return the lessons of seed 0, tokenized."""
    import numpy as np
    from transformers import AutoTokenizer

    from neural.dialogue.render import encode
    from neural.paper.curriculum import read_recipe
    from neural.paper.lessons import PAPER, lessons

    tokenizer, curriculum = AutoTokenizer.from_pretrained(folder), read_recipe(folder).curriculum
    drawn = lessons(curriculum.facts, curriculum.lessons, PAPER, np.random.default_rng(0))
    return [encode(tokenizer, lesson) for lesson in drawn]


def time_ours(folder: Path, steps: int) -> Took:
    """Time the loop of `neural.training`: a step lasts from the end of the one before to its own."""
    from neural.process import keep_freed_memory, prepare

    prepare(1)
    import numpy as np
    from flax import nnx

    from neural.dialogue.authors import STANDARD
    from neural.model.checkpoint import load
    from neural.paper.curriculum import read_recipe
    from neural.training.batching import Replica, batches
    from neural.training.loop import fit
    from neural.training.replicas import stack

    graph, base = nnx.split(load(folder).model, nnx.Param)
    config, replica = read_recipe(folder).train, Replica(read_lessons(folder), STANDARD, (0,))
    start = stack(base, 1)
    del base
    ends, peaks = [time.perf_counter()], list[int]()

    def on_step(step: "Step") -> None:
        ends.append(time.perf_counter())
        peaks.append(peak_memory())

    with keep_freed_memory(np.float32):
        stream = batches([replica], config.epochs)
        fit(graph, start, {"standard": STANDARD}, config.optimizer(), stream, steps, on_step)
    return Took(np.diff(ends).tolist(), peaks[-1])


def time_theirs(folder: Path, steps: int) -> Took:
    """Time the loop of `torch_training.py`."""
    import torch
    from torch_training import train

    from neural.dialogue.authors import STANDARD
    from neural.paper.curriculum import read_recipe

    torch.set_num_threads(2)
    _, seconds = train(folder, read_lessons(folder), STANDARD, read_recipe(folder).train, steps)
    return Took(seconds, peak_memory())


def run_alone(side: Callable[[Path, int], Took], folder: Path, steps: int) -> Took:
    """Run one side in a new process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(side, folder, steps).result()


def main() -> None:
    """Print the table."""
    command = Command("steps", description=__doc__)
    command.add_argument("--model", type=Path, required=True, help="a Hugging Face folder of a Qwen2 model")
    command.add_argument("--steps", type=whole_number(WARM + 1), default=8)
    args = command.parse_args()
    sides = {"neural.training": time_ours, "transformers + PyTorch": time_theirs}
    took = {name: run_alone(side, args.model, args.steps) for name, side in sides.items()}
    first = median(took["neural.training"].steps[WARM:])
    rows = []
    for name, (steps, memory) in took.items():
        times = [f"{seconds:.3g} s" for seconds in (median(steps[WARM:]), min(steps[WARM:]), steps[0])]
        rows.append((name, *times, f"{memory / 1e9:.2f} GB", f"{median(steps[WARM:]) / first:.2f}"))
    columns = "", "median step", "least", "first step", "memory", "median/ours"
    show(f"Steps {WARM + 1} to {args.steps} of one arm", columns, rows)


if __name__ == "__main__":
    main()
