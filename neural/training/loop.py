"""The loop: one step for each batch, each reported when it is finished."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import jax
import numpy as np
from flax import nnx
from jax import Array
from jax.tree_util import PyTreeDef
from jaxtyping import Float

from neural.dialogue.authors import AuthorLosses, AuthorWeights
from neural.errors import BadInput, Diverged
from neural.training.activations import batch_memory, measure_widths
from neural.training.batching import Batch, Replica, batches, reading
from neural.training.checkpoints import AfterStep, Checkpoints, Saved
from neural.training.config import PRECISIONS, TrainConfig
from neural.training.held_out import OnHeldOut, held_out_batches, make_measure, to_measured, to_rows
from neural.training.placement import Placement, collect, gather
from neural.training.replicas import Leaves, State, begin, make_step, put_leaves, share_devices, take_leaves
from neural.training.resources import replicas_at_once

Name = TypeVar("Name", bound=Hashable)
SplitModel = tuple[nnx.GraphDef, nnx.State] | tuple[nnx.GraphDef, nnx.State, nnx.State]
"""The graph of a model, the parameters that are trained, and others if there are any that are not."""


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
TakeStep = Callable[..., tuple[State, Array]]
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


class Feed(NamedTuple):
    """What a replica reads: batches, whose tokens count as its author weights say, and those that are held out."""

    weights: AuthorWeights
    batches: Iterable[Batch]
    held_out: Sequence[Batch] = ()


@dataclass
class Running:
    """A replica so far: its state, both losses of every step, and what was measured on what is held out."""

    state: State
    losses: list[Float[np.ndarray, "2"]]
    measured: list[AuthorLosses]

    def take(self) -> Saved:
        """Return what is to be saved."""
        return Saved(collect(take_leaves(self.state)), np.array(self.losses), to_rows(self.measured))


def restore(state: State, saved: Saved | None) -> Running:
    """Return a replica that goes on from what was ``saved``, or begins in ``state``."""
    if saved is None:
        return Running(state, [], [])
    return Running(put_leaves(state, saved.leaves), list(saved.losses), to_measured(saved.held_out))


def fit(
    model: SplitModel,
    feeds: Mapping[Name, Feed],
    config: TrainConfig,
    total: int,
    hooks: Hooks = Hooks(),  # noqa: B008, it is immutable
    saved: Mapping[Name, Saved] = MappingProxyType({}),
    after_step: AfterStep | None = None,
    place: Placement | None = None,
) -> dict[Name, Trained]:
    """Train a copy of ``model`` for each of ``feeds``.

    There are ``total`` steps; each reads ``config.accumulate`` batches, or what is left of them. A replica that was
    ``saved`` goes on from there. ``after_step`` is called with the number of the step, the total, and a function that
    takes what is to be saved. What is held out is read before the first step, after every ``config.measure_every``
    steps, and after the last step. Of ``hooks``, ``on_step`` and ``on_held_out`` are called; `fit_together` sees to the
    others. Without a ``place`` for all replicas, each gets one device.

    Raise Diverged if a loss or a gradient is not finite, or BadInput if what was ``saved`` is of another model.
    """
    graph, params, *frozen = model
    tree, optimizer, dtype = jax.tree.structure(params), config.optimizer(total), PRECISIONS[config.precision]
    places = [place] * len(feeds) if place else share_devices(len(feeds))
    replicas = {
        name: restore(begin(params, feed.weights, optimizer, own, dtype, frozen), saved.get(name))
        for (name, feed), own in zip(feeds.items(), places, strict=True)
    }
    step, measure = make_step(graph, tree, optimizer, place), make_measure(graph, tree, place)

    def look(names: Iterable[Name], number: int) -> None:
        if number % config.measure_every and number != total:
            return
        for name in [name for name in names if feeds[name].held_out]:
            replicas[name].measured.append(measure(replicas[name].state, feeds[name].held_out, number))
            if hooks.on_held_out:
                hooks.on_held_out(name, replicas[name].measured[-1])

    look([name for name in feeds if name not in saved], 0)
    for number, read in enumerate(islice(bundle(feeds, config.accumulate), total), 1):
        behind = [name for name in feeds if len(replicas[name].losses) < number]
        if not behind:
            continue
        advance(step, {name: replicas[name] for name in behind}, read, number)
        if hooks.on_step:
            hooks.on_step(Step(number, total, {name: float(replicas[name].losses[number - 1][0]) for name in feeds}))
        look(behind, number)
        if after_step:
            after_step(number, total, partial(take, replicas, behind))
    ends = {name: (each.state.leaves, each.losses, each.measured) for name, each in replicas.items()}
    replicas.clear()  # gradients and moments go before the parameters are copied
    return {name: finish(tree, *end) for name, end in ends.items()}


def bundle(feeds: Mapping[Name, Feed], size: int) -> Iterator[dict[Name, list[Batch]]]:
    """Yield what each step reads: ``size`` batches for each feed, fewer at its end, until one has none left."""
    streams = {name: iter(feed.batches) for name, feed in feeds.items()}
    while all((step := {name: list(islice(stream, size)) for name, stream in streams.items()}).values()):
        yield step


def advance(
    step: TakeStep, replicas: Mapping[Name, Running], read: Mapping[Name, Sequence[Batch]], number: int
) -> None:
    """Take step ``number`` of all ``replicas``: each is queued on its device before the first is awaited."""
    stepped = {name: step(replica.state, *read[name]) for name, replica in replicas.items()}
    for name, (state, losses) in stepped.items():
        replicas[name].state = state
        replicas[name].losses.append(_await(losses, name, number))


def _await(losses: Array, name: Hashable, number: int) -> Float[np.ndarray, "2"]:
    """Wait for the losses of step ``number``; raise Diverged if one is not finite.

    The next step is queued only after this one: each holds memory of its own.
    """
    values = np.asarray(losses)
    if not np.isfinite(values).all():
        raise Diverged(name, number)
    return values


def take(replicas: Mapping[Name, Running], names: Iterable[Name]) -> dict[Name, Saved]:
    """Return what is to be saved of the replicas of these names."""
    return {name: replicas[name].take() for name in names}


def finish(tree: PyTreeDef, leaves: Leaves, losses: Sequence[np.ndarray], measured: Sequence[AuthorLosses]) -> Trained:
    """Return what became of a replica."""
    params = jax.tree.unflatten(tree, jax.device_get([*map(gather, leaves)]))
    own_losses, agent_losses = np.array(losses).T
    return Trained(params, own_losses, agent_losses, tuple(measured))


def find_reading(replica: Replica, config: TrainConfig, step: int) -> str:
    """Return which dialogues ``replica`` reads at a step, counted from 1."""
    read = next(islice(reading(replica, config.epochs, config.batch_size), step - 1, None))
    numbers = ", ".join(str(i + 1) for i in read)
    return f"dialogue{'s' * (len(read) > 1)} {numbers} of {len(replica.examples)}"


def count_at_once(model: SplitModel, replicas: Mapping[Name, Replica], config: TrainConfig) -> int:
    """Return how many of ``replicas`` to train together; raise BadInput if not even one fits into memory."""
    graph, params, *frozen = model
    widths = measure_widths(nnx.merge(graph, params, *frozen))
    batch = max((batch_memory(widths, replica.examples, config) for replica in replicas.values()), default=0)
    return replicas_at_once(params, PRECISIONS[config.precision], len(replicas), frozen, batch)


def make_feed(replica: Replica, config: TrainConfig) -> Feed:
    """Return what ``replica`` reads: batches that are made as they are read."""
    stream = batches(replica, config.epochs, config.batch_size, config.accumulate)
    return Feed(replica.weights, stream, held_out_batches(replica.held_out, config.batch_size // config.accumulate))


def fit_together(
    model: SplitModel, replicas: Mapping[Name, Replica], config: TrainConfig, hooks: Hooks, place: Placement | None
) -> dict[Name, Trained]:
    """`fit` replicas side by side, from their checkpoints if they have any; errors name the dialogue that was read."""
    feeds = {name: make_feed(replica, config) for name, replica in replicas.items()}
    total = config.steps(min(len(replica.examples) for replica in replicas.values()))
    saved, after_step = hooks.checkpoints.resume(replicas, config) if hooks.checkpoints else ({}, None)
    with hooks.while_training():
        try:
            return fit(model, feeds, config, total, hooks, saved, after_step, place)
        except Diverged as problem:
            reads = find_reading(replicas[problem.name], config, problem.step)
            raise Diverged(problem.name, problem.step, f", {reads}") from None


def train(
    model: SplitModel,
    replicas: Mapping[Name, Replica],
    config: TrainConfig,
    hooks: Hooks = Hooks(),  # noqa: B008, it is immutable
    place: Placement | None = None,
) -> Iterator[tuple[Name, Trained]]:
    """Train a copy of ``model`` for each replica, as many at a time as memory allows, and yield each when it is done.

    At a ``place`` there is one at a time, and whoever gives it has looked at the memory.

    Raise BadInput if the replicas have different numbers of examples or not even one fits into memory, Diverged if a
    loss or a gradient is not finite, or Stopped if the checkpoints of ``hooks`` are told to stop.
    """
    if len({len(replica.examples) for replica in replicas.values()}) > 1:
        raise BadInput("all replicas need the same number of examples")
    names = list(replicas)
    at_once = 1 if place else count_at_once(model, replicas, config)
    for i in range(0, len(names), at_once):
        trained = fit_together(model, {name: replicas[name] for name in names[i : i + at_once]}, config, hooks, place)
        while trained:
            name = next(iter(trained))
            yield name, trained.pop(name)
