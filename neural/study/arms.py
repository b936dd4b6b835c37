"""The training of the arms: equal batches in equal order, different only in what counts as evidence.

A cell is one model in training: an arm, or an arm of one seed. All cells are one program. Each of their arrays has a
leading axis "cell", spread over the devices there are: two cells on two devices take the time of one.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from math import ceil, gcd
from statistics import median
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jax.tree_util import PyTreeDef
from jax.typing import DTypeLike
from tqdm import tqdm

from causal_agency.cli import BadInput
from neural.data.tokens import Batch, Tokens, batch, scored_columns
from neural.study.loss import AGENT_ONLY, Weights, evidence_of, loss_do, token_log_probs
from neural.study.machine import freed_memory_kept

Seed = tuple[int, ...]
Name = TypeVar("Name", bound=Hashable)

SHOWN = 20  # losses averaged on the progress bar


class Cell(NamedTuple):
    """What one model is trained on, and how."""

    rows: Sequence[Tokens]
    seed: Seed  # of the order; cells of one seed and the same rows read the same at every step
    weights: Weights


def dialogue_losses(params: nnx.State, graph: nnx.GraphDef, batch: Batch, weights: Array):
    """The mean loss of ``batch`` where each author's tokens count by ``weights``; that of the agent's tokens.

    The second is measured in every arm, and trained on only where the weights say so.
    """
    log_probs = token_log_probs(nnx.merge(graph, params), batch)
    trained, agents = (loss_do(log_probs, evidence_of(batch.authors, which)) for which in (weights, AGENT_ONLY))
    return trained, agents


def gradients(graph, params, batch, weights):
    """Both losses of one model [2], and the gradient of the first."""
    losses, grads = jax.value_and_grad(dialogue_losses, has_aux=True)(params, graph, batch, weights)
    return jnp.stack(losses), grads


def update(optimizer, params, opt_state, grads):
    """One model's parameters and optimizer state after a step."""
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state


def step(graph, optimizer, params, opt_state, batch, weights):
    """One optimizer step of one model: its new parameters and optimizer state, and both losses before the step [2]."""
    losses, grads = gradients(graph, params, batch, weights)
    return *update(optimizer, params, opt_state, grads), losses


def for_each(f: Callable) -> Callable:
    """``f`` over the leading axis. A single cell goes without it: XLA would copy weights to keep an axis of one."""

    def over(*args):
        if len(jax.tree.leaves(args)[0]) > 1:
            return jax.vmap(f)(*args)
        return jax.tree.map(lambda x: x[None], f(*jax.tree.map(lambda x: x[0], args)))

    return over


def cells_step(
    graph: nnx.GraphDef, tree: PyTreeDef, optimizer: optax.GradientTransformation, cells: NamedSharding
) -> Callable:
    """`step` for all cells: parameters, state, batch and weights of each. See `start` for the state.

    The parameters are the leaves of ``tree``: an `nnx.State` would be taken apart at every step, for a millisecond.
    Two programs, so that what one needs in passing is gone when the other runs: a quarter less memory. The gradients of
    a step are written where those of the step before were: fresh memory for them would take half as long again.
    """

    def spread(f, donate):
        mapped = jax.shard_map(f, mesh=cells.mesh, in_specs=cells.spec, out_specs=cells.spec)
        return jax.jit(mapped, donate_argnums=donate, keep_unused=True)

    def of_cell(leaves, batch, weights):
        losses, grads = gradients(graph, jax.tree.unflatten(tree, leaves), batch, weights)
        return losses, jax.tree.leaves(grads)

    learn = spread(lambda leaves, batch, weights, before: for_each(of_cell)(leaves, batch, weights), donate=3)
    descend = spread(jax.vmap(partial(update, optimizer)), donate=(0, 1))

    def advance(leaves, state, batch, weights):
        opt_state, grads = state
        losses, grads = learn(leaves, batch, weights, grads)
        leaves, opt_state = descend(leaves, opt_state, grads)
        return leaves, (opt_state, grads), losses

    return advance


def start(optimizer: optax.GradientTransformation, params):
    """What a step needs beside the parameters: the optimizer's state, and room for the gradients."""
    return optimizer.init(params), jax.tree.map(jnp.zeros_like, params)


def order(n: int, seed: Seed, epoch: int) -> np.ndarray:
    """The order of ``n`` dialogues in an epoch: a function of seed and epoch, so the same for all arms of one seed."""
    return np.random.default_rng((*seed, epoch)).permutation(n)


