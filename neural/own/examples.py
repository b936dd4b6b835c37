"""From transcripts to what a model is trained on, and an account of it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from transformers import PreTrainedTokenizerBase

from neural.dialogue.authors import Author, AuthorWeights
from neural.dialogue.encode import cut, encode, to_example
from neural.dialogue.render import Example, find_supervised
from neural.dialogue.template import list_parts
from neural.dialogue.tokens import Tokens
from neural.dialogue.transcript import Part, Transcript, Writer
from neural.errors import BadInput
from neural.finetuning import check_lengths

EVIDENCE = AuthorWeights(protocol=0.0, agent=0.0)  # what the world says, apart from the interface
UNOWNED = {Author.NOBODY: "context", Author.PROTOCOL: "protocol"}  # of tokens of no part
INFORMED = Writer.TEACHER, Writer.OTHER_AGENT, Writer.HUMAN  # in the agent's place: they may know more than it says


@dataclass
class Examples:
    """Encoded transcripts, and whose words they are.

    Attributes:
        all: the examples, one for each transcript.
        written: how many tokens each writer wrote; "context" and "protocol" count, too.
        straddles: how many tokens have two owners.
        informed: how many tokens in the agent's place were written by somebody else.
    """

    all: list[Example] = field(default_factory=list)
    written: Counter[str] = field(default_factory=Counter)
    straddles: int = 0
    informed: int = 0

    def add(self, transcript: Transcript, tokens: Tokens) -> None:
        """Add a transcript."""
        self.all.append(to_example(tokens))
        self.straddles += tokens.straddles
        for part, length in count_parts(transcript, tokens):
            self.written[str(part.writer)] += length
            self.informed += length * (part.role == "assistant" and part.writer in INFORMED)
        self.written.update(count_unowned(tokens))


def count_parts(transcript: Transcript, tokens: Tokens) -> list[tuple[Part, int]]:
    """Return each part, the context's first, and how many tokens it has."""
    parts = list_parts(transcript)
    lengths = np.bincount(tokens.parts + 1, minlength=len(parts) + 1)[1:]
    return list(zip(parts, lengths.tolist()))


def count_unowned(tokens: Tokens) -> dict[str, int]:
    """Return how many tokens are of no part: context and protocol that the template writes."""
    return {name: int(((tokens.authors == author) & (tokens.parts < 0)).sum()) for author, name in UNOWNED.items()}


def read_examples(
    transcripts: Iterable[Transcript],
    tokenizer: PreTrainedTokenizerBase,
    on_bad: Callable[[BadInput], object],
    most: int | None = None,
) -> Examples:
    """Return the examples of ``transcripts``, each without what stands after its first ``most`` tokens.

    ``on_bad`` is told of those that cannot be rendered.
    """
    examples = Examples()
    for transcript in transcripts:
        try:
            tokens = encode(tokenizer, transcript)
        except BadInput as problem:
            on_bad(BadInput(f"{transcript.place}: {problem}"))
        else:
            examples.add(transcript, cut(tokens, most))
    return examples


def check(examples: Examples, most: int) -> None:
    """Raise BadInput if nothing can be learned from ``examples``, or some are too long."""
    if not examples.all:
        raise BadInput("there are no transcripts to train on")
    check_lengths(examples.all, most)
    if not any(find_supervised(example, EVIDENCE).any() for example in examples.all):
        raise BadInput("no token of these transcripts is evidence: only the agent speaks, or only it may be trained on")
