"""The loop: one step for each batch, each reported when it is finished."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from itertools import chain, islice
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from jax.typing import DTypeLike
from jaxtyping import Float

from neural.dialogue.authors import AuthorLosses, AuthorWeights
from neural.errors import BadInput, Diverged
from neural.training.activations import batch_memory, measure_widths
from neural.training.batching import Batch, Replica, batches, reading
from neural.training.checkpoints import AfterStep, Checkpoints, Saved
from neural.training.config import PRECISIONS, TrainConfig
from neural.training.held_out import HeldOut, OnHeldOut, held_out_batches, make_measure, to_measured, to_rows
from neural.training.placement import Placement, collect, gather
from neural.training.replicas import begin, make_step, put_leaves, share_devices, take_leaves
from neural.training.resources import replicas_at_once

Name = TypeVar("Name", bound=Hashable)


class Step(NamedTuple):
    """A step of training (section 5.4) that is finished, for a callback.

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
    """What became of a replica: its parameters, at each step its loss and the loss of the agent's tokens, and what was
    measured on what is held out.
    """

    params: nnx.State
    losses: Float[np.ndarray, " steps"]
    agent_losses: Float[np.ndarray, " steps"]
    held_out: tuple[AuthorLosses, ...] = ()


OnStep = Callable[[Step], object]
WhileTraining = Callable[[], AbstractContextManager[object]]


class Hooks(NamedTuple):
    """What `train` calls while it trains.

    Attributes:
        on_step: called with each step that is finished.
        on_held_out: called with a replica's name and its `AuthorLosses` after each measurement of what is held out.
        while_training: makes a context that is entered for the steps.
        checkpoints: where replicas are saved and go on from.
    """

    on_step: OnStep | None = None
    on_held_out: OnHeldOut | None = None
    while_training: WhileTraining = nullcontext
    checkpoints: Checkpoints | None = None


def fit(
    graph: nnx.GraphDef,
    params: nnx.State,
    weights: Mapping[Name, AuthorWeights],
    optimizer: optax.GradientTransformation,
    streams: Mapping[Name, Iterable[Batch]],
    total: int,
    on_step: OnStep | None = None,
    dtype: DTypeLike = jnp.float32,
    saved: Mapping[Name, Saved] = MappingProxyType({}),
    after_step: AfterStep | None = None,
    accumulate: int = 1,
    frozen: Sequence[nnx.State] = (),
    held_out: HeldOut = HeldOut(),  # noqa: B008, it is immutable
    place: Placement | None = None,
) -> dict[Name, Trained]:
    """Train a copy of ``params`` for each of ``weights``, on the stream of the same name.

    There are ``total`` steps; each reads ``accumulate`` batches, or what is left of them. Parameters, gradients and the
    optimizer's state are in ``dtype``. A replica that was ``saved`` goes on from there.
    ``after_step`` is called with the number of the step, the total, and a function that takes what is to be saved. What
    is ``frozen`` belongs to the model and is not trained. What is ``held_out`` is read before the first step, after
    every so many, and after the last. Without a ``place`` for all replicas, each gets one device.
    """
    steps = islice(zip(*(bundle(streams[name], accumulate) for name in weights), strict=False), total)
    first = next(steps)
    places = [place] * len(first) if place else share_devices(len(first))
    pairs = zip(weights, places, strict=True)
    states = {name: begin(params, weights[name], optimizer, own, dtype, frozen) for name, own in pairs}
    states |= {name: put_leaves(states[name], each.leaves) for name, each in saved.items()}
    history = {name: list(saved[name].losses) if name in saved else [] for name in weights}
    tree = jax.tree.structure(params)
    measured = {name: to_measured(saved[name].held_out) if name in saved else [] for name in weights}
    step, measure = make_step(graph, tree, optimizer, place), make_measure(graph, tree, place)

    def look(names: list[Name], number: int) -> None:
        due = number % held_out.every == 0 or number == total
        for name in [name for name in names if due and name in held_out.batches]:
            measured[name].append(measure(states[name], held_out.batches[name], number))
            if held_out.report:
                held_out.report(name, measured[name][-1])

    def take(names: list[Name]) -> dict[Name, Saved]:
        return {
            name: Saved(collect(take_leaves(states[name])), np.array(history[name]), to_rows(measured[name]))
            for name in names
        }

    look([name for name in weights if name not in saved], 0)
    for number, read in enumerate(chain([first], steps), 1):
        behind = [name for name in weights if len(history[name]) < number]
        parts = zip(weights, read, strict=True)
        stepped = {name: step(states[name], *batches) for name, batches in parts if name in behind}
        for name, (state, losses) in stepped.items():
            states[name] = state
            history[name].append(_await(losses, name, number))
        if on_step and behind:
            on_step(Step(number, total, {name: float(history[name][number - 1][0]) for name in weights}))
        look(behind, number)
        if after_step and behind:
            after_step(number, total, partial(take, behind))
    leaves = {name: states.pop(name).leaves for name in weights}  # gradients and moments go before these are copied
    return {
        name: finish(jax.tree.unflatten(tree, jax.device_get([*map(gather, each)])), history[name], measured[name])
        for name, each in leaves.items()
    }


