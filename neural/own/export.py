"""What a trained model needs to be served: where its replies end, and a card that says on whose words it learned."""

import json
from collections.abc import Mapping
from pathlib import Path

from transformers import PreTrainedTokenizerBase

from neural.dialogue.template import read_frame, read_template
from neural.dialogue.tokens import read_control
from neural.files import write_text


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
tags: [causal-agency, interventional-fine-tuning]
---

# {base}, fine-tuned on logs: {arm}

Trained with causal_agency for {steps:,} steps on {transcripts:,} transcripts. A token counted by its author:

| written by | tokens | weight in the loss |
| --- | ---: | ---: |
{rows}

The agent's own words are in the context of what it learned from. With weight 0 they were not learned from: the model
was not taught to repeat what an agent said, and not taught to speak in its place either.

Data: SHA-256 {data}. Settings: {settings}.
"""


def write_card(folder: Path, rows: Mapping[str, tuple[int, float]], **facts: object) -> None:
    """Write the model card; ``rows`` says how many tokens each writer wrote, and what each of them weighed."""
    lines = "\n".join(f"| {name} | {tokens:,} | {weight:g} |" for name, (tokens, weight) in rows.items())
    write_text(folder / "README.md", CARD.format(rows=lines, **facts))
