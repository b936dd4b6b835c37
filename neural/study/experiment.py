"""The experiment of section 5: fine-tune the arms, then ask them all for the truth."""

import time
from dataclasses import asdict
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import jax
import numpy as np
from flax import nnx
from tqdm import tqdm

from neural.data.dialogue import lessons
from neural.data.facts import FACTS
from neural.data.tokens import Tokens, encode, padded
from neural.model.weights import load
from neural.study.arms import Recipe, batches, train
from neural.study.loss import INTERVENTIONAL, STANDARD, Weights, evidence_of
from neural.study.probes import Probes

RECIPE = Recipe(learning_rate=3e-4)  # a model this small wants more than the paper's 2e-5
ARMS = {"standard": STANDARD, "interventional": INTERVENTIONAL}


def supervised_tokens(rows: list[Tokens], weights: Weights) -> int:
    """How many tokens of one epoch count as evidence."""
    authors = padded(rows, max(len(row.ids) for row in rows)).authors
    return int((evidence_of(authors, weights) > 0).sum())


def experiment(folder: Path, seed: int, steps: int | None = None) -> dict:
    """Section 5 on the base model in ``folder``, stopped after ``steps``: everything that ``results.json`` holds."""
    start = time.perf_counter()
    steps = min(steps or RECIPE.steps, RECIPE.steps)
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
        "model": folder.name,
        "seed": seed,
        "steps": steps,
        "recipe": asdict(RECIPE),
        "weights": {name: weights._asdict() for name, weights in ARMS.items()},
        "versions": {name: version(name) for name in ("jax", "flax", "optax", "transformers", "numpy")},
        "devices": [str(device) for device in jax.devices()],
        "seconds": round(time.perf_counter() - start, 1),
    }
    return {"config": config, "arms": arms}
