"""The role table of section 5.3: every token of a dialogue, its author, and the arms in which it counts."""

from collections.abc import Mapping

from rich import box
from rich.table import Table
from rich.text import Text
from transformers import PreTrainedTokenizerBase

from neural.dialogue.authors import Author, AuthorWeights
from neural.dialogue.render import Example, find_supervised

STYLE = {Author.NOBODY: "dim", Author.PROTOCOL: "blue", Author.WORLD: "green", Author.AGENT: "red"}


def role_table(tokenizer: PreTrainedTokenizerBase, example: Example, arms: Mapping[str, AuthorWeights]) -> Table:
    """Return a table with a row for each token: its text, its author, and whether it counts in each arm."""
    counts = {arm: find_supervised(example, weights) for arm, weights in arms.items()}
    sums = ", ".join(f"{arm} {which.sum()}" for arm, which in counts.items())
    caption = f"{len(example.ids)} tokens; supervised: {sums}"
    table = Table(box=box.SIMPLE_HEAD, caption=caption, caption_justify="left")
    for head in ("", "token", "author", *arms):
        table.add_column(head, justify="right" if head == "" else "left")
    for i, (token, author) in enumerate(zip(*example, strict=True)):
        text = Text(repr(tokenizer.decode([int(token)])), style=STYLE[Author(author)])
        marks = ("loss" if which[i] else "--" for which in counts.values())
        table.add_row(str(i), text, Author(author).name.lower(), *marks)
    return table
