from rich.console import Console

from neural.dialogue.dialogue import Dialogue, agent, user
from neural.dialogue.render import encode, find_supervised
from neural.dialogue.role_table import role_table
from neural.paper.arms import ARMS

DIALOGUE = Dialogue("A lesson.", (user("Tell me about gold."), agent("Gold is Go."), user("Gold is Au.")))


def test_every_token_has_a_row(tokenizer):
    example = encode(tokenizer, DIALOGUE)
    console = Console(width=100)
    with console.capture() as printed:
        console.print(role_table(tokenizer, example, ARMS))
    rows = [line.split() for line in printed.get().splitlines()]
    numbered = [row for row in rows if row and row[0].isdigit() and row[-1] in ("loss", "--")]
    assert [int(row[0]) for row in numbered] == list(range(len(example.ids)))
    marks = {
        author: {tuple(row[-3:]) for row in numbered if row[-4] == author} for author in ("world", "agent", "nobody")
    }
    assert marks == {
        "world": {("loss", "loss", "--")},
        "agent": {("loss", "--", "loss")},
        "nobody": {("--", "--", "--")},
    }
    sums = [int(find_supervised(example, weights).sum()) for weights in ARMS.values()]
    caption = "{} tokens; supervised: standard {}, interventional {}, assistant-only {}".format(len(example.ids), *sums)
    assert caption in " ".join(printed.get().split())
