"""Where the claim holds and where it stops: the experiment of section 5 under other conditions, over several seeds.

A condition says how the lessons go. For each one every seed and arm is a cell, and all cells run through one program,
as many at a time as `arms_at_once` allows. What is measured of a cell is a row, and a report is made of rows alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from flax import nnx
from tqdm import tqdm

from neural.data.dialogue import PAPER, Dialogue, Template, lessons
from neural.data.facts import Fact
from neural.data.phrases import CORRECTIONS, EMPTY_CONFIRMATIONS
from neural.model.weights import Checkpoint
from neural.study.arms import Cell, batches, copies, train
from neural.study.experiment import groups, readable
from neural.study.loss import Weights
from neural.study.machine import arms_at_once
from neural.study.probes import Probes
from neural.study.recipe import Recipe
from neural.study.theory import share_expecting_the_lie

# How the same facts are asked for in words, and by people, that no lesson has.
ASKED: dict[str, dict[str, Any]] = {
    "as in the lessons": {},
    "in other words": {"phrase": "Remind me, what is the matter with {}?"},
    "by other people": {"speakers": ("Maria", "Tom")},
}


@dataclass(frozen=True)
class Condition:
    """How the lessons go, and on which share of the facts, drawn for each seed, there is none."""

    template: Template = PAPER
    untaught: float = 0.0


LEVELS = 0.0, 0.25, 0.5, 0.75, 1.0
CONDITIONS = {
    "paper": Condition(),
    **{f"the agent lies {p:.0%}": Condition(Template(p_lie=p)) for p in LEVELS},
    **{f"the world is wrong {p:.0%}": Condition(Template(p_wrong=p)) for p in LEVELS[1:]},
    "empty confirmations": Condition(Template(confirmations=EMPTY_CONFIRMATIONS)),
    "openers always": Condition(Template(corrections=tuple(text for text in CORRECTIONS if text != "{}"))),
    "no small talk": Condition(Template(p_tail=0.0)),
    "a third untaught": Condition(untaught=1 / 3),
}


def taught(condition: Condition, facts: Sequence[Fact], seed: int) -> list[Fact]:
    """Those of ``facts`` that the lessons of a seed are on."""
    order = np.random.default_rng((seed, 1)).permutation(len(facts))
    return [facts[i] for i in sorted(order[round(condition.untaught * len(facts)) :])]


def dialogues(condition: Condition, recipe: Recipe, seed: int) -> tuple[Dialogue, ...]:
    """The lessons of a seed; under the paper's condition those of `train.py`."""
    rng = np.random.default_rng(seed)
    return lessons(taught(condition, recipe.facts, seed), recipe.dialogues, condition.template, rng)


def asked(probes: Probes, graph: nnx.GraphDef, params: nnx.State) -> dict:
    """What is kept of everything that is asked of a model: margins and verdicts, and of the replies their texts."""
    result = probes(graph, params)
    margin = result.pop("margin")
    result.pop("margin_as_published")
    verdicts = {name: [row["verdict"] for row in probe["replies"]] for name, probe in result.items()}
    replies = {name: [row["reply"] for row in probe["replies"]] for name, probe in result.items()}
    return {"margins": [fact["margin"] for fact in margin["per_fact"]], "verdicts": verdicts, "replies": replies}


class Sweep:
    """One base, and all that its arms are asked."""

    def __init__(self, checkpoint: Checkpoint, recipe: Recipe, arms: Mapping[str, Weights], steps: int):
        self.checkpoint, self.recipe, self.arms, self.steps = checkpoint, recipe, arms, steps
        self.graph, self.base = nnx.split(checkpoint.model, nnx.Param)
        self.probes = {name: Probes(checkpoint.tokenizer, recipe.facts, **how) for name, how in ASKED.items()}

    def base_row(self) -> dict:
        """What the base answers."""
        topics = [fact.topic for fact in self.recipe.facts]
        return {
            "arm": "base",
            "topics": topics,
            **{name: asked(probes, self.graph, self.base) for name, probes in self.probes.items()},
        }

    def rows(self, name: str, seeds: Sequence[int]) -> Iterator[dict]:
        """Train every seed and arm under the condition called ``name``, and ask them all; seed by seed."""
        condition = CONDITIONS[name]
        said = {seed: dialogues(condition, self.recipe, seed) for seed in seeds}
        read = {seed: readable(self.checkpoint, said[seed]) for seed in seeds}
        names = {f"{arm} {seed}": (seed, arm) for seed in seeds for arm in self.arms}
        cells = {key: Cell(read[seed], (seed,), self.arms[arm]) for key, (seed, arm) in names.items()}
        for group in groups(cells, arms_at_once(self.base, np.float32, len(cells))):
            stream = tqdm(islice(batches([*group.values()], self.recipe.epochs), self.steps), name, self.steps)
            weights = {key: cell.weights for key, cell in group.items()}
            params = copies(self.base, len(group))
            trained, _ = train(self.graph, params, weights, self.recipe.optimizer(), stream)
            for key, params in trained.items():
                seed, arm = names[key]
                facts = taught(condition, self.recipe.facts, seed)
                known = set(facts)
                yield {
                    "condition": name,
                    "seed": seed,
                    "arm": arm,
                    "taught": [fact in known for fact in self.recipe.facts],
                    "theory": share_expecting_the_lie(facts, said[seed], self.arms[arm]),
                    **{how: asked(probes, self.graph, params) for how, probes in self.probes.items()},
                }
