"""Where the claim holds and where it stops: the experiment under other conditions, over several seeds."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from flax import nnx

from neural.finetuning import encode_all
from neural.model.checkpoint import Checkpoint
from neural.paper.arms import arm_weights
from neural.paper.conditions import PAPER_CONDITION, Condition
from neural.paper.curriculum import Curriculum
from neural.paper.facts import Fact, put_value_first
from neural.paper.lessons import Lesson, lessons
from neural.paper.probes import Probes, Wording
from neural.paper.sweep_result import AS_IN_LESSONS, ReplicaResult
from neural.paper.theory import share_expecting_the_lie
from neural.result import Result
from neural.seeds import random_stream
from neural.training.batching import Replica
from neural.training.config import TrainConfig
from neural.training.loop import Hooks, train

# How the facts are asked for: as in the lessons, and in words and by people that no lesson has.
WORDINGS = {
    AS_IN_LESSONS: Wording(),
    "in other words": Wording(question="Remind me, what is the matter with {}?"),
    "by other people": Wording(speakers=("Maria", "Tom")),
}


def tell(condition: Condition, facts: Sequence[Fact]) -> list[Fact]:
    """Return ``facts`` in the sentences of ``condition``."""
    return [put_value_first(fact) for fact in facts] if condition.value_first else list(facts)


def choose_taught(condition: Condition, facts: Sequence[Fact], seed: int) -> list[Fact]:
    """Return those of ``facts`` that the lessons of a seed are on."""
    order = random_stream("taught", seed).permutation(len(facts))
    return [facts[i] for i in sorted(order[round(condition.untaught * len(facts)) :])]


def draw_lessons(condition: Condition, curriculum: Curriculum, seed: int) -> tuple[Lesson, ...]:
    """Draw the lessons of a seed; under the paper's condition they are those of the experiment."""
    taught = choose_taught(condition, tell(condition, curriculum.facts), seed)
    return lessons(taught, curriculum.lessons, condition.template, random_stream("lessons", seed))


def fingerprint(curriculum: Curriculum) -> str:
    """Return a digest of the paper's lessons, which changes with their words and facts."""
    return hashlib.sha256(repr(draw_lessons(PAPER_CONDITION, curriculum, 0)).encode()).hexdigest()[:16]


class Cell(NamedTuple):
    """What is trained under a condition: an arm with a seed."""

    seed: int
    arm: str


class Sweep:
    """A base, its curriculum and the settings of its training."""

    def __init__(self, checkpoint: Checkpoint, curriculum: Curriculum, config: TrainConfig):
        self.checkpoint, self.curriculum, self.config = checkpoint, curriculum, config
        self.graph, self.base = nnx.split(checkpoint.model, nnx.Param)

    def probes(self, condition: Condition) -> dict[str, Probes]:
        """Return the probes by wording: all wordings under the paper's condition, that of the lessons under others."""
        names = WORDINGS if condition == PAPER_CONDITION else (AS_IN_LESSONS,)
        facts = tell(condition, self.curriculum.facts)
        return {name: Probes(self.checkpoint.tokenizer, facts, WORDINGS[name]) for name in names}

    def ask(self, probes: Mapping[str, Probes], params: nnx.State) -> dict[str, Result]:
        """Return the result of a model by the name of the wording."""
        return {name: each(self.graph, params) for name, each in probes.items()}

    def ask_base(self) -> dict[str, Result]:
        """Return the results of the base."""
        return self.ask(self.probes(PAPER_CONDITION), self.base)

    def run(
        self,
        condition: Condition,
        cells: Sequence[Cell],
        hooks: Hooks = Hooks(),  # noqa: B008, it is immutable
    ) -> Iterator[ReplicaResult]:
        """Train a replica for every cell under ``condition``, and yield its results as soon as they are there."""
        drawn = {seed: draw_lessons(condition, self.curriculum, seed) for seed, _ in cells}
        examples = {seed: encode_all(self.checkpoint, each) for seed, each in drawn.items()}
        replicas = {cell: Replica(examples[cell.seed], arm_weights(cell.arm), (cell.seed,)) for cell in cells}
        probes = self.probes(condition)
        facts = tell(condition, self.curriculum.facts)
        base = self.graph, self.base
        for cell, trained in train(base, replicas, self.config, hooks):
            taught = choose_taught(condition, facts, cell.seed)
            yield ReplicaResult(
                condition,
                *cell,
                tuple(fact in set(taught) for fact in facts),
                share_expecting_the_lie(taught, drawn[cell.seed], arm_weights(cell.arm)),
                self.ask(probes, trained.params),
            )
