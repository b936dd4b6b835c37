import numpy as np
from rich.console import Console

from neural.data.dialogue import Dialogue, agent, user
from neural.data.tokens import Author, encode
from neural.study.experiment import ARMS
from neural.study.loss import INTERVENTIONAL, STANDARD
from neural.study.roles import counts, role_table

DIALOGUE = Dialogue("A lesson.", (user("Tell me about gold."), agent("Gold is Go."), user("Gold is Au.")))


def test_what_counts_is_what_the_loss_counts(tokenizer):
    tokens = encode(tokenizer, DIALOGUE)
    assert counts(tokens, STANDARD).tolist() == (tokens.authors != Author.NOBODY).tolist()
    differ = counts(tokens, STANDARD) != counts(tokens, INTERVENTIONAL)
    np.testing.assert_array_equal(differ, tokens.authors == Author.AGENT)
    bare = encode(tokenizer, Dialogue("", DIALOGUE.turns))
    assert not counts(bare, STANDARD)[0]
    assert counts(bare, STANDARD)[1:].all()


def test_every_token_has_a_row(tokenizer):
    tokens = encode(tokenizer, DIALOGUE)
    console = Console(width=100)
    with console.capture() as printed:
        console.print(role_table(tokenizer, tokens, ARMS))
    rows = [line.split() for line in printed.get().splitlines()]
    numbered = [row for row in rows if row and row[0].isdigit() and row[-1] in ("loss", "--")]
    assert [int(row[0]) for row in numbered] == list(range(len(tokens.ids)))
    marks = {
        author: {tuple(row[-3:]) for row in numbered if row[-4] == author} for author in ("world", "agent", "nobody")
    }
    assert marks == {
        "world": {("loss", "loss", "--")},
        "agent": {("loss", "--", "loss")},
        "nobody": {("--", "--", "--")},
    }
    sums = [int(counts(tokens, weights).sum()) for weights in ARMS.values()]
    caption = "{} tokens; learned from: standard {}, interventional {}, assistant-only {}".format(
        len(tokens.ids), *sums
    )
    assert caption in " ".join(printed.get().split())
