"""One training step of one arm, ours beside transformers and PyTorch: ``python benchmarks/steps.py --model DIR``.

DIR is a Hugging Face folder of the Qwen2 architecture, such as the one that `full_size.py` writes. Both read the same
dialogues, weights and optimizer's state in single precision; each in a fresh process. Needs torch; a few minutes and
12 GB for the shapes of Qwen2.5-0.5B.
"""

import resource
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import NamedTuple

from measure import show

from causal_agency.cli import Command, whole_number

WARM = 2  # first steps that are not counted: compilation, and memory touched for the first time


class Took(NamedTuple):
    """Seconds of every step; bytes at most, everything included."""

    steps: list[float]
    memory: int


def peak() -> int:
    """Of this process, so far."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def lessons_of(folder: Path) -> list:
    """The dialogues of seed 0 as tokens."""
    import numpy as np
    from transformers import AutoTokenizer

    from neural.data.dialogue import PAPER, lessons
    from neural.data.facts import FACTS
    from neural.data.tokens import encode

    tokenizer = AutoTokenizer.from_pretrained(folder)
    return [encode(tokenizer, dialogue) for dialogue in lessons(FACTS, 480, PAPER, np.random.default_rng(0))]


def ours(folder: Path, steps: int) -> Took:
    """`neural.study.arms`."""
    from neural.study.machine import freed_memory_kept, prepare

    prepare(1)
    import jax
    import jax.numpy as jnp
    from flax import nnx

    from neural.model.weights import load
    from neural.study.arms import Cell, batches, cells_step, copies, over_cells, start
    from neural.study.loss import STANDARD
    from neural.study.recipe import read_recipe

    graph, base = nnx.split(load(folder).model, nnx.Param)
    optimizer, cell = read_recipe(folder).optimizer(), Cell(lessons_of(folder), (0,), STANDARD)
    leaves, tree = jax.tree.flatten(copies(base, 1))
    del base
    state = jax.jit(jax.vmap(partial(start, optimizer)), out_shardings=over_cells(1))(leaves)
    advance, weights = cells_step(graph, tree, optimizer, over_cells(1)), jnp.array([STANDARD])
    seconds = []
    with freed_memory_kept(jnp.float32):
        for batch in islice(batches([cell], 4), steps):
            begin = time.perf_counter()
            leaves, state, _ = jax.block_until_ready(advance(leaves, state, batch, weights))
            seconds.append(time.perf_counter() - begin)
    return Took(seconds, peak())


def theirs(folder: Path, steps: int) -> Took:
    """`torch_study.py`."""
    import torch
    from torch_study import train

    from neural.study.loss import STANDARD
    from neural.study.recipe import read_recipe

    torch.set_num_threads(2)
    _, seconds = train(folder, lessons_of(folder), STANDARD, read_recipe(folder), steps, fused=True)
    return Took(seconds, peak())


def alone(side, *case) -> Took:
    """In a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(side, *case).result()


def main() -> None:
    """Prints the table."""
    command = Command("steps", description=__doc__)
    command.add_argument("--model", type=Path, required=True)
    command.add_argument("--steps", type=whole_number(WARM + 1), default=8)
    args = command.parse_args()
    took = {name: alone(side, args.model, args.steps)
            for name, side in (("neural.study.arms", ours), ("transformers + PyTorch", theirs))}  # fmt: skip
    first = median(took["neural.study.arms"].steps[WARM:])
    rows = []
    for name, (steps, memory) in took.items():
        times = [f"{seconds:.3g} s" for seconds in (median(steps[WARM:]), min(steps[WARM:]), steps[0])]
        rows.append((name, *times, f"{memory / 1e9:.2f} GB", f"{median(steps[WARM:]) / first:.2f}"))
    columns = "", "median step", "least", "the first", "memory", "median/ours"
    show(f"Steps {WARM + 1} to {args.steps} of one arm", columns, rows)


if __name__ == "__main__":
    main()
