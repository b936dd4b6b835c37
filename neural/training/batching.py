"""From examples to batches: their order, their padding, and the few shapes that they come in."""

import hashlib
from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple

import numpy as np
from jax import Array
from jaxtyping import Int

from neural.dialogue.authors import Author, AuthorWeights
from neural.dialogue.render import Example, scored_columns
from neural.seeds import random_stream

Seed = tuple[int, ...]

LENGTH_MULTIPLE = 8  # lengths are rounded up to a multiple of it


class Batch(NamedTuple):
    """Rows of tokens, and which of them can be scored: those of the history that something predicts.

    Context and padding are read, but what the model says about them is never computed.
    """

    ids: Int[Array | np.ndarray, "B T"]  # int32, padded with 0 on the right
    columns: Int[Array | np.ndarray, "B S"]  # int32, the positions of scored tokens; 1 where padded
    authors: Int[Array | np.ndarray, "B S"]  # int8, who wrote the scored tokens; NOBODY where padded


class Replica(NamedTuple):
    """One model in training: what it reads, in which order, and how much each author's tokens count.

    Replicas with the same examples and seed read the same example at every step.
    """

    examples: Sequence[Example]
    weights: AuthorWeights
    seed: Seed


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


def buckets(examples: Sequence[Example]) -> dict[int, int]:
    """Return the quartiles of the lengths, each with the most tokens scored in examples up to it.

    Four shapes compile to few programs and need little padding.
    """
    lengths = np.array([len(example.ids) for example in examples])
    scored = np.array([len(scored_columns(example)) for example in examples])
    quartiles = np.quantile(lengths, [0.25, 0.5, 0.75, 1.0])
    tops = sorted({LENGTH_MULTIPLE * ceil(top / LENGTH_MULTIPLE) for top in quartiles})
    return {top: LENGTH_MULTIPLE * ceil(scored[lengths <= top].max() / LENGTH_MULTIPLE) for top in tops}


def reading(replica: Replica, epochs: int) -> Iterator[int]:
    """Yield which example each step reads; every epoch in a new order."""
    for epoch in range(epochs):
        yield from order(len(replica.examples), replica.seed, epoch).tolist()


def batches(replica: Replica, epochs: int) -> Iterator[Batch]:
    """Yield one example a step, padded to the first bucket that holds it."""
    sizes = buckets(replica.examples)
    for i in reading(replica, epochs):
        example = replica.examples[i]
        top = next(top for top in sizes if top >= len(example.ids))
        yield pad([example], top, sizes[top])
