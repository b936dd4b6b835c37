"""What is taught: the facts and the number of lessons. A base model's folder may bring its own (``recipe.json``)."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from neural.errors import BadInput
from neural.files import read_json, write_text
from neural.paper.facts import FACTS, Fact
from neural.training.config import TrainConfig

FILE = "recipe.json"
MAX_LESSONS = 10**6  # of an epoch; all of them are in memory


@dataclass(frozen=True)
class Curriculum:
    """The facts, and how many lessons on them an epoch has."""

    facts: tuple[Fact, ...] = FACTS
    lessons: int = 480

    def __post_init__(self) -> None:
        texts = [
            text
            for fact in self.facts
            for text in (fact.topic, fact.sentence, fact.true, fact.false, *fact.true_aliases, *fact.false_aliases)
        ]
        if not (texts and all(isinstance(text, str) and text for text in texts)):
            raise BadInput("facts must be a list of facts, each with a topic, a sentence, a true and a false value")
        if not (isinstance(self.lessons, int) and 1 <= self.lessons <= MAX_LESSONS):
            raise BadInput(f"lessons is {self.lessons!r}, but must be a whole number from 1 to {MAX_LESSONS:,}")


class Recipe(NamedTuple):
    """How to fine-tune a base model, and what to teach it."""

    train: TrainConfig = TrainConfig()
    curriculum: Curriculum = Curriculum()


PUBLISHED = Recipe()  # the paper's, for Qwen2.5-0.5B
STORED_SETTINGS = "learning_rate", "epochs", "weight_decay", "clip"  # of TrainConfig; the rest belongs to a run


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """Write ``recipe`` into the folder of a model."""
    train = {name: getattr(recipe.train, name) for name in STORED_SETTINGS}
    text = json.dumps({"train": train, "curriculum": asdict(recipe.curriculum)}, indent=1)
    write_text(folder / FILE, text + "\n")


def read_recipe(folder: Path) -> Recipe:
    """Read the recipe of the model in ``folder``; a model without one gets the published recipe."""
    file = folder / FILE
    if not file.exists():
        return PUBLISHED
    try:
        values = read_json(file)
        curriculum = values["curriculum"]
        facts = tuple(Fact(**fact) for fact in curriculum["facts"])
        return Recipe(TrainConfig(**values["train"]), Curriculum(**curriculum | {"facts": facts}))
    except (ValueError, TypeError, KeyError) as problem:
        raise BadInput(f"{file} is not a recipe with the parts train and curriculum: {problem!r}") from None
