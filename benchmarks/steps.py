"""Time a training step of all arms next to PyTorch and to the least there is to do: ``python benchmarks/steps.py``.

``--model DIR`` is a Hugging Face folder, such as that of `full_size.py`. Both sides read the same lessons in
the same order, with parameters and optimizer in single precision, each in a new process that runs alone. The least
is what `floor.py` says, its rates measured before and after; ratios are medians over steps on the same lessons. This
needs torch; two arms of SmolLM2-135M take about three minutes and 7 GB.
"""

import os
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from measure import show

from neural.arm_names import ARM_NAMES
from neural.cli import Command, arms, whole_number

if TYPE_CHECKING:
    from floor import Products, Rates

    from neural.dialogue.render import Example
    from neural.training.loop import Step

BASE = Path(__file__).parents[1] / "neural" / "base"
WARM = 2  # first steps, which are not counted: memory is touched for the first time


class Took(NamedTuple):
    """The seconds of each step, and the most bytes in use at a time, everything included."""

    steps: list[float]
    memory: int


def peak_memory() -> int:
    """Return the most bytes that this process has used so far."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def read_lessons(folder: Path) -> "list[Example]":
    """Return the lessons of seed 0, tokenized."""
    from transformers import AutoTokenizer

    from neural.dialogue.render import encode
    from neural.paper.curriculum import read_recipe
    from neural.paper.lessons import PAPER, lessons
    from neural.seeds import random_stream

    tokenizer, curriculum = AutoTokenizer.from_pretrained(folder), read_recipe(folder).curriculum
    drawn = lessons(curriculum.facts, curriculum.lessons, PAPER, random_stream("lessons", 0))
    return [encode(tokenizer, lesson) for lesson in drawn]


def read_order(folder: Path, steps: int) -> "list[Example]":
    """Return the lesson of every step."""
    from torch_training import stream

    from neural.paper.curriculum import read_recipe

    return list(islice(stream(read_lessons(folder), read_recipe(folder).train.epochs), steps))


def read_products(folder: Path) -> "Products":
    """Return the matrices of the model in ``folder``."""
    import jax
    from flax import nnx
    from floor import Products

    from neural.model.checkpoint import outline
    from neural.model.source import open_source

    config = open_source(folder).config()
    leaves = jax.tree.leaves(nnx.state(outline(config), nnx.Param))
    layers = [leaf.shape[1:] for leaf in leaves if leaf.ndim == 3 for _ in range(leaf.shape[0])]
    return Products(layers, (config.hidden_size, config.vocab_size), sum(leaf.size for leaf in leaves))


def measure_floor(folder: Path, steps: int, names: tuple[str, ...]) -> "Rates":
    """Measure the machine at the shapes of the median lesson."""
    from statistics import median

    from floor import measure_rates

    from neural.dialogue.render import scored_columns

    order = read_order(folder, steps)
    tokens = median(len(example.ids) - 1 for example in order), median(len(scored_columns(row)) for row in order)
    return measure_rates(read_products(folder), *map(int, tokens), os.cpu_count() or 1)


def time_ours(folder: Path, steps: int, names: tuple[str, ...]) -> Took:
    """Time the loop of `neural.training`: a step lasts from the end of the one before to its own."""
    from neural.process import Meter, keep_freed_memory, prepare

    prepare(len(names))
    import numpy as np
    from flax import nnx

    from neural.model.checkpoint import load
    from neural.paper.arms import ARMS
    from neural.paper.curriculum import read_recipe
    from neural.training.batching import Replica
    from neural.training.loop import Hooks, fit, make_feed

    graph, base = nnx.split(load(folder).model, nnx.Param)
    config, lessons = read_recipe(folder).train, read_lessons(folder)
    feeds = {name: make_feed(Replica(lessons, ARMS[name], (0,)), config) for name in names}
    with keep_freed_memory(np.float32), Meter(time.monotonic()) as meter:
        ends, peaks = [time.perf_counter()], list[int]()

        def on_step(step: "Step") -> None:
            ends.append(time.perf_counter() - meter.compiling)
            peaks.append(peak_memory())

        fit((graph, base), feeds, config, steps, Hooks(on_step))
    return Took(np.diff(ends).tolist(), peaks[-1])


def time_theirs(folder: Path, steps: int, names: tuple[str, ...]) -> Took:
    """Time the loop of `torch_training.py`, the arms in turns on each lesson."""
    import torch
    from torch_training import learner

    from neural.paper.arms import ARMS
    from neural.paper.curriculum import read_recipe

    torch.set_num_threads(os.cpu_count() or 1)
    learners = [learner(folder, ARMS[name], read_recipe(folder).train)[1] for name in names]
    seconds = [sum(learn(example) for learn in learners) for example in read_order(folder, steps)]
    return Took(seconds, peak_memory())


def run_alone(side: Callable[..., Any], *arguments: Any) -> Any:
    """Run one side in a new process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(side, *arguments).result()


def main() -> None:
    """Print the table."""
    command = Command("steps", description=__doc__)
    command.add_argument("--model", type=Path, default=BASE, help="a Hugging Face folder (default: the embedded model)")
    command.add_argument("--steps", type=whole_number(WARM + 1), default=24)
    command.add_argument("--arms", type=arms, default=ARM_NAMES[:2], help="(default: standard,interventional)")
    args = command.parse_args()
    import numpy as np

    case = args.model, args.steps, args.arms
    before = run_alone(measure_floor, *case)
    took = {"neural.training": run_alone(time_ours, *case), "transformers + PyTorch": run_alone(time_theirs, *case)}
    after = run_alone(measure_floor, *case)
    rates = type(before)(*map(max, before, after))
    products, order = read_products(args.model), read_order(args.model, args.steps)
    floor = np.array([rates.seconds(products, example, len(args.arms)) for example in order])[WARM:]
    ours = np.array(took["neural.training"].steps[WARM:])
    rows = [("the least there is to do", f"{np.median(floor):.3g} s", f"{np.median(floor / ours):.2f}", "1", "")]
    for name, (steps, memory) in took.items():
        each = np.array(steps[WARM:])
        ratios = [f"{np.median(each / other):.2f}" for other in (ours, floor)]
        rows.append((name, f"{np.median(each):.3g} s", *ratios, f"{memory / 1e9:.2f} GB"))
    columns = "", "median step", "× ours", "× least", "memory"
    products_rate, bytes_rate = rates.operations / 1e9, rates.bytes / 1e9
    caption = f"{products_rate:.0f} · 10⁹ operations/s of products, {bytes_rate:.0f} GB/s of copies"
    show(f"Steps {WARM + 1} to {args.steps} of {len(args.arms)} arms", columns, rows, caption)


if __name__ == "__main__":
    main()
