"""The loop: one step for each batch, each reported when it is finished."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import chain, islice
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from neural.dialogue.authors import AuthorWeights
from neural.errors import BadInput, Diverged
from neural.training.batching import Batch, Replica, batches, reading
from neural.training.config import PRECISIONS, TrainConfig
from neural.training.replicas import begin, make_step, share_devices
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
    streams: Mapping[Name, Iterable[Batch]],
    total: int,
    on_step: OnStep | None = None,
    dtype: DTypeLike = jnp.float32,
) -> dict[Name, Trained]:
    """Train a copy of ``params`` for each of ``weights``, on ``total`` batches of the stream of the same name.

    Parameters, gradients and the optimizer's state are in ``dtype``.
    """
    steps = islice(zip(*(streams[name] for name in weights), strict=False), total)
    first = next(steps)
    meshes = share_devices(len(first), len(first[0].ids))
    states = [begin(params, each, optimizer, mesh, dtype) for each, mesh in zip(weights.values(), meshes, strict=True)]
    tree, history = jax.tree.structure(params), list[np.ndarray]()
    step = make_step(graph, tree, optimizer)
    for each in chain([first], steps):
        states, losses = map(list, zip(*map(step, states, each), strict=True))
        history.append(_await(losses, list(weights), len(history) + 1))
        if on_step:
            on_step(Step(len(history), total, dict(zip(weights, history[-1][:, 0].tolist(), strict=True))))
    leaves = [state.leaves for state in states]
    del states  # gradients and moments go before the parameters are copied
    trained = (jax.tree.unflatten(tree, jax.device_get(each)) for each in leaves)
    own, agent = np.stack(history).transpose(2, 1, 0)  # [2, replicas, steps]
    return {name: Trained(*each) for name, *each in zip(weights, trained, own, agent, strict=True)}


def _await(losses: Sequence[Array], names: Sequence[Name], number: int) -> Float[np.ndarray, "replicas 2"]:
    """Wait for the losses of step ``number``; raise Diverged if one is not finite.

    No step is queued while another runs: each holds memory of its own.
    """
    values = np.stack([np.asarray(each) for each in losses])
    for name, finite in zip(names, np.isfinite(values).all(axis=1), strict=True):
        if not finite:
            raise Diverged(name, number)
    return values


def train(
    model: tuple[nnx.GraphDef, nnx.State],
    replicas: Mapping[Name, Replica],
    config: TrainConfig,
    on_step: OnStep | None = None,
    while_training: WhileTraining = nullcontext,
) -> Iterator[tuple[Name, Trained]]:
    """Train a copy of ``model`` for each replica, as many at a time as memory allows, and yield each when it is done.

    ``while_training`` makes a context that is entered for the steps. Raise BadInput if the replicas have different
    numbers of examples or not even one fits into memory, or Diverged if a loss or a gradient is not finite.
    """
    if len({len(replica.examples) for replica in replicas.values()}) > 1:
        raise BadInput("all replicas need the same number of examples")
    graph, params = model
    dtype, names = PRECISIONS[config.precision], list(replicas)
    at_once = replicas_at_once(params, dtype, len(names))
    for i in range(0, len(names), at_once):
        group = {name: replicas[name] for name in names[i : i + at_once]}
        weights = {name: replica.weights for name, replica in group.items()}
        streams = {name: batches(replica, config.epochs) for name, replica in group.items()}
        total = config.steps(len(group[names[i]].examples))
        with while_training():
            try:
                trained = fit(graph, params, weights, config.optimizer(), streams, total, on_step, dtype)
            except Diverged as problem:
                examples = group[problem.name].examples
                read = next(islice(reading(group[problem.name], config.epochs), problem.step - 1, None))
                raise Diverged(problem.name, problem.step, f", dialogue {read + 1} of {len(examples)}") from None
        while trained:
            name = next(iter(trained))
            yield name, trained.pop(name)
