"""A held-out part: how unlikely a model finds what it is not trained on, by who wrote it."""

from collections.abc import Callable, Hashable, Sequence

import jax
import numpy as np
from flax import nnx
from jax import Array
from jax.tree_util import PyTreeDef
from jaxtyping import Float

from neural.dialogue.authors import Author, AuthorLosses
from neural.dialogue.render import Example
from neural.errors import BadInput
from neural.seeds import random_stream
from neural.training.batching import Batch, buckets, cut, pad_parts
from neural.training.objective import sum_by_author, token_log_probs
from neural.training.placement import Placement, assemble, put_batch
from neural.training.replicas import Leaves, State, count_authors

OnHeldOut = Callable[[Hashable, AuthorLosses], object]  # of a replica, by name


def to_key(example: Example) -> tuple[bytes, bytes]:
    """Return what equal examples have in common, and only they."""
    return example.ids.tobytes(), example.authors.tobytes()


def distinct(examples: Sequence[Example]) -> list[tuple[bytes, bytes]]:
    """Return the keys of the examples, each once."""
    return list(dict.fromkeys(map(to_key, examples)))


def hold_out(examples: Sequence[Example], share: float, seed: int) -> tuple[list[Example], list[Example]]:
    """Return the examples to train on, and a ``share`` to hold out; equal examples stay together.

    Raise BadInput if no two examples differ.
    """
    texts, different = [*map(to_key, examples)], distinct(examples)
    if len(different) < 2:
        same = "all dialogues are the same" if len(texts) > 1 else "there is only one dialogue"
        raise BadInput(f"nothing can be held out: {same}")
    number = min(max(1, round(share * len(different))), len(different) - 1)
    drawn = random_stream("held-out", seed).permutation(len(different))[:number]
    held = {different[i] for i in drawn}
    sides = [
        [example for example, text in zip(examples, texts, strict=True) if (text in held) == side]
        for side in (False, True)
    ]
    return sides[0], sides[1]


def held_out_batches(examples: Sequence[Example], rows: int) -> list[Batch]:
    """Return ``examples`` as batches of ``rows``, the longest together."""
    parts = cut(examples, rows)
    return list(pad_parts(parts, rows, buckets(examples, [len(part[0].ids) for part in parts]))) if parts else []


def make_measure(
    graph: nnx.GraphDef, tree: PyTreeDef, place: Placement | None = None
) -> Callable[[State, Sequence[Batch], int], AuthorLosses]:
    """Return what measures a replica on batches, after a number of steps."""

    @jax.jit
    def read(leaves: Leaves, frozen: tuple[nnx.State, ...], batch: Batch) -> Float[Array, " authors"]:
        model = assemble(graph, jax.tree.unflatten(tree, leaves), frozen, place)
        sums = sum_by_author(token_log_probs(model, batch), batch.authors)
        return place.share(sums) if place else sums

    def measure(state: State, batches: Sequence[Batch], step: int) -> AuthorLosses:
        sums = np.zeros(len(Author))  # in double precision: there may be many tokens
        for batch in batches:
            sums -= np.asarray(read(state.leaves, state.frozen, put_batch(batch, state.rows)))
        counts = np.sum([count_authors(batch) for batch in batches], axis=0, dtype=float)
        means = np.divide(sums, counts, out=np.full(len(Author), np.nan), where=counts > 0).astype(np.float32)
        return AuthorLosses(step, *means[[Author.PROTOCOL, Author.WORLD, Author.AGENT]].tolist())

    return measure


def to_rows(measured: Sequence[AuthorLosses]) -> Float[np.ndarray, "measured 4"]:
    """Return what was measured as an array."""
    return np.array(measured, np.float32).reshape(-1, len(AuthorLosses._fields))


def to_measured(rows: Float[np.ndarray, "measured 4"]) -> list[AuthorLosses]:
    """Return what `to_rows` made an array of."""
    return [AuthorLosses(int(step), *losses) for step, *losses in rows.tolist()]
