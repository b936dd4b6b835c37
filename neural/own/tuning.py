"""Fine-tune a model on your own logs, each arm on the same transcripts in the same order, and measure each."""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import replace

import jax
from flax import nnx

from neural.dialogue.render import Example, find_supervised
from neural.model.checkpoint import Checkpoint
from neural.model.lora import choose, merge
from neural.own.comparison import look, make_probes
from neural.own.result import Model
from neural.paper.arms import arm_weights
from neural.paper.facts import Fact
from neural.training.batching import Replica
from neural.training.config import TrainConfig
from neural.training.loop import Hooks, train
from neural.training.placement import Placement


def tune(
    checkpoint: Checkpoint,
    examples: Sequence[Example],
    held_out: Sequence[Example],
    arms: Sequence[str],
    config: TrainConfig,
    on_arm: Callable[[str, Checkpoint], object],
    facts: Sequence[Fact] = (),
    results: MutableMapping[str, Model] | None = None,
    hooks: Hooks = Hooks(),  # noqa: B008, it is immutable
    place: Placement | None = None,
) -> dict[str, Model]:
    """Train a copy of ``checkpoint`` for each arm, and return what is measured of the base and of every arm.

    ``on_arm`` receives every trained arm. Each result is put into ``results`` as soon as it is there, and what is there
    already is not computed again. If ``hooks`` ask for it, what is held out is also measured during training. At a
    ``place``, one arm is trained after the other.
    """
    results = {} if results is None else results
    graph, base = nnx.split(checkpoint.model, nnx.Param)
    probes = make_probes(checkpoint, facts)

    shown = held_out or examples
    if "base" not in results:
        results["base"] = look(graph, base, shown, probes)
    if place and place.split:  # the devices have no room for a copy that is not in training
        base = jax.device_get(base)
        nnx.update(checkpoint.model, base)
    left = [arm for arm in arms if arm not in results]
    aside = held_out if hooks.on_held_out else ()
    replicas = {arm: Replica(examples, arm_weights(arm), (config.seed,), aside) for arm in left}
    chosen, params, *frozen = choose(checkpoint.model, config.lora, config.seed)
    learner = chosen, params, *frozen
    for arm, trained in train(learner, replicas, config, hooks, place):
        model = nnx.merge(chosen, trained.params, *frozen)
        on_arm(arm, Checkpoint(model, checkpoint.config, checkpoint.tokenizer, trained.losses))
        results[arm] = replace(
            look(graph, nnx.state(merge(model), nnx.Param), shown, probes),
            losses=tuple(trained.losses.tolist()),
            agent_losses=tuple(trained.agent_losses.tolist()),
            supervised_tokens=sum(int(find_supervised(example, arm_weights(arm)).sum()) for example in examples),
        )
        if hooks.checkpoints:
            hooks.checkpoints.drop(arm)
        del model, trained  # not to be held while the next is trained
    return {name: results[name] for name in ("base", *arms)}
