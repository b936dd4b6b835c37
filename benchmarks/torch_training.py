"""The experiment of section 5 as transformers and PyTorch would have it, for comparison: prints one JSON object.

The published loop: batch 1 and no padding, labels of −100 where a token does not count, one arm after the other; greedy
replies to all prompts in one batch, and both margins. Dialogues, order and probes are those of `neural`.
"""

import argparse
import json
import resource
import time
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm
from transformers import AutoModelForCausalLM, AutoTokenizer

from neural.data.dialogue import PAPER, lessons
from neural.data.facts import FACTS
from neural.data.tokens import Author, Tokens, encode
from neural.study.arms import order
from neural.study.experiment import ARMS
from neural.study.loss import Weights
from neural.study.probes import NEW_TOKENS, Probes
from neural.study.recipe import Recipe


def labels(row: Tokens, weights: Weights) -> torch.Tensor:
    """The ids of the tokens that count, −100 for the others."""
    return torch.tensor(np.where(np.array(weights)[row.authors] > 0, row.ids, -100)[None], dtype=torch.long)


def stream(rows: list[Tokens], epochs: int):
    """The order of seed 0."""
    return (rows[i] for epoch in range(epochs) for i in order(len(rows), (0,), epoch))


def train(folder: Path, rows: list[Tokens], weights: Weights, recipe: Recipe, steps: int, fused: bool):
    """One arm: the model, and the seconds that each step took."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).train()
    rate, decay = recipe.learning_rate, recipe.weight_decay
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay, fused=fused)
    seconds = []
    for row in tqdm(islice(stream(rows, recipe.epochs), steps), total=steps):
        start = time.perf_counter()
        loss = model(torch.tensor(row.ids[None], dtype=torch.long), labels=labels(row, weights)).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimizer.step()
        seconds.append(time.perf_counter() - start)
    return model, seconds


@torch.no_grad()
def probe(model, probes: Probes) -> float:
    """All replies, thrown away, and the mean margin."""
    model.eval()
    ids, starts = (torch.tensor(x) for x in probes.inputs)
    seen = (torch.arange(ids.shape[1]) >= starts[:, None]).long()
    ends = torch.tensor(np.flatnonzero(probes.ends))
    model.generate(ids.long(), attention_mask=seen, max_new_tokens=NEW_TOKENS, do_sample=False, eos_token_id=ends)
    margins = {}
    for name, claims in probes.claims.items():
        means = []
        for ids, columns, authors in zip(*claims, strict=True):
            last = columns[authors == Author.AGENT][-1]
            log_probs = model(torch.tensor(ids[None, :last], dtype=torch.long)).logits[0].log_softmax(-1)
            claim = columns[authors == Author.AGENT]
            means.append(float(log_probs[claim - 1, torch.tensor(ids[claim], dtype=torch.long)].mean()))
        margins[name] = float(np.diff(np.array(means).reshape(-1, 2)[:, ::-1]).mean())
    return margins["margin"]


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--arms", default="standard,interventional")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    begin = time.perf_counter()
    recipe = Recipe(args.learning_rate)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    dialogues = lessons(FACTS, recipe.dialogues, PAPER, np.random.default_rng(0))
    rows, probes = [encode(tokenizer, dialogue) for dialogue in dialogues], Probes(tokenizer, FACTS)
    margins = {"base": probe(AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32), probes)}
    seconds: list[float] = []
    for arm in args.arms.split(","):
        model, took = train(args.model, rows, ARMS[arm], recipe, args.steps, fused=True)
        seconds += took
        margins[arm] = probe(model, probes)
        del model
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    took = {"seconds": time.perf_counter() - begin, "step": float(np.median(seconds)), "peak_memory_gb": peak}
    print(json.dumps(took | {"margins": margins}))


if __name__ == "__main__":
    main()
