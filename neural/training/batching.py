"""From examples to batches: their order, their padding, and the few shapes that they come in."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from math import ceil, log
from typing import NamedTuple

import numpy as np
from jax import Array
from jaxtyping import Int

from neural.dialogue.authors import Author, AuthorWeights
from neural.dialogue.render import Example, scored_columns
from neural.seeds import random_stream

Seed = tuple[int, ...]

LENGTH_MULTIPLE = 8  # lengths are rounded up to a multiple of it
STRETCH = 1.5  # of a length to pad to, at most, to the next
EMPTY = Example(np.zeros(0, np.int32), np.zeros(0, np.int8))  # a row of padding


class Batch(NamedTuple):
    """Rows of tokens, and which of them can be scored: those of the history that something predicts.

    Context and padding are read, but what the model says about them is never computed.
    """

    ids: Int[Array | np.ndarray, "B T"]  # int32, padded with 0 on the right
    columns: Int[Array | np.ndarray, "B S"]  # int32, the positions of scored tokens; 1 where padded
    authors: Int[Array | np.ndarray, "B S"]  # int8, who wrote the scored tokens; NOBODY where padded


class Replica(NamedTuple):
    """One model in training: what it reads, in which order, and how much each author's tokens count.

    Replicas with the same examples and seed read the same example at every step. What is held out is read now and then,
    to measure the model.
    """

    examples: Sequence[Example]
    weights: AuthorWeights
    seed: Seed
    held_out: Sequence[Example] = ()


def hash_examples(examples: Sequence[Example]) -> str:
    """Return the SHA-256 of ``examples``: of their number of tokens, the tokens, and who wrote them."""
    hashed = hashlib.sha256()
    for ids, authors in examples:
        hashed.update(np.int64(len(ids)).tobytes() + ids.tobytes() + authors.tobytes())
    return hashed.hexdigest()


def pad(examples: Sequence[Example], length: int, scored: int) -> Batch:
    """Stack ``examples``, padded to ``length`` tokens of which ``scored`` are scored."""
    ids = np.zeros((len(examples), length), np.int32)
    columns = np.ones((len(examples), scored), np.int32)
    authors = np.full((len(examples), scored), Author.NOBODY, np.int8)
    for i, example in enumerate(examples):
        which = scored_columns(example)
        ids[i, : len(example.ids)] = example.ids
        columns[i, : len(which)] = which
        authors[i, : len(which)] = example.authors[which]
    return Batch(ids, columns, authors)


def order(n: int, seed: Seed, epoch: int) -> Int[np.ndarray, " n"]:
    """Return the order of ``n`` examples in an epoch, a function of seed and epoch."""
    return random_stream("order", *seed, epoch).permutation(n)


def buckets(examples: Sequence[Example], longest: Sequence[int]) -> dict[int, int]:
    """Return lengths to pad to, each with the most tokens scored in examples up to it.

    ``longest`` holds the length of the longest example of each batch. Its quartiles are four shapes, which compile to
    few programs and need little padding; if one is far above the one before, there are more in between.
    """
    lengths = np.array([len(example.ids) for example in examples])
    scored = np.array([len(scored_columns(example)) for example in examples])
    quartiles = np.quantile(longest, [0.25, 0.5, 0.75, 1.0]).tolist()
    tops = quartiles[:1]
    for top in quartiles[1:]:
        pieces = ceil(log(top / tops[-1]) / log(STRETCH)) or 1
        tops += [tops[-1] * (top / tops[-1]) ** (i / pieces) for i in range(1, pieces)] + [top]
    tops = sorted({LENGTH_MULTIPLE * ceil(top / LENGTH_MULTIPLE) for top in tops})
    return {top: LENGTH_MULTIPLE * ceil(scored[lengths <= top].max() / LENGTH_MULTIPLE) for top in tops}


def cut(examples: Sequence[Example], rows: int) -> list[list[Example]]:
    """Cut ``examples`` into parts of ``rows``, the longest together; the last may have fewer."""
    longest_first = sorted(examples, key=lambda example: -len(example.ids))
    return [longest_first[i : i + rows] for i in range(0, len(examples), rows)]


def pad_parts(parts: Sequence[Sequence[Example]], rows: int, sizes: dict[int, int]) -> Iterator[Batch]:
    """Yield each of ``parts`` as a batch of ``rows``, padded to the first of ``sizes`` that holds its longest."""
    for part in parts:
        top = next(top for top in sizes if top >= len(part[0].ids))
        yield pad([*part, *[EMPTY] * (rows - len(part))], top, sizes[top])


def reading(replica: Replica, epochs: int, batch_size: int = 1) -> Iterator[list[int]]:
    """Yield which examples each step reads; every epoch in a new order.

    A step may read the end of an epoch and the beginning of the next; the very last one may read fewer.
    """
    orders = (order(len(replica.examples), replica.seed, epoch).tolist() for epoch in range(epochs))
    read = chain.from_iterable(orders)
    while step := list(islice(read, batch_size)):
        yield step


def batches(replica: Replica, epochs: int, batch_size: int = 1, accumulate: int = 1) -> Iterator[Batch]:
    """Yield ``accumulate`` batches a step, together of ``batch_size`` examples; the last step may have fewer.

    Within a step the longest examples stand together, so little is padded. What a step computes does not depend on how
    it is cut.
    """
    rows = batch_size // accumulate

    def cut_steps(epochs: int) -> Iterator[list[list[Example]]]:
        for step in reading(replica, epochs, batch_size):
            yield cut([replica.examples[i] for i in step], rows)

    longest = [len(part[0].ids) for parts in cut_steps(1) for part in parts]
    sizes = buckets(replica.examples, longest)
    for parts in cut_steps(epochs):
        yield from pad_parts(parts, rows, sizes)