def finish(params: nnx.State, history: Sequence[np.ndarray], measured: Sequence[AuthorLosses]) -> Trained:
    """Return what became of a replica, whose ``history`` has both losses of every step."""
    losses, agent_losses = np.array(history).T
    return Trained(params, losses, agent_losses, tuple(measured))


def bundle(stream: Iterable[Batch], size: int) -> Iterator[list[Batch]]:
    """Yield the batches of ``stream``, ``size`` at a time; the last may be fewer."""
    batches = iter(stream)
    while several := list(islice(batches, size)):
        yield several


def _await(losses: Array, name: Name, number: int) -> Float[np.ndarray, "2"]:
    """Wait for the losses of step ``number``; raise Diverged if one is not finite.

    No step is queued while another runs: each holds memory of its own.
    """
    values = np.asarray(losses)
    if not np.isfinite(values).all():
        raise Diverged(name, number)
    return values


def find_reading(replica: Replica, config: TrainConfig, step: int) -> str:
    """Return which dialogues ``replica`` reads at a step, counted from 1."""
    read = next(islice(reading(replica, config.epochs, config.batch_size), step - 1, None))
    numbers = ", ".join(str(i + 1) for i in read)
    return f"dialogue{'s' * (len(read) > 1)} {numbers} of {len(replica.examples)}"


def count_at_once(
    model: tuple[nnx.GraphDef, nnx.State] | tuple[nnx.GraphDef, nnx.State, nnx.State],
    replicas: Mapping[Name, Replica],
    config: TrainConfig,
) -> int:
    """Return how many of ``replicas`` to train together; raise BadInput if not even one fits into memory."""
    graph, params, *frozen = model
    widths = measure_widths(nnx.merge(graph, params, *frozen))
    batch = max((batch_memory(widths, replica.examples, config) for replica in replicas.values()), default=0)
    return replicas_at_once(params, PRECISIONS[config.precision], len(replicas), frozen, batch)


def train(
    model: tuple[nnx.GraphDef, nnx.State] | tuple[nnx.GraphDef, nnx.State, nnx.State],
    replicas: Mapping[Name, Replica],
    config: TrainConfig,
    hooks: Hooks = Hooks(),  # noqa: B008, it is immutable
    place: Placement | None = None,
) -> Iterator[tuple[Name, Trained]]:
    """Train a copy of ``model`` for each replica, as many at a time as memory allows, and yield each when it is done.

    At a ``place`` there is one at a time, and whoever gives it has looked at the memory.

    ``model`` is its graph, its trained parameters, and others if there are any that are not trained. Raise BadInput if
    the replicas have different numbers of examples or not even one fits into memory, Diverged if a loss or a gradient
    is not finite, or Stopped if the checkpoints of ``hooks`` are told to stop.
    """
    if len({len(replica.examples) for replica in replicas.values()}) > 1:
        raise BadInput("all replicas need the same number of examples")
    graph, params, *frozen = model
    dtype, names = PRECISIONS[config.precision], list(replicas)
    at_once = 1 if place else count_at_once(model, replicas, config)
    for i in range(0, len(names), at_once):
        group = {name: replicas[name] for name in names[i : i + at_once]}
        weights = {name: replica.weights for name, replica in group.items()}
        shape = config.epochs, config.batch_size, config.accumulate
        streams = {name: batches(replica, *shape) for name, replica in group.items()}
        total = config.steps(len(group[names[i]].examples))
        rows = config.batch_size // config.accumulate
        aside: dict[Any, Sequence[Batch]] = {
            name: held_out_batches(replica.held_out, rows) for name, replica in group.items() if replica.held_out
        }
        saved, after_step = hooks.checkpoints.resume(group, config) if hooks.checkpoints else ({}, None)
        with hooks.while_training():
            try:
                optimizer = config.optimizer(total)
                trained = fit(
                    graph, params, weights, optimizer, streams, total, hooks.on_step, dtype, saved, after_step,
                    config.accumulate, frozen, HeldOut(aside, config.measure_every, hooks.on_held_out), place,
                )  # fmt: skip
            except Diverged as problem:
                reads = find_reading(group[problem.name], config, problem.step)
                raise Diverged(problem.name, problem.step, f", {reads}") from None
        while trained:
            name = next(iter(trained))
            yield name, trained.pop(name)
