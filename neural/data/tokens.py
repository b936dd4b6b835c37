"""The one renderer: dialogues to token ids, and the author of every token (paper, section 5.3)."""

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


def padded(rows: list[Tokens], length: int) -> Tokens:
    """Stack ``rows`` as [B, length], filled up on the right with id 0 by NOBODY."""
    ids = np.zeros((len(rows), length), np.int32)
    authors = np.zeros((len(rows), length), np.int8)
    for i, row in enumerate(rows):
        ids[i, : len(row.ids)] = row.ids
        authors[i, : len(row.ids)] = row.authors
    return Tokens(ids, authors)
