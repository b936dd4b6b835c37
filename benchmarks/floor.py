"""The least that a machine must do for a training step: the products and the optimizer's traffic, at measured rates.

A step multiplies with every matrix three times: forward, and backward for the input and for the matrix itself. That is
6 operations for each parameter of a product and each token; the vocabulary is needed for scored tokens alone, padding
for none. The update reads parameters, gradients and two moments, and writes parameters and two moments; clipping reads
the gradients once before.
"""

import time
from collections.abc import Callable, Sequence
from threading import Thread
from typing import NamedTuple

import torch

from neural.dialogue.render import Example, scored_columns

UPDATE = 8  # times that every parameter's 4 bytes are read or written
REPEATS = 5
COPIED, PASSES = 64 * 2**20, 4  # floats of the array that is copied, and how often


class Products(NamedTuple):
    """The matrices of a model: of all its layers, and of the head; and the number of all its parameters."""

    layers: Sequence[tuple[int, int]]
    head: tuple[int, int]
    parameters: int

    def operations(self, example: Example) -> int:
        """Return the operations of one arm's step on ``example``."""
        layers = sum(rows * columns for rows, columns in self.layers)
        head = self.head[0] * self.head[1]
        return 6 * (layers * (len(example.ids) - 1) + head * len(scored_columns(example)))


class Rates(NamedTuple):
    """What the machine does in a second: operations of products, and bytes read and written by a copy."""

    operations: float
    bytes: float

    def seconds(self, products: Products, example: Example, arms: int) -> float:
        """Return the least seconds of a step of all arms."""
        update = arms * UPDATE * 4 * products.parameters
        return arms * products.operations(example) / self.operations + update / self.bytes


def least(works: Sequence[Callable[[], None]]) -> float:
    """Return the least seconds in which all of ``works`` are done at the same time, each by one core."""

    def alone(work: Callable[[], None]) -> None:
        torch.set_num_threads(1)  # of this thread
        work()

    def together() -> float:
        threads = [Thread(target=alone, args=(work,)) for work in works]
        begin = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.perf_counter() - begin

    return min(together() for _ in range(REPEATS))


def multiply(products: Products, tokens: int, scored: int) -> Callable[[], None]:
    """Return what multiplies with all matrices as a step does, forward and backward, and keeps nothing."""
    cases = [(torch.randn(tokens, w[0]), torch.randn(w), torch.randn(tokens, w[1])) for w in products.layers]
    cases.append(
        (torch.randn(scored, products.head[0]), torch.randn(products.head), torch.randn(scored, products.head[1]))
    )
    results = {w.shape: (torch.empty_like(g), torch.empty_like(x), torch.empty_like(w)) for x, w, g in cases}

    def work() -> None:
        for x, w, g in cases:
            forward, to_input, to_matrix = results[w.shape]
            torch.mm(x, w, out=forward)
            torch.mm(g, w.T, out=to_input)
            torch.mm(x.T, g, out=to_matrix)

    return work


def copy() -> Callable[[], None]:
    """Return what copies an array."""
    source, target = torch.ones(COPIED), torch.ones(COPIED)

    def work() -> None:
        for _ in range(PASSES):
            target.copy_(source)

    return work


def measure_rates(products: Products, tokens: int, scored: int, cores: int) -> Rates:
    """Measure both rates on ``cores`` at once, each with matrices of its own, as each arm has."""
    layers = sum(rows * columns for rows, columns in products.layers)
    operations = 6 * (layers * tokens + products.head[0] * products.head[1] * scored)
    products_take = least([multiply(products, tokens, scored) for _ in range(cores)])
    copies_take = least([copy() for _ in range(cores)])
    return Rates(cores * operations / products_take, cores * PASSES * 2 * 4 * COPIED / copies_take)
