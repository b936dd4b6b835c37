"""The experiment of section 5: fine-tune the arms, then ask them all for the truth."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from tqdm import tqdm
from transformers import Qwen2Config

from causal_agency.cli import BadInput
from neural.data.dialogue import PAPER, Dialogue, Template, lessons
from neural.data.tokens import Tokens, encode, scored_columns
from neural.model.weights import Checkpoint, outline
from neural.study.arms import Cell, Name, Seed, batches, copies, train
from neural.study.loss import AGENT_ONLY, INTERVENTIONAL, STANDARD, Weights
from neural.study.machine import Meter, arms_at_once, room_on_disk
from neural.study.probes import Probes
from neural.study.recipe import Recipe

ARMS = {"standard": STANDARD, "interventional": INTERVENTIONAL, "assistant-only": AGENT_ONLY}
PRECISIONS = {"float32-master": jnp.float32, "as-published": jnp.bfloat16}  # of weights, gradients, optimizer state

Keep = Callable[[str, nnx.GraphDef, nnx.State], None]


def affordable(config: Qwen2Config, precision: str, arms: int, folder: Path) -> None:
    """BadInput where memory does not suffice for one arm, or the disk of ``folder`` for what all will write there.

    Of a model that has not been read yet.
    """
    shapes = nnx.state(outline(config), nnx.Param)
    arms_at_once(shapes, PRECISIONS[precision], arms)
    room_on_disk(shapes, PRECISIONS[precision], arms, folder)


@dataclass(frozen=True)
class Plan:
    """What is to be run: the arms of `ARMS` by name, and in which order each of them reads the dialogues."""

    recipe: Recipe
    arms: tuple[str, ...]
    seed: int
    steps: int
    precision: str  # of `PRECISIONS`
    order: str  # same: one for all arms; independent: each arm its own, as in the published notebook
    template: Template = PAPER

    def seeds(self) -> dict[str, Seed]:
        """The seed of every arm's order; arms of one seed read the same batches at every step.

        An arm's own order is the same whichever arms are run, and no other's: a seed and the same seed with zeros after
        it are one to NumPy, hence the 1.
        """
        own = {arm: (self.seed, i, 1) for i, arm in enumerate(ARMS)}
        return {arm: own[arm] if self.order == "independent" else (self.seed,) for arm in self.arms}


def supervised_tokens(rows: Sequence[Tokens], weights: Weights) -> int:
    """How many tokens of one epoch count as evidence."""
    authors = np.concatenate([row.authors[scored_columns(row)] for row in rows])
    return int((np.array(weights)[authors] > 0).sum())


def groups(cells: Mapping[Name, Cell], at_once: int) -> Iterator[dict[Name, Cell]]:
    """The cells that are trained together, ``at_once`` at most."""
    names = list(cells)
    for i in range(0, len(names), at_once):
        yield {name: cells[name] for name in names[i : i + at_once]}


def readable(checkpoint: Checkpoint, dialogues: Iterable[Dialogue]) -> list[Tokens]:
    """``dialogues`` as tokens; BadInput where the model cannot read one as long."""
    rows = [encode(checkpoint.tokenizer, dialogue) for dialogue in dialogues]
    longest, most = max(len(row.ids) for row in rows), checkpoint.config.max_position_embeddings
    if longest > most:
        raise BadInput(f"a dialogue has {longest} tokens, but the model allows {most}")
    return rows


def experiment(plan: Plan, checkpoint: Checkpoint, keep: Keep) -> dict:
    """Section 5 on ``checkpoint``: everything that ``results.json`` holds. ``keep`` is given every trained arm."""
    meter = Meter()
    graph, base = nnx.split(checkpoint.model, nnx.Param)
    dtype = PRECISIONS[plan.precision]
    at_once = arms_at_once(base, dtype, len(plan.arms))
    facts = plan.recipe.facts
    dialogues = lessons(facts, plan.recipe.dialogues, plan.template, np.random.default_rng(plan.seed))
    rows = readable(checkpoint, dialogues)
    probes = Probes(checkpoint.tokenizer, facts)

    def ask(name: str, params: nnx.State) -> dict:
        tqdm.write(f"asking {name} about {len(facts)} facts", sys.stderr)
        return probes(graph, params)

    results = {"base": ask("the base", base)}
    cells = {name: Cell(rows, seed, ARMS[name]) for name, seed in plan.seeds().items()}
    for group in groups(cells, at_once):
        stream = islice(batches([*group.values()], plan.recipe.epochs), plan.steps)
        progress = tqdm(stream, " + ".join(group), plan.steps)
        weights = {name: cell.weights for name, cell in group.items()}
        with meter.steps(plan.steps * len(group)):
            trained, losses = train(graph, copies(base, len(group), dtype), weights, plan.recipe.optimizer(), progress)
        for name in group:
            keep(name, graph, trained[name])
            results[name] = ask(f"the {name} arm", trained.pop(name)) | {
                "losses": losses[name][:, 0].tolist(),
                "agent_losses": losses[name][:, 1].tolist(),
                "supervised_tokens": supervised_tokens(rows, ARMS[name]),
            }
    config = {
        **asdict(plan),
        "weights": {name: ARMS[name]._asdict() for name in plan.arms},
        "versions": {name: version(name) for name in ("jax", "flax", "optax", "transformers", "numpy")},
        "devices": [str(device) for device in jax.devices()],
        **meter.read(),
    }
    return {"config": config, "arms": {name: results[name] for name in ("base", *plan.arms)}}
