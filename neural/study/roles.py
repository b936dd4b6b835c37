"""The role table of section 5.3: every token of a dialogue, who wrote it, and in which arm it counts."""

from collections.abc import Mapping

import numpy as np
from rich import box
from rich.table import Table
from rich.text import Text
from transformers import PreTrainedTokenizerBase

from neural.data.tokens import Author, Tokens
from neural.study.loss import Weights

STYLE = {Author.NOBODY: "dim", Author.PROTOCOL: "blue", Author.WORLD: "green", Author.AGENT: "red"}


def counts(tokens: Tokens, weights: Weights) -> np.ndarray:
    """Which tokens count as evidence: [T] bool. The first cannot, since nothing predicts it."""
    counted = np.array(weights)[tokens.authors] > 0
    counted[:1] = False
    return counted


def role_table(tokenizer: PreTrainedTokenizerBase, tokens: Tokens, arms: Mapping[str, Weights]) -> Table:
    """A row for every token: its text, its author, and for every arm whether it is learned from."""
    counted = {arm: counts(tokens, weights) for arm, weights in arms.items()}
    sums = ", ".join(f"{arm} {which.sum()}" for arm, which in counted.items())
    table = Table(
        box=box.SIMPLE_HEAD, caption=f"{len(tokens.ids)} tokens; learned from: {sums}", caption_justify="left"
    )
    for head in ("", "token", "author", *arms):
        table.add_column(head, justify="right" if head == "" else "left")
    for i, (token, author) in enumerate(zip(*tokens, strict=True)):
        written = Text(repr(tokenizer.decode([int(token)])), style=STYLE[Author(author)])
        marks = ("loss" if which[i] else "--" for which in counted.values())
        table.add_row(str(i), written, Author(author).name.lower(), *marks)
    return table
