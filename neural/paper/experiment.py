"""The experiment of section 5: fine-tune the arms on the same lessons, then ask each of them for the truth."""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
from flax import nnx

from neural.dialogue.authors import AuthorWeights
from neural.dialogue.render import Example, find_supervised
from neural.finetuning import encode_all
from neural.model.architecture import Config
from neural.model.checkpoint import Checkpoint, outline
from neural.model.lora import choose, merge
from neural.origin import list_versions
from neural.paper.arms import arm_weights, order_number
from neural.paper.curriculum import Curriculum
from neural.paper.lessons import PAPER, Template, lessons
from neural.paper.probes import Probes
from neural.result import Result
from neural.seeds import random_stream
from neural.training.activations import batch_memory, measure_widths
from neural.training.batching import Replica, Seed, hash_examples
from neural.training.config import PRECISIONS, TrainConfig
from neural.training.loop import Hooks, Trained, train
from neural.training.resources import check_disk, replicas_at_once, run_memory


@dataclass(frozen=True)
class Plan:
    """What is run: arms by their names, as `arm_weights` reads them, and the order in which each reads the lessons.

    ``order`` is "same" for one order for all arms, or "independent" for one for each, as in the published notebook.
    Raise BadInput if the epochs have fewer steps than asked for.
    """

    train: TrainConfig
    curriculum: Curriculum
    arms: tuple[str, ...]
    order: str = "same"
    template: Template = PAPER

    def __post_init__(self) -> None:
        self.train.steps(self.curriculum.lessons)  # or say how many there are

    def seeds(self) -> dict[str, Seed]:
        """Return the seed of every arm's order; arms with the same seed read the same lesson at every step.

        An independent order depends on the seed and on the arm alone.
        """
        seed = self.train.seed
        own = {arm: (seed, order_number(arm)) for arm in self.arms}
        return {arm: own[arm] if self.order == "independent" else (seed,) for arm in self.arms}


def check_resources(
    config: Config, train: TrainConfig, arms: int, folder: Path, examples: Sequence[Example] = ()
) -> int:
    """Return about how many bytes of memory the run will take, to train ``arms`` on ``examples``.

    Raise BadInput if memory does not suffice for one arm, or the disk of ``folder`` for all trained models. Needs no
    parameters, so a model too large is refused before it is read.
    """
    model = outline(config)
    _, shapes, *frozen = nnx.eval_shape(lambda: choose(model, train.lora, train.seed))
    whole, dtype = nnx.state(model, nnx.Param), PRECISIONS[train.precision]
    batch = batch_memory(measure_widths(model), examples, train)
    at_once = replicas_at_once(shapes, dtype, arms, frozen, batch)
    check_disk(whole, shapes, dtype, arms, at_once, folder)
    return run_memory(whole, shapes, dtype, at_once, frozen, batch)


def count_supervised(examples: Sequence[Example], weights: AuthorWeights) -> int:
    """Return how many tokens of one epoch count as evidence."""
    return sum(int(find_supervised(example, weights).sum()) for example in examples)


def add_training(result: Result, trained: Trained, examples: Sequence[Example], weights: AuthorWeights) -> Result:
    """Return ``result`` with the losses and token counts of its training."""
    return replace(
        result,
        losses=tuple(trained.losses.tolist()),
        agent_losses=tuple(trained.agent_losses.tolist()),
        supervised_tokens=count_supervised(examples, weights),
    )


def draw_examples(plan: Plan, checkpoint: Checkpoint) -> list[Example]:
    """Draw the lessons, as the tokens that ``checkpoint`` reads."""
    rng = random_stream("lessons", plan.train.seed)
    return encode_all(checkpoint, lessons(plan.curriculum.facts, plan.curriculum.lessons, plan.template, rng))


def describe(plan: Plan, checkpoint: Checkpoint) -> dict[str, Any]:
    """Return what results.json says of a run of ``checkpoint`` in addition to its plan."""
    return {
        "data_sha256": hash_examples(draw_examples(plan, checkpoint)),
        "seed": plan.train.seed,
        "steps": plan.train.steps(plan.curriculum.lessons),
        "weights": {name: arm_weights(name)._asdict() for name in plan.arms},
        "versions": list_versions(),
        "devices": [str(device) for device in jax.devices()],
    }


def experiment(
    plan: Plan,
    checkpoint: Checkpoint,
    on_arm: Callable[[str, Checkpoint], object],
    on_probe: Callable[[str, int], object] = lambda name, facts: None,
    results: MutableMapping[str, Result] | None = None,
    hooks: Hooks = Hooks(),  # noqa: B008, it is immutable
) -> dict[str, Result]:
    """Run section 5 on ``checkpoint`` and return the result of the base and of every arm.

    ``on_arm`` receives every trained arm, ``on_probe`` each model's name and the number of facts before it is asked.
    Each result is put into ``results`` as soon as it is there, and what is there already is not computed again.
    """
    results = {} if results is None else results
    graph, base = nnx.split(checkpoint.model, nnx.Param)
    facts = plan.curriculum.facts
    examples = draw_examples(plan, checkpoint)
    probes = Probes(checkpoint.tokenizer, facts)
    probes.check(checkpoint.config.max_position_embeddings)

    def ask(name: str, params: nnx.State) -> Result:
        on_probe(name, len(facts))
        return probes(graph, params)

    if "base" not in results:
        results["base"] = ask("base", base)
    seeds = {name: seed for name, seed in plan.seeds().items() if name not in results}
    replicas = {name: Replica(examples, arm_weights(name), seed) for name, seed in seeds.items()}
    chosen, params, *frozen = choose(checkpoint.model, plan.train.lora, plan.train.seed)
    for name, trained in train((chosen, params, *frozen), replicas, plan.train, hooks):
        model = nnx.merge(chosen, trained.params, *frozen)
        on_arm(name, Checkpoint(model, checkpoint.config, checkpoint.tokenizer, trained.losses))
        results[name] = add_training(
            ask(name, nnx.state(merge(model), nnx.Param)), trained, examples, arm_weights(name)
        )
        if hooks.checkpoints:
            hooks.checkpoints.drop(name)
        del model, trained  # not to be held while the next is trained
    return {name: results[name] for name in ("base", *plan.arms)}
