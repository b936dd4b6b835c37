"""Where a replica lies: on one mesh of devices, over which the rows of a batch are split.

Its parameters, gradients and moments are copied to every device. If such a copy does not fit, they are split too, each
array along one axis (FSDP): a block is whole only while a step passes through it. The devices may be those of several
processes, which all run the same program and each place what belongs to their own devices.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

import jax
import numpy as np
from flax import nnx
from jax import Array
from jax.experimental.multihost_utils import process_allgather
from jax.lax import with_sharding_constraint
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec, Sharding
from jax.typing import DTypeLike

from neural.model.decoder import Decoder
from neural.training.batching import EMPTY, Batch, pad
from neural.training.resources import USABLE, check_memory, free_memory, replica_memory

AXIS = "row"  # of a mesh
T = TypeVar("T")


class Placement(NamedTuple):
    """A mesh of devices, and whether parameters, gradients and moments are ``split`` over it, as batches always are."""

    mesh: Mesh
    split: bool = False

    @property
    def whole(self) -> NamedSharding:
        """Where the same lies on every device."""
        return NamedSharding(self.mesh, PartitionSpec())

    @property
    def rows(self) -> NamedSharding:
        """Where the rows of a batch lie."""
        return NamedSharding(self.mesh, PartitionSpec(AXIS))

    def find(self, array: Any) -> NamedSharding:
        """Return where a parameter lies, its gradient and its moments: split along the longest axis that divides."""
        divided = [axis for axis, size in enumerate(array.shape) if self.split and size % self.mesh.size == 0]
        longest = max(divided, key=lambda axis: (array.shape[axis], axis), default=None)
        axes = [AXIS if axis == longest else None for axis in range(array.ndim)]
        return NamedSharding(self.mesh, PartitionSpec(*(axes if divided else [])))

    def hold(self, tree: T) -> T:
        """Have a program leave the arrays of ``tree`` where they lie."""
        return jax.tree.map(lambda array: with_sharding_constraint(array, self.find(array)), tree)

    def share(self, array: Array) -> Array:
        """Have a program leave ``array`` on every device."""
        return with_sharding_constraint(array, self.whole)


def make_mesh(devices: Sequence[Any]) -> Mesh:
    """Return a mesh of ``devices`` with one axis."""
    return Mesh(np.array(devices), (AXIS,), axis_types=(AxisType.Auto,))


def spread(params: Any, dtype: DTypeLike, frozen: Any = (), batch: int = 0) -> Placement:
    """Return the placement of one replica on all devices of all processes: copies if one fits on a device, else parts.

    What a ``batch`` takes, in bytes, is shared by the devices either way. The process with the least free memory
    decides for all. Raise BadInput if not even a part fits.
    """
    devices, cpu = jax.devices(), jax.default_backend() == "cpu"
    free = free_memory() / (jax.local_device_count() if cpu else 1)  # CPUs share the machine's
    free = float(np.min(process_allgather(np.float32(free))))
    needed, each = replica_memory(params, dtype, frozen), batch / len(devices)
    split = len(devices) > 1 and needed + each > USABLE * free
    check_memory((needed / len(devices) if split else needed) + each, free, dtype)
    return Placement(make_mesh(devices), split)


def put(array: Any, where: Sharding) -> Array:
    """Return ``array`` on its devices; a process puts its own part of it there."""
    if where.is_fully_addressable:
        return jax.device_put(array, where)
    whole = np.asarray(array)
    return jax.make_array_from_callback(whole.shape, where, lambda part: whole[part])


def put_batch(batch: Batch, rows: NamedSharding) -> Batch:
    """Return ``batch`` on its devices, with rows of padding if they do not share its rows evenly."""
    if short := -len(batch.ids) % rows.mesh.size:
        more = pad([EMPTY] * short, batch.ids.shape[1], batch.columns.shape[1])
        batch = Batch(*(np.concatenate(both) for both in zip(batch, more, strict=True)))
    return Batch(*(put(array, rows) for array in batch))


def gather(array: Array) -> Any:
    """Return ``array`` as this process can read all of it; all processes must ask for it together."""
    return array if array.is_fully_addressable else process_allgather(array, tiled=True)


def collect(arrays: Iterable[Array]) -> list[Any]:
    """Return ``arrays`` as the first process can read them; the others help it, and keep none."""
    wholes = map(gather, arrays)
    if jax.process_index() == 0:
        return list(wholes)
    deque(wholes, maxlen=0)
    return []


def agree(*flags: bool) -> tuple[bool, ...]:
    """Return of each flag whether any process has raised it; all processes must ask together."""
    return flags if jax.process_count() == 1 else tuple(process_allgather(np.array(flags)).any(axis=0).tolist())


def assemble(
    graph: nnx.GraphDef, params: nnx.State, frozen: Sequence[nnx.State] = (), place: Placement | None = None
) -> Decoder:
    """Return the model; if its parameters are split, one that gathers each of its parts when it comes to it."""
    model = nnx.merge(graph, params, *frozen)
    if place and place.split:
        whole = partial(jax.tree.map, partial(make_whole, place))
        model.embed_tokens, model.norm, model.lm_head = map(whole, (model.embed_tokens, model.norm, model.lm_head))
        model.layers = Gathered(model.layers, whole)
    return model


def make_whole(place: Placement, array: Array) -> Array:
    """Return ``array`` whole on every device. Its gradient is added up where its part lies."""

    @jax.custom_vjp
    def call(array: Array) -> Array:
        return place.share(array)

    call.defvjp(lambda array: (place.share(array), None), lambda _, g: (place.hold(g),))
    return call(array)


class Gathered(nnx.Module):
    """The blocks of a model: each is gathered when it is reached, and once more for its gradient."""

    def __init__(self, blocks: nnx.Module, whole: Callable[[Any], Any]):
        self.blocks, self.whole = blocks, whole

    def __call__(self, *inputs: Any) -> Any:
        """Return what the block returns; everything is kept for the gradient but the gathered parameters."""
        kept = partial(jax.checkpoint, policy=lambda primitive, *_, **__: primitive.name != "sharding_constraint")
        return kept(lambda blocks, *inputs: self.whole(blocks)(*inputs))(self.blocks, *inputs)
