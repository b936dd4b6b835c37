"""The one renderer: from dialogues to token ids and the author of every token (paper, section 5.3)."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int
from transformers import PreTrainedTokenizerBase

from causal_agency import Gate
from neural.dialogue.authors import Author, AuthorWeights, evidence
from neural.dialogue.dialogue import Dialogue


class Example(NamedTuple):
    """A rendered dialogue: the token ids z_1 … z_T and the `Author` of each token."""

    ids: Int[np.ndarray, " T"]
    authors: Int[np.ndarray, " T"]


def indent(text: str) -> str:
    """Put a space before every line of ``text`` except the first."""
    return text.replace("\n", "\n ")


def spans(dialogue: Dialogue) -> list[tuple[str, Author]]:
    """Split ``dialogue`` into the texts that are tokenized separately, so that no token has two authors.

    A turn's text and its newline belong to the turn's writer. Further lines of a text are indented by a space, so a
    line that begins without one begins a turn, and no text can forge one. Different dialogues have different bytes:
    there is no empty line after the context.
    """
    pieces = [(dialogue.context + "\n\n", Author.NOBODY)] if dialogue.context else []
    for speaker, slot in dialogue.turns:
        writer = Author.AGENT if slot.gate == Gate.AGENT else Author.WORLD
        pieces += [(f"{speaker}: ", Author.PROTOCOL), (indent(str(slot.symbol)) + "\n", writer)]
    return pieces


def encode_text(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Tokenize one piece. Text that looks like a control token stays text, so nobody can end a dialogue."""
    return tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)


def _encode_spans(tokenizer: PreTrainedTokenizerBase, pieces: list[tuple[str, Author]]) -> Example:
    """Tokenize each piece by itself."""
    ids: list[int] = []
    authors: list[Author] = []
    for text, author in pieces:
        piece = encode_text(tokenizer, text)
        ids += piece
        authors += [author] * len(piece)
    return Example(np.array(ids, np.int32), np.array(authors, np.int8))


def encode(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue) -> Example:
    """Render the whole of ``dialogue``."""
    return _encode_spans(tokenizer, spans(dialogue))


def encode_prompt(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue) -> Example:
    """Render ``dialogue`` up to the text of its last turn, which the model is to write."""
    return _encode_spans(tokenizer, spans(dialogue)[:-1])


def scored_columns(example: Example) -> Int[np.ndarray, " S"]:
    """Return the positions of the tokens that can be scored: those of the history, except the very first token.

    Nothing predicts that one.
    """
    return 1 + np.flatnonzero(example.authors[1:] != Author.NOBODY)


def find_supervised(example: Example, weights: AuthorWeights) -> Bool[np.ndarray, " T"]:
    """Return which tokens contribute to the loss under ``weights``."""
    scored, columns = np.zeros(len(example.ids), bool), scored_columns(example)
    scored[columns] = evidence(example.authors[columns], weights) > 0
    return scored
