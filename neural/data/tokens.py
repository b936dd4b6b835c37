"""The one renderer: dialogues to token ids, and the author of every token (paper, section 5.3)."""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from transformers import PreTrainedTokenizerBase

from causal_agency import Gate
from neural.data.dialogue import Dialogue


class Author(IntEnum):
    """Who wrote a token. Only the agent's tokens are interventions (γ = 1)."""

    NOBODY = 0  # context and padding: not in the history
    PROTOCOL = 1  # the "User: " and "Agent: " before a turn: written by the interface, so evidence
    WORLD = 2
    AGENT = 3


class Tokens(NamedTuple):
    """A rendered dialogue: z_1 … z_T as ``ids`` [T] int32, and their ``authors`` [T] int8."""

    ids: np.ndarray
    authors: np.ndarray


def spans(dialogue: Dialogue) -> list[tuple[str, Author]]:
    """The texts that are tokenized each on its own, so that no token ever has two authors."""
    pieces = [(dialogue.context + "\n\n", Author.NOBODY)] if dialogue.context else []
    for speaker, slot in dialogue.turns:
        writer = Author.AGENT if slot.gate == Gate.AGENT else Author.WORLD
        pieces += [(f"{speaker}: ", Author.PROTOCOL), (f"{slot.symbol}\n", writer)]
    return pieces


def encode_spans(tokenizer: PreTrainedTokenizerBase, pieces: list[tuple[str, Author]]) -> Tokens:
    """Tokenize every piece alone. Strings that look like control tokens are plain text: nobody can forge a turn."""
    ids: list[int] = []
    authors: list[Author] = []
    for text, author in pieces:
        piece = tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
        ids += piece
        authors += [author] * len(piece)
    return Tokens(np.array(ids, np.int32), np.array(authors, np.int8))


def encode(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue) -> Tokens:
    """Render ``dialogue``. A turn's text and its newline belong to its writer."""
    return encode_spans(tokenizer, spans(dialogue))


def encode_prompt(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue) -> Tokens:
    """``dialogue`` up to the text of its last turn, which is for the model to write."""
    return encode_spans(tokenizer, spans(dialogue)[:-1])


class Batch(NamedTuple):
    """Rows of tokens, and those among them that can be scored: what is in the history, and is predicted by something.

    Context and padding are read, but what a model says of them is never worked out.
    """

    ids: np.ndarray  # [B, T] int32; 0 where filled up, on the right
    columns: np.ndarray  # [B, S] int32, where the tokens to be scored stand; 1 where filled up
    authors: np.ndarray  # [B, S] int8, who wrote them; NOBODY where filled up


def scored_columns(row: Tokens) -> np.ndarray:
    """Where the tokens of the history stand, but for a first one, which nothing predicts."""
    return 1 + np.flatnonzero(row.authors[1:] != Author.NOBODY)


def batch(rows: Sequence[Tokens], length: int, size: int) -> Batch:
    """Stack ``rows``, filled up to ``length`` tokens of which ``size`` are scored."""
    ids = np.zeros((len(rows), length), np.int32)
    columns = np.ones((len(rows), size), np.int32)
    authors = np.full((len(rows), size), Author.NOBODY, np.int8)
    for i, row in enumerate(rows):
        which = scored_columns(row)
        ids[i, : len(row.ids)] = row.ids
        columns[i, : len(which)] = which
        authors[i, : len(which)] = row.authors[which]
    return Batch(ids, columns, authors)
