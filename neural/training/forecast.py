"""What a step takes of each device's memory, from the compiler's own account of its two programs; nothing is run."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.sharding import NamedSharding

from neural.dialogue.authors import Author
from neural.model.architecture import Config
from neural.model.checkpoint import outline
from neural.training.batching import Batch
from neural.training.config import PRECISIONS, TrainConfig
from neural.training.placement import Placement
from neural.training.replicas import NOTHING, make_programs


class Forecast(NamedTuple):
    """Bytes on each device: parameters, gradients, two moments, a batch, and what a step needs while it runs."""

    parameters: int
    gradients: int
    moments: int
    batch: int
    activations: int


def count_bytes(arrays: Iterable[Any]) -> int:
    """Return the bytes of the parts of ``arrays`` on one device."""
    return sum(int(np.prod(x.sharding.shard_shape(x.shape))) * x.dtype.itemsize for x in arrays)


def shape_at(where: NamedSharding, shape: tuple[int, ...], dtype: Any) -> jax.ShapeDtypeStruct:
    """Return the shape of an array on its devices."""
    return jax.ShapeDtypeStruct(shape, dtype, sharding=where)


def shape_batch(place: Placement, rows: int, tokens: int) -> Batch:
    """Return the shapes of a batch whose tokens are all scored but the first of each row."""
    rows += -rows % place.mesh.size
    sizes = ((tokens, jnp.int32), (tokens - 1, jnp.int32), (tokens - 1, jnp.int8))
    arrays: Any = (shape_at(place.rows, (rows, size), dtype) for size, dtype in sizes)
    return Batch(*arrays)


def forecast(config: Config, train: TrainConfig, tokens: int, place: Placement) -> Forecast:
    """Return what the training of one replica takes at ``place``, with rows of ``tokens``.

    The two programs of a step, gradients and update, run one after the other; the larger of what they need counts.
    """
    graph, params = nnx.split(outline(config), nnx.Param)
    shapes, tree = jax.tree.flatten(params)
    dtype, optimizer = PRECISIONS[train.precision], train.optimizer(1)
    leaves = [shape_at(place.find(x), x.shape, dtype) for x in shapes]
    states = jax.eval_shape(optimizer.init, leaves)
    moments = jax.tree.map(lambda x: shape_at(place.find(x), x.shape, x.dtype), states)
    batch = shape_batch(place, train.batch_size // train.accumulate, tokens)
    weights = shape_at(place.whole, (len(Author),), jnp.float32)
    learn, _, update = make_programs(graph, tree, optimizer, place)
    both = shape_at(place.whole, (2,), jnp.float32)
    work = (
        learn.lower(leaves, batch, (weights, NOTHING, ()), leaves).compile().memory_analysis().temp_size_in_bytes,
        update.lower(leaves, moments, leaves, both).compile().memory_analysis().temp_size_in_bytes,
    )
    held = count_bytes(leaves)
    return Forecast(held, held, count_bytes(jax.tree.leaves(moments)), count_bytes(batch), max(work))
