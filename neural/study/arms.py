"""The training of the arms: equal batches in equal order, different only in what counts as evidence.

The arms are one program. Each array of theirs has a leading axis "arm", spread over the devices there are: two arms on
two devices take the time of one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, gcd
from statistics import median

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jax.typing import DTypeLike
from tqdm import tqdm

from neural.data.tokens import Tokens, padded
from neural.study.loss import AGENT_ONLY, Weights, evidence_of, loss_do, token_log_probs

Seed = tuple[int, ...]

SHOWN = 20  # losses averaged on the progress bar


@dataclass(frozen=True)
class Recipe:
    """The data and the optimizer of the experiment (paper, sections 5.2 and 5.3)."""

    learning_rate: float
    dialogues: int = 480
    p_lie: float = 0.6
    epochs: int = 4
    clip: float = 1.0  # of the gradient's global norm
    weight_decay: float = 0.01

    @property
    def steps(self) -> int:
        """One dialogue a step."""
        return self.dialogues * self.epochs

    def optimizer(self) -> optax.GradientTransformation:
        """AdamW at a constant rate, behind a clipped gradient."""
        adamw = optax.adamw(self.learning_rate, weight_decay=self.weight_decay)
        return optax.chain(optax.clip_by_global_norm(self.clip), adamw)


def dialogue_losses(params: nnx.State, graph: nnx.GraphDef, ids: Array, authors: Array, weights: Array):
    """The mean loss of ``ids`` [B, T] where each author's tokens count by ``weights``; that of the agent's tokens.

    The second is measured in every arm, and trained on only where the weights say so.
    """
    log_probs = token_log_probs(nnx.merge(graph, params), ids)
    trained, agents = (loss_do(log_probs, evidence_of(authors, which)) for which in (weights, AGENT_ONLY))
    return trained, agents


def step(graph, optimizer, params, opt_state, ids, authors, weights):
    """One optimizer step of one model: its new parameters and optimizer state, and both losses before the step [2]."""
    objective = jax.value_and_grad(dialogue_losses, has_aux=True)
    losses, grads = objective(params, graph, ids, authors, weights)
    updates, opt_state = optimizer.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, jnp.stack(losses)


def arms_step(graph: nnx.GraphDef, optimizer: optax.GradientTransformation, mesh: Mesh) -> Callable:
    """`step` for all arms: parameters, optimizer state and weights of each arm, one batch for all of them."""
    arm, shared = PartitionSpec("arm"), PartitionSpec()
    every = jax.vmap(partial(step, graph, optimizer), in_axes=(0, 0, None, None, 0))
    spread = jax.shard_map(every, mesh=mesh, in_specs=(arm, arm, shared, shared, arm), out_specs=arm)
    return jax.jit(spread, donate_argnums=(0, 1))


def order(n: int, seed: Seed, epoch: int) -> np.ndarray:
    """The order of ``n`` dialogues in an epoch: a function of seed and epoch, so the same for all arms of one seed."""
    return np.random.default_rng((*seed, epoch)).permutation(n)


def bucket_lengths(rows: Sequence[Tokens]) -> list[int]:
    """The median length and the longest, each up to a multiple of 8: few programs to compile, little padding."""
    lengths = [len(row.ids) for row in rows]
    return sorted({8 * ceil(length / 8) for length in (median(lengths), max(lengths))})


def batches(rows: Sequence[Tokens], epochs: int, seed: Seed) -> Iterator[Tokens]:
    """One dialogue a batch, every epoch in an order of its own, each padded to the first bucket that holds it."""
    buckets = bucket_lengths(rows)
    for epoch in range(epochs):
        for i in order(len(rows), seed, epoch):
            yield padded([rows[i]], next(length for length in buckets if length >= len(rows[i].ids)))


def descend(advance: Callable, params, opt_state, weights: Array, stream: tqdm, names: Iterable[str]):
    """Take a step for every batch of ``stream``, a progress bar that shows the mean of the last losses by name.

    Returns the last parameters, and both losses before every step: [steps, …, 2].
    """
    losses: list[Array] = []
    for batch in stream:
        params, opt_state, loss = advance(params, opt_state, *batch, weights)
        losses.append(loss)
        if len(losses) % SHOWN == 0:
            recent = np.mean(losses[-SHOWN:], axis=0)[..., 0].reshape(-1)
            stream.set_postfix({name: f"{mean:.3f}" for name, mean in zip(names, recent, strict=True)})
    return params, np.stack(losses)


def train(
    graph: nnx.GraphDef,
    base: nnx.State,
    arms: Mapping[str, Weights],
    optimizer: optax.GradientTransformation,
    stream: tqdm,
    dtype: DTypeLike = jnp.float32,
) -> tuple[dict[str, nnx.State], dict[str, np.ndarray]]:
    """Fine-tune a copy of ``base`` for every arm on the batches of ``stream``.

    Weights, gradients and the optimizer's state are of type ``dtype``. Returns the parameters of every arm, and both of
    its losses [steps, 2].
    """
    devices = jax.devices()[: gcd(len(arms), len(jax.devices()))]
    mesh = Mesh(np.array(devices), ("arm",), axis_types=(AxisType.Auto,))
    spread = NamedSharding(mesh, PartitionSpec("arm"))

    def copies(base):
        params = jax.tree.map(lambda leaf: jnp.repeat(leaf[None].astype(dtype), len(arms), axis=0), base)
        return params, jax.vmap(optimizer.init)(params)

    params, opt_state = jax.jit(copies, out_shardings=spread)(base)
    weights = jax.device_put(jnp.array(list(arms.values())), spread)
    params, losses = descend(arms_step(graph, optimizer, mesh), params, opt_state, weights, stream, arms)
    params = jax.device_get(params)
    trained = {name: jax.tree.map(lambda leaf, i=i: leaf[i], params) for i, name in enumerate(arms)}
    return trained, dict(zip(arms, losses.swapaxes(0, 1), strict=True))
