"""What is in a log, before anything is trained on it: who wrote how much, and how much of it would count."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import groupby
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool
from transformers import PreTrainedTokenizerBase

from neural.dialogue.authors import Author, AuthorWeights, evidence
from neural.dialogue.template import list_parts
from neural.dialogue.tokens import Tokens
from neural.dialogue.transcript import Place, Transcript, Writer
from neural.own.examples import EVIDENCE, UNOWNED, count_parts, count_unowned
from neural.own.secrets import find_secrets, redact
from neural.paper.arms import ARMS

MODELS_DO_NOT_SPEAK = "user", "system", "developer"  # under these roles
SHOWN = 3  # transcripts that are shown whole


class Run(NamedTuple):
    """Tokens in a row that one writer wrote, as text: a `Writer`, or "context" or "protocol"."""

    writer: str
    text: str


class Sample(NamedTuple):
    """A transcript to look at: where it stands, and its runs."""

    place: Place
    runs: tuple[Run, ...]


@dataclass
class Audit:
    """What was found in a log so far. `add` takes one transcript after the other.

    Attributes:
        transcripts: how many there are.
        parts: how many parts there are, by format and writer.
        characters: how many characters the parts have, by format and writer.
        tokens: how many tokens there are, by format and writer, or "context" or "protocol".
        supervised: how many tokens would count, by objective.
        straddles: how many tokens have two owners.
        misfiled: how many of the agent's own tokens stand in messages of users and systems.
        withheld: how many tokens the file wants not to be trained on.
        lengths: tokens of each transcript.
        twice: where a transcript stands that is the same, token for token, as one before it.
        without_evidence: where a transcript stands in which no token of the history is anybody's but the agent's.
        secrets: how many likely secrets there are, by kind.
        samples: the first transcripts.
    """

    transcripts: int = 0
    parts: Counter[tuple[str, str]] = field(default_factory=Counter)
    characters: Counter[tuple[str, str]] = field(default_factory=Counter)
    tokens: Counter[tuple[str, str]] = field(default_factory=Counter)
    supervised: Counter[str] = field(default_factory=Counter)
    straddles: int = 0
    misfiled: int = 0
    withheld: int = 0
    lengths: list[int] = field(default_factory=list)
    twice: list[Place] = field(default_factory=list)
    without_evidence: list[Place] = field(default_factory=list)
    secrets: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)
    _seen: set[bytes] = field(default_factory=set)

    def add(self, transcript: Transcript, tokens: Tokens, tokenizer: PreTrainedTokenizerBase) -> None:
        """Add one transcript, and its tokens."""
        digest = sha256(tokens.ids.tobytes()).digest()
        if digest in self._seen:
            self.twice.append(transcript.place)
        self._seen.add(digest)
        self.transcripts += 1
        self.lengths.append(len(tokens.ids))
        self.straddles += tokens.straddles
        self.withheld += int((~tokens.train & (tokens.authors != Author.NOBODY)).sum())
        self._count(transcript, tokens)
        for objective, weights in ARMS.items():
            self.supervised[objective] += int(find_counted(tokens, weights).sum())
        if not find_counted(tokens, EVIDENCE).any():
            self.without_evidence.append(transcript.place)
        if len(self.samples) < SHOWN:
            self.samples.append(Sample(transcript.place, tuple(list_runs(transcript, tokens, tokenizer))))

    def _count(self, transcript: Transcript, tokens: Tokens) -> None:
        """Count what each writer wrote."""
        form = transcript.format
        for part, length in count_parts(transcript, tokens):
            key = form, str(part.writer)
            self.parts[key] += 1
            self.characters[key] += len(part.text)
            self.tokens[key] += length
            self.misfiled += length * (part.writer is Writer.AGENT and part.role in MODELS_DO_NOT_SPEAK)
            self.secrets.update(secret.kind for secret in find_secrets(part.text))
        for name, length in count_unowned(tokens).items():
            self.tokens[form, name] += length


def find_counted(tokens: Tokens, weights: AuthorWeights) -> Bool[np.ndarray, " T"]:
    """Return which tokens contribute to the loss under ``weights``: never the first, which nothing predicts."""
    counted = (np.asarray(evidence(tokens.authors, weights)) > 0) & tokens.train
    counted[:1] = False
    return counted


def list_runs(transcript: Transcript, tokens: Tokens, tokenizer: PreTrainedTokenizerBase) -> Iterator[Run]:
    """Yield the tokens of a transcript as text, those in a row of one writer together, without likely secrets."""
    parts = list_parts(transcript)

    def writer(i: int) -> str:
        part = tokens.parts[i]
        return str(parts[part].writer) if part >= 0 else UNOWNED[Author(tokens.authors[i])]

    for name, run in groupby(range(len(tokens.ids)), key=writer):
        yield Run(name, redact(str(tokenizer.decode(tokens.ids[list(run)]))))
