"""From a transcript to tokens: by the tokenizer's chat template, or as plain text if it has none."""

import numpy as np
from transformers import PreTrainedTokenizerBase

from neural.dialogue.authors import Author
from neural.dialogue.plain_text import encode_plain
from neural.dialogue.render import Example
from neural.dialogue.tokens import Tokens, encode_transcript
from neural.dialogue.transcript import Transcript
from neural.errors import BadInput


def encode(tokenizer: PreTrainedTokenizerBase, transcript: Transcript) -> Tokens:
    """Render ``transcript``, and say whose every token is.

    Raise BadInput if the template does not show it, or who wrote what cannot be proved.
    """
    try:
        return (encode_transcript if tokenizer.chat_template else encode_plain)(tokenizer, transcript)
    except RecursionError:
        raise BadInput("it is nested too deeply to be rendered") from None


def cut(tokens: Tokens, most: int | None) -> Tokens:
    """Return the first ``most`` of ``tokens``; None for all."""
    return tokens._replace(**{name: getattr(tokens, name)[:most] for name in ("ids", "authors", "parts", "train")})


def to_example(tokens: Tokens) -> Example:
    """Return what is trained on of a transcript. What its file wants not to be trained on is read, and never scored."""
    return Example(tokens.ids, np.where(tokens.train, tokens.authors, Author.NOBODY).astype(np.int8))
