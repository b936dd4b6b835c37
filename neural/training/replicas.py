"""Many models in training as one program: replicas that differ in their examples and author weights alone.

Every array of a replica has a leading axis, "replica", which is spread over the devices: two replicas on two devices
take the time of one. Devices that are left over share the rows of a batch.
"""

from collections.abc import Callable, Sequence
from math import gcd
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jax.tree_util import PyTreeDef
from jax.typing import DTypeLike
from jaxtyping import Float

from neural.dialogue.authors import ASSISTANT_ONLY, AuthorWeights, evidence
from neural.training.batching import Batch
from neural.training.objective import loss_do, token_log_probs

Leaves = list[Array]  # the parameters without their tree: taking an nnx.State apart costs a millisecond a step


def device_mesh(replicas: int, rows: int) -> Mesh:
    """Return the devices on the axes "replica" and "row", as many on each as divide it evenly."""
    devices = jax.devices()
    each = gcd(replicas, len(devices))
    shared = gcd(rows, len(devices) // each)
    grid = np.array(devices[: each * shared]).reshape(each, shared)
    return Mesh(grid, ("replica", "row"), axis_types=(AxisType.Auto, AxisType.Auto))


def stack(params: nnx.State, n: int, dtype: DTypeLike = jnp.float32) -> nnx.State:
    """Return ``n`` copies of ``params`` as [n, …] in ``dtype``, spread over the devices."""

    def repeat(params: nnx.State) -> nnx.State:
        return jax.tree.map(lambda leaf: jnp.repeat(leaf[None].astype(dtype), n, axis=0), params)

    spread = NamedSharding(device_mesh(n, 1), PartitionSpec("replica"))
    return jax.jit(repeat, out_shardings=spread)(params)


def losses(
    params: nnx.State, graph: nnx.GraphDef, batch: Batch, weights: Float[Array, " authors"]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Return the loss of ``batch`` under ``weights``, and the loss of its agent tokens.

    The second is measured for every replica, and trained on only if the weights say so.
    """
    log_probs = token_log_probs(nnx.merge(graph, params), batch)
    own, agent = (loss_do(log_probs, evidence(batch.authors, which)) for which in (weights, ASSISTANT_ONLY))
    return own, agent


def _for_each(f: Callable) -> Callable:
    """Map ``f`` over the leading axis. One replica goes without it: XLA would copy parameters to keep an axis of 1."""

    def over(*args: Any) -> Any:
        if len(jax.tree.leaves(args)[0]) > 1:
            return jax.vmap(f)(*args)
        return jax.tree.map(lambda x: x[None], f(*jax.tree.map(lambda x: x[0], args)))

    return over


class State(NamedTuple):
    """What a step updates in place: the parameters, the optimizer's state, and the memory for gradients."""

    leaves: Leaves
    optimizer: Any
    gradients: Leaves


def begin(leaves: Leaves, optimizer: optax.GradientTransformation) -> State:
    """Return the state before the first step; it takes over ``leaves`` [replicas, …]."""

    def prepare(leaves: Leaves) -> tuple[Any, Leaves]:
        return optimizer.init(leaves), jax.tree.map(jnp.zeros_like, leaves)

    return State(leaves, *jax.jit(jax.vmap(prepare), out_shardings=leaves[0].sharding)(leaves))


def make_step(
    graph: nnx.GraphDef,
    tree: PyTreeDef,
    weights: Sequence[AuthorWeights],
    optimizer: optax.GradientTransformation,
    mesh: Mesh,
) -> Callable[[State, Batch], tuple[State, Float[Array, "replicas 2"]]]:
    """Return the step of all replicas: from state and batch [replicas, B, …] to the next state and both `losses`.

    A step is two programs, gradients and update, so the temporary memory of one is free while the other runs, which
    saves a quarter of the total. Gradients overwrite those of the previous step; allocating fresh memory would add half
    as much time again.
    """
    replica, row = (NamedSharding(mesh, PartitionSpec(*axes)) for axes in (("replica",), ("replica", "row")))
    values = jax.device_put(jnp.array(weights), replica)

    manual = {"replica"} if mesh.shape["row"] > 1 else {"replica", "row"}  # the compiler shares the rows, if any

    def spread(f: Callable, donate: tuple[int, ...]) -> Callable:
        mapped = jax.shard_map(f, mesh=mesh, in_specs=replica.spec, out_specs=replica.spec, axis_names=manual)
        return jax.jit(mapped, donate_argnums=donate, keep_unused=True)

    def learn(leaves: Leaves, batch: Batch, weights: Array) -> tuple[Array, Leaves]:
        params = jax.tree.unflatten(tree, leaves)
        both, grads = jax.value_and_grad(losses, has_aux=True)(params, graph, batch, weights)
        return jnp.stack([both[0], both[1]]), jax.tree.leaves(grads)

    def update(leaves: Leaves, state: Any, grads: Leaves) -> tuple[Leaves, Any]:
        updates, state = optimizer.update(grads, state, leaves)
        return optax.apply_updates(leaves, updates), state

    learn_all = spread(lambda leaves, batch, weights, before: _for_each(learn)(leaves, batch, weights), donate=(3,))
    update_all = spread(jax.vmap(update), donate=(0, 1))

    def step(state: State, batch: Batch) -> tuple[State, Array]:
        both, gradients = learn_all(state.leaves, jax.device_put(batch, row), values, state.gradients)
        leaves, moments = update_all(state.leaves, state.optimizer, gradients)
        return State(leaves, moments, gradients), both

    return step


def unstack(tree: PyTreeDef, leaves: Leaves) -> list[nnx.State]:
    """Return the parameters of each replica, on the host."""
    stacked = jax.tree.unflatten(tree, jax.device_get(leaves))
    return [jax.tree.map(lambda leaf, i=i: leaf[i], stacked) for i in range(len(leaves[0]))]
