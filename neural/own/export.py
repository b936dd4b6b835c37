"""What a trained model needs to be served: where its replies end, and a card that says on whose words it learned."""

import json
from collections.abc import Mapping
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from neural.dialogue.authors import AuthorWeights
from neural.dialogue.template import read_frame, read_template
from neural.dialogue.tokens import read_control
from neural.dialogue.transcript import Writer
from neural.escape import escape_markdown
from neural.files import write_text
from neural.paper.arms import arm_weights
from neural.training.config import TrainConfig


def find_stop(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """Return the control token with which the chat template ends an answer; None if there is none."""
    if not tokenizer.chat_template:
        return None
    template = read_template(tokenizer, tools=False)
    control, frame = read_control(tokenizer, template), read_frame(tokenizer, template)
    found = control.ends.search(frame.headers.get("user", ""))
    return control.ids[found[0]] if found else None


def write_generation_config(folder: Path, tokenizer: PreTrainedTokenizerBase) -> None:
    """Write where replies end: at the chat template's token, or at the end of a text."""
    stop = find_stop(tokenizer)
    ends = [token for token in (stop, tokenizer.eos_token_id) if token is not None]
    pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else next(iter(ends), None)
    config = {"eos_token_id": list(dict.fromkeys(ends)), "pad_token_id": pad, "do_sample": False}
    write_text(folder / "generation_config.json", json.dumps(config, indent=1) + "\n")


CARD = """---
tags: [causal-agency]
---

# {base}, fine-tuned on logs: {arm}

Trained with causal_agency for {epochs} epochs at a learning rate of {rate:g}. How much of the logs each writer wrote,
and what a token of theirs weighed in the loss:

| written by | tokens | weight |
| --- | ---: | ---: |
{rows}

All of it is in the context of what was learned. Where the agent's weight is 0, the model was not taught to repeat what
an agent said, nor to speak in its place.

Data: SHA-256 of the tokens and their authors, {data}.
"""


def weigh(writer: str, weights: AuthorWeights) -> float:
    """Return what a token of ``writer`` weighs."""
    unowned = {"context": weights.nobody, "protocol": weights.protocol}
    return unowned[writer] if writer in unowned else weights[Writer(writer).author]


def write_card(folder: Path, base: str, arm: str, written: Mapping[str, int], data: str, config: TrainConfig) -> None:
    """Write the model card: whose words the model ``arm`` of the model ``base`` was trained on."""
    weights = arm_weights(arm)
    counts = {name: tokens for name, tokens in written.items() if tokens}
    rows = "\n".join(f"| {name} | {tokens:,} | {weigh(name, weights):g} |" for name, tokens in counts.items())
    facts = {"epochs": config.epochs, "rate": config.learning_rate, "rows": rows, "data": data}
    write_text(folder / "README.md", CARD.format(base=escape_markdown(base), arm=arm, **facts))
