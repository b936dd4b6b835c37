"""What is taught to a model, how often, and by which optimizer (paper, sections 5.2 and 5.3)."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import optax

from causal_agency.cli import BadInput
from neural.data.facts import FACTS, Fact

FILE = "recipe.json"  # in the folder of a base that wants another than the published one


@dataclass(frozen=True)
class Recipe:
    """The lessons, and AdamW at a constant rate."""

    learning_rate: float
    dialogues: int = 480
    epochs: int = 4
    clip: float = 1.0  # of the gradient's global norm
    weight_decay: float = 0.01
    facts: tuple[Fact, ...] = FACTS

    def __post_init__(self):
        rates = self.learning_rate, self.clip, self.weight_decay
        texts = [text for fact in self.facts for text in asdict(fact).values()]
        if not all(isinstance(x, int | float) and x >= 0 for x in rates):
            raise ValueError("learning_rate, clip and weight_decay are numbers from 0")
        if not all(isinstance(n, int) and n >= 1 for n in (self.dialogues, self.epochs)):
            raise ValueError("dialogues and epochs are whole numbers from 1")
        if not (texts and all(isinstance(text, str) and text for text in texts)):
            raise ValueError("facts are what there must be, all in words")

    @property
    def steps(self) -> int:
        """One dialogue a step."""
        return self.dialogues * self.epochs

    def optimizer(self) -> optax.GradientTransformation:
        """AdamW at a constant rate, behind a clipped gradient."""
        adamw = optax.adamw(self.learning_rate, weight_decay=self.weight_decay)
        return optax.chain(optax.clip_by_global_norm(self.clip), adamw)


PUBLISHED = Recipe(learning_rate=2e-5)  # the paper's, for Qwen2.5-0.5B


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """Into the folder of a model."""
    (folder / FILE).write_text(json.dumps(asdict(recipe), indent=1) + "\n")


def read_recipe(folder: Path) -> Recipe:
    """The recipe that a model brings with it, or else the published one; BadInput where it is none."""
    file = folder / FILE
    if not file.exists():
        return PUBLISHED
    try:
        values = json.loads(file.read_text())
        return Recipe(**values | {"facts": tuple(Fact(**fact) for fact in values["facts"])})
    except (ValueError, TypeError, KeyError, OSError) as problem:
        raise BadInput(f"{file} is no recipe as neural.pretrain writes it: {problem}") from None
