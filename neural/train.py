"""Does training on its own words make a model believe them? ``python neural/train.py`` runs the paper's section 5.

Two copies of a base model are fine-tuned on the same dialogues in the same order. In the standard arm every token
counts as evidence; in the interventional arm the agent's own tokens are read, and do not count. Three probes then ask
the base and both arms for the truth about 33 facts.
"""

import json
import time
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from importlib.resources import files
from itertools import islice
from pathlib import Path

import jax
import numpy as np
from flax import nnx
from rich.console import Console
from tqdm import tqdm

from causal_agency.command import Command
from neural.data.dialogue import lessons
from neural.data.facts import FACTS
from neural.data.tokens import Tokens, encode
from neural.model.weights import load
from neural.output import new_folder
from neural.report.page import write_report
from neural.report.summary import PROBES, replies_table, summary_table
from neural.study.arms import Recipe, batches, train
from neural.study.loss import INTERVENTIONAL, STANDARD, Weights
from neural.study.probes import Probes

BASE = Path(str(files("neural"))) / "base"
RECIPE = Recipe(learning_rate=3e-4)  # a model this small wants more than the paper's 2e-5
ARMS = {"standard": STANDARD, "interventional": INTERVENTIONAL}


def supervised_tokens(rows: list[Tokens], weights: Weights) -> int:
    """How many tokens of one epoch count as evidence."""
    return sum(int(np.count_nonzero(np.array(weights)[row.authors[1:]])) for row in rows)


def experiment(folder: Path, seed: int, steps: int) -> dict:
    """Section 5 on the base model in ``folder``: everything that ``results.json`` holds."""
    start = time.perf_counter()
    model, _, tokenizer = load(folder)
    graph, base = nnx.split(model, nnx.Param)
    dialogues = lessons(FACTS, RECIPE.dialogues, RECIPE.p_lie, np.random.default_rng(seed))
    rows = [encode(tokenizer, dialogue) for dialogue in dialogues]
    stream = tqdm(islice(batches(rows, RECIPE.epochs, seed), steps), "fine-tuning both arms", steps)
    trained, losses = train(graph, base, ARMS, RECIPE.optimizer(), stream)
    probes = Probes(tokenizer, FACTS)
    models = tqdm([("base", base), *trained.items()], "asking base and arms")
    arms = {name: probes(graph, params) for name, params in models}
    for name, weights in ARMS.items():
        arms[name] |= {"losses": losses[name].tolist(), "supervised_tokens": supervised_tokens(rows, weights)}
    config = {
        "model": "the embedded base model",
        "seed": seed,
        "steps": steps,
        "recipe": asdict(RECIPE),
        "weights": {name: weights._asdict() for name, weights in ARMS.items()},
        "versions": {name: version(name) for name in ("jax", "flax", "optax", "transformers", "numpy")},
        "devices": [str(device) for device in jax.devices()],
        "seconds": round(time.perf_counter() - start, 1),
    }
    return {"config": config, "arms": arms}


def whole_number(smallest: int):
    """An argument type: a whole number, ``smallest`` or more."""

    def parse(text: str) -> int:
        if int(text) < smallest:
            raise ValueError
        return int(text)

    parse.__name__ = f"whole number from {smallest}"
    return parse


def show(results: dict, folder: Path) -> None:
    """The result in the terminal."""
    console = Console()
    for probe in PROBES:
        console.print(replies_table(results, probe, most=4))
    console.print(summary_table(results))
    console.print(f"{folder / 'report.html'} has it all; {folder / 'results.json'} has the numbers.")


def main() -> None:
    """Run the experiment, write its folder and print the result."""
    command = Command("train", description=__doc__)
    command.add_argument("--out", type=Path, help="a new or empty folder; by default runs/ and the date")
    command.add_argument("--seed", type=whole_number(0), default=0, help="of the dialogues and of their order")
    command.add_argument("--steps", type=whole_number(1), default=RECIPE.steps, help="stop after so many")
    args = command.parse_args()
    out = args.out or Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}"
    jax.config.update("jax_num_cpu_devices", len(ARMS))
    with new_folder(command, out) as scratch:
        results = experiment(BASE, args.seed, min(args.steps, RECIPE.steps))
        (scratch / "results.json").write_text(json.dumps(results, indent=1) + "\n")
        write_report(scratch)
    show(results, out)


if __name__ == "__main__":
    main()
