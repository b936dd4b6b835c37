"""Run the experiment of section 5 with transformers and PyTorch, for comparison, and print one JSON object.

This is the published loop: batch size 1 and no padding, the label −100 for every token that does not count, one arm
after the other, greedy replies to all prompts in one batch, and both margins. Lessons, order and probes are those of
`neural`.
"""

import argparse
import json
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from neural.dialogue.authors import AuthorWeights
from neural.dialogue.render import Example, encode, find_supervised
from neural.model.generate import MAX_NEW_TOKENS, pad_left
from neural.model.questions import Text
from neural.paper.arms import ARMS
from neural.paper.curriculum import read_recipe
from neural.paper.lessons import PAPER, lessons
from neural.paper.probes import RENDERERS, Probes
from neural.seeds import random_stream
from neural.training.batching import order
from neural.training.config import TrainConfig


def label(example: Example, weights: AuthorWeights) -> torch.Tensor:
    """Return the ids of the tokens that count, and −100 for the others [1, T]."""
    return torch.tensor(np.where(find_supervised(example, weights), example.ids, -100)[None], dtype=torch.long)


def stream(examples: Sequence[Example], epochs: int) -> Iterator[Example]:
    """Yield the examples in the order of seed 0."""
    return (examples[i] for epoch in range(epochs) for i in order(len(examples), (0,), epoch))


def learner(
    folder: Path, weights: AuthorWeights, config: TrainConfig
) -> tuple[PreTrainedModel, Callable[[Example], float]]:
    """Return an arm's model and its step, which returns the seconds that it took."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).train()
    rate, decay = config.learning_rate, config.weight_decay
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay, fused=True)

    def learn(example: Example) -> float:
        start = time.perf_counter()
        loss = model(torch.tensor(example.ids[None], dtype=torch.long), labels=label(example, weights)).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        optimizer.step()
        return time.perf_counter() - start

    return model, learn


def train(
    folder: Path, examples: Sequence[Example], weights: AuthorWeights, config: TrainConfig, steps: int
) -> tuple[PreTrainedModel, list[float]]:
    """Train one arm; return the model and the seconds that each step took."""
    model, learn = learner(folder, weights, config)
    return model, [learn(example) for example in tqdm(islice(stream(examples, config.epochs), steps), total=steps)]


@torch.no_grad()
def score(model: PreTrainedModel, text: Text) -> float:
    """Return the mean log-probability of the scored tokens of ``text``."""
    log_probs = model(torch.tensor(text.ids[:-1])[None]).logits[0].log_softmax(-1)[-text.scored :]
    return float(log_probs[torch.arange(text.scored), torch.tensor(text.ids[-text.scored :])].mean())


@torch.no_grad()
def probe(model: PreTrainedModel, probes: Probes) -> float:
    """Generate all replies, which are thrown away, and score both margins; return the mean of the exact one."""
    model.eval()
    prompts = [np.array(ids) for item in probes.items for ids in item.prompts]
    ids, starts = (torch.tensor(x) for x in pad_left(prompts))
    seen = (torch.arange(ids.shape[1]) >= starts[:, None]).long()
    ends = torch.tensor(np.flatnonzero(probes.questions.ends))
    model.generate(ids.long(), attention_mask=seen, max_new_tokens=MAX_NEW_TOKENS, do_sample=False, eos_token_id=ends)
    scores = np.array([[score(model, text) for text in item.texts[: 2 * len(RENDERERS)]] for item in probes.items])
    return float(np.mean(scores[:, 0] - scores[:, 1]))


def main() -> None:
    """Run the experiment and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--arms", default="standard,interventional")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    begin = time.perf_counter()
    config, curriculum = read_recipe(args.model)
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    dialogues = lessons(curriculum.facts, curriculum.lessons, PAPER, random_stream("lessons", 0))
    examples = [encode(tokenizer, dialogue) for dialogue in dialogues]
    probes = Probes(tokenizer, curriculum.facts)
    margins = {"base": probe(AutoModelForCausalLM.from_pretrained(args.model, dtype=torch.float32), probes)}
    seconds: list[float] = []
    for arm in args.arms.split(","):
        model, took = train(args.model, examples, ARMS[arm], config, args.steps)
        seconds += took
        margins[arm] = probe(model, probes)
        del model
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    took = {"seconds": time.perf_counter() - begin, "step": float(np.median(seconds)), "peak_memory_gb": peak}
    print(json.dumps(took | {"margins": margins}))


if __name__ == "__main__":
    main()
