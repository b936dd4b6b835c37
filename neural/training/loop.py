"""The loop: one step for each batch, each reported when it is finished."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import chain, islice
from typing import NamedTuple, TypeVar

import jax
import numpy as np
import optax
from flax import nnx
from jax import Array
from jax.sharding import NamedSharding, PartitionSpec
from jaxtyping import Float

from neural.dialogue.authors import AuthorWeights
from neural.errors import BadInput
from neural.training.batching import Batch, Replica, batches
from neural.training.config import PRECISIONS, TrainConfig
from neural.training.replicas import begin, device_mesh, make_step, stack, unstack
from neural.training.resources import replicas_at_once

Name = TypeVar("Name", bound=Hashable)


class Step(NamedTuple):
    """A step that is finished, for a callback.

    Attributes:
        done: the number of steps finished, from 1.
        total: the number of steps there will be.
        losses: the loss of each replica before this step, by name, in nats per token that counts.

    Example:
        >>> Step(done=1, total=4, losses={"standard": 3.0, "interventional": 2.0}).loss
        2.5
    """

    done: int
    total: int
    losses: dict[Hashable, float]

    @property
    def loss(self) -> float:
        """The mean loss over the replicas."""
        return float(np.mean([*self.losses.values()]))


class Trained(NamedTuple):
    """What became of a replica: its parameters, and at each step its loss and the loss of the agent's tokens."""

    params: nnx.State
    losses: Float[np.ndarray, " steps"]
    agent_losses: Float[np.ndarray, " steps"]


OnStep = Callable[[Step], object]
WhileTraining = Callable[[], AbstractContextManager[object]]


def fit(
    graph: nnx.GraphDef,
    params: nnx.State,
    weights: Mapping[Name, AuthorWeights],
    optimizer: optax.GradientTransformation,
    stream: Iterable[Batch],
    total: int,
    on_step: OnStep | None = None,
) -> dict[Name, Trained]:
    """Train the replicas named by the keys of ``weights`` on ``total`` batches [replicas, B, …] of ``stream``.

    Each begins with its part of ``params`` [replicas, …], which this function takes over. Gradients and the optimizer's
    state have the precision of ``params``.
    """
    stream = iter(stream)
    first = next(stream)
    mesh = device_mesh(*first.ids.shape[:2])
    leaves, tree = jax.tree.flatten(params)
    del params
    leaves = jax.device_put(leaves, NamedSharding(mesh, PartitionSpec("replica")))
    step = make_step(graph, tree, list(weights.values()), optimizer, mesh)
    state, history = begin(leaves, optimizer), list[np.ndarray]()
    del leaves

    def finish(losses: Array) -> None:
        history.append(_await(losses))
        if on_step:
            on_step(Step(len(history), total, dict(zip(weights, history[-1][:, 0].tolist(), strict=True))))

    for batch in chain([first], islice(stream, total - 1)):
        state, both = step(state, batch)
        finish(both)  # no step is queued while another runs: each holds memory of its own
    leaves = state.leaves
    del state  # gradients and moments go before the parameters are copied
    own, agent = np.stack(history).transpose(2, 1, 0)  # [2, replicas, steps]
    return {name: Trained(*each) for name, *each in zip(weights, unstack(tree, leaves), own, agent, strict=True)}


def _await(losses: Array) -> np.ndarray:
    """Wait for the losses of a step; raise BadInput if one is not finite."""
    values = np.asarray(losses)
    if not np.isfinite(values).all():
        raise BadInput("the loss is not a number: the parameters are damaged, or the learning rate is far too high")
    return values


def train(
    model: tuple[nnx.GraphDef, nnx.State],
    replicas: Mapping[Name, Replica],
    config: TrainConfig,
    on_step: OnStep | None = None,
    while_training: WhileTraining = nullcontext,
) -> Iterator[tuple[Name, Trained]]:
    """Train a copy of ``model`` for each replica, as many at a time as memory allows, and yield each when it is done.

    All replicas need the same number of examples. ``while_training`` makes a context that is entered for the steps.
    Raise BadInput if not even one replica fits into memory.
    """
    graph, params = model
    dtype, names = PRECISIONS[config.precision], list(replicas)
    at_once = replicas_at_once(params, dtype, len(names))
    for i in range(0, len(names), at_once):
        group = {name: replicas[name] for name in names[i : i + at_once]}
        weights = {name: replica.weights for name, replica in group.items()}
        stream = batches(list(group.values()), config.epochs)
        total = config.steps(len(group[names[i]].examples))
        with while_training():
            start = stack(params, len(group), dtype)
            trained = fit(graph, start, weights, config.optimizer(), stream, total, on_step)
        while trained:
            name = next(iter(trained))
            yield name, trained.pop(name)
