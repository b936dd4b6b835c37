"""Where the claim holds and where it stops: the experiment under other conditions, over several seeds."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext

import numpy as np
from flax import nnx

from neural.dialogue.authors import AuthorWeights
from neural.finetuning import encode_all
from neural.model.checkpoint import Checkpoint
from neural.paper.conditions import Condition
from neural.paper.curriculum import Curriculum
from neural.paper.facts import Fact
from neural.paper.lessons import Lesson, lessons
from neural.paper.probes import Probes, Wording
from neural.paper.sweep_result import AS_IN_LESSONS, ReplicaResult
from neural.paper.theory import share_expecting_the_lie
from neural.result import Result
from neural.training.batching import Replica
from neural.training.config import TrainConfig
from neural.training.loop import OnStep, WhileTraining, train

# How the facts are asked for: as in the lessons, and in words and by people that no lesson has.
WORDINGS = {
    AS_IN_LESSONS: Wording(),
    "in other words": Wording(question="Remind me, what is the matter with {}?"),
    "by other people": Wording(speakers=("Maria", "Tom")),
}


def choose_taught(condition: Condition, facts: Sequence[Fact], seed: int) -> list[Fact]:
    """Return those of ``facts`` that the lessons of a seed are on."""
    order = np.random.default_rng((seed, 1)).permutation(len(facts))
    return [facts[i] for i in sorted(order[round(condition.untaught * len(facts)) :])]


def draw_lessons(condition: Condition, curriculum: Curriculum, seed: int) -> tuple[Lesson, ...]:
    """Draw the lessons of a seed; under the paper's condition they are those of the experiment."""
    taught = choose_taught(condition, curriculum.facts, seed)
    return lessons(taught, curriculum.lessons, condition.template, np.random.default_rng(seed))


class Sweep:
    """A base, its curriculum, the arms, and every wording in which they are asked."""

    def __init__(
        self, checkpoint: Checkpoint, curriculum: Curriculum, config: TrainConfig, arms: Mapping[str, AuthorWeights]
    ):
        self.checkpoint, self.curriculum, self.config, self.arms = checkpoint, curriculum, config, arms
        self.graph, self.base = nnx.split(checkpoint.model, nnx.Param)
        tokenizer, facts = checkpoint.tokenizer, curriculum.facts
        self.probes = {name: Probes(tokenizer, facts, wording) for name, wording in WORDINGS.items()}

    def ask(self, params: nnx.State) -> dict[str, Result]:
        """Return the result of a model by the name of the wording."""
        return {name: probes(self.graph, params) for name, probes in self.probes.items()}

    def ask_base(self) -> dict[str, Result]:
        """Return the results of the base."""
        return self.ask(self.base)

    def run(
        self,
        condition: Condition,
        seeds: Sequence[int],
        on_step: OnStep | None = None,
        while_training: WhileTraining = nullcontext,
    ) -> Iterator[ReplicaResult]:
        """Train a replica for every seed and arm under ``condition``, and yield its results, seed by seed."""
        drawn = {seed: draw_lessons(condition, self.curriculum, seed) for seed in seeds}
        examples = {seed: encode_all(self.checkpoint, drawn[seed]) for seed in seeds}
        replicas = {
            (seed, arm): Replica(examples[seed], weights, (seed,))
            for seed in seeds
            for arm, weights in self.arms.items()
        }
        for (seed, arm), trained in train((self.graph, self.base), replicas, self.config, on_step, while_training):
            taught = choose_taught(condition, self.curriculum.facts, seed)
            yield ReplicaResult(
                condition,
                seed,
                arm,
                tuple(fact in set(taught) for fact in self.curriculum.facts),
                share_expecting_the_lie(taught, drawn[seed], self.arms[arm]),
                self.ask(trained.params),
            )