def buckets(rows: Sequence[Tokens]) -> dict[int, int]:
    """The median length and the longest, and how many tokens are scored at most in rows up to either; in eights.

    Few programs to compile, and little padding.
    """
    lengths = np.array([len(row.ids) for row in rows])
    sizes = np.array([len(scored_columns(row)) for row in rows])
    tops = sorted({8 * ceil(top / 8) for top in (median(lengths), max(lengths))})
    return {top: 8 * ceil(sizes[lengths <= top].max() / 8) for top in tops}


def batches(cells: Sequence[Cell], epochs: int) -> Iterator[Batch]:
    """One dialogue a cell and step, [cells, 1, …]; every epoch in an order of its own.

    All are padded to the first bucket that holds the longest of them.
    """
    sizes = buckets([row for cell in cells for row in cell.rows])
    for epoch in range(epochs):
        orders = [order(len(cell.rows), cell.seed, epoch) for cell in cells]
        for now in zip(*orders, strict=True):
            rows = [cell.rows[i] for cell, i in zip(cells, now, strict=True)]
            top = next(top for top in sizes if top >= max(len(row.ids) for row in rows))
            yield Batch(*(part[:, None] for part in batch(rows, top, sizes[top])))


def descend(advance: Callable, params, state, weights: Array, stream: tqdm, names: Iterable[object]):
    """Take a step for every batch of ``stream``, a progress bar that shows the mean of the last losses by name.

    Returns the last parameters, and both losses before every step: [steps, …, 2].
    """
    losses: list[Array] = []
    for now in stream:
        params, state, loss = advance(params, state, now, weights)
        losses.append(loss)
        if len(losses) % SHOWN == 0:
            recent = np.mean(finite(losses[-SHOWN:]), axis=0)[..., 0].reshape(-1)
            means = {str(name): f"{mean:.3f}" for name, mean in zip(names, recent, strict=True)}
            stream.set_postfix(means if len(means) <= 3 else {"loss": f"{np.mean(recent):.3f}"})
    return params, finite(losses)


def finite(losses: Sequence[Array]) -> np.ndarray:
    """``losses`` of some steps, stacked; BadInput where one is no number."""
    stacked = np.stack(losses)
    if not np.isfinite(stacked).all():
        raise BadInput("the loss is no number: the weights are damaged, or the learning rate is far too high")
    return stacked


def over_cells(n: int) -> NamedSharding:
    """Where arrays of ``n`` cells lie: spread over as many devices as divide them evenly."""
    devices = jax.devices()[: gcd(n, len(jax.devices()))]
    mesh = Mesh(np.array(devices), ("cell",), axis_types=(AxisType.Auto,))
    return NamedSharding(mesh, PartitionSpec("cell"))


def copies(base: nnx.State, n: int, dtype: DTypeLike = jnp.float32) -> nnx.State:
    """The parameters of ``n`` cells that all begin as ``base``, [n, …] of type ``dtype``."""

    def repeated(base):
        return jax.tree.map(lambda leaf: jnp.repeat(leaf[None].astype(dtype), n, axis=0), base)

    return jax.jit(repeated, out_shardings=over_cells(n))(base)


def train(
    graph: nnx.GraphDef,
    params: nnx.State,
    weights: Mapping[Name, Weights],
    optimizer: optax.GradientTransformation,
    stream: tqdm,
) -> tuple[dict[Name, nnx.State], dict[Name, np.ndarray]]:
    """Train every cell on its part of the batches of ``stream``, beginning with its part of ``params`` [cells, …].

    Gradients and the optimizer's state are of the type of ``params``, which are given up. Returns the parameters of
    every cell, and both of its losses [steps, 2].
    """
    spread = over_cells(len(weights))
    leaves, tree = jax.tree.flatten(params)
    del params
    state = jax.jit(jax.vmap(partial(start, optimizer)), out_shardings=spread)(leaves)
    values = jax.device_put(jnp.array(list(weights.values())), spread)
    advance = cells_step(graph, tree, optimizer, spread)
    with freed_memory_kept(leaves[0].dtype):
        leaves, losses = descend(advance, leaves, state, values, stream, weights)
    params = jax.tree.unflatten(tree, jax.device_get(leaves))
    trained = {name: jax.tree.map(lambda leaf, i=i: leaf[i], params) for i, name in enumerate(weights)}
    return trained, dict(zip(weights, losses.swapaxes(0, 1), strict=True))
