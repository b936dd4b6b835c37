"""How a model is talked to: in lines of plain text, or in the turns of its chat template."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int
from transformers import PreTrainedTokenizerBase

from neural.dialogue.chat_text import encode_chat, encode_chat_prompt
from neural.dialogue.dialogue import Dialogue
from neural.dialogue.render import Example, encode, encode_prompt
from neural.model.generate import MAX_NEW_TOKENS, line_ends, read_reply, read_turn, turn_ends

MAX_TURN_TOKENS = 256  # of a reply that may have several lines
Tokenizer = PreTrainedTokenizerBase


class Speech(NamedTuple):
    """How a dialogue becomes tokens, and tokens become a reply.

    Attributes:
        encode: renders a dialogue to the end of its last turn.
        encode_prompt: renders it up to the text of its last turn, which the model is to write.
        find_ends: tells which tokens end a reply.
        read: returns the text of a reply, whose unwritten tokens are −1.
        most: how many tokens a reply may have.
    """

    encode: Callable[[Tokenizer, Dialogue], Example]
    encode_prompt: Callable[[Tokenizer, Dialogue], Example]
    find_ends: Callable[[Tokenizer], Bool[np.ndarray, " vocabulary"]]
    read: Callable[[Tokenizer, Int[np.ndarray, " n"]], str]
    most: int

    def room(self, positions: int) -> int:
        """Return how many tokens a reply may have of a model of so many positions: at most half of them."""
        return min(self.most, positions // 2)


LINES = Speech(encode, encode_prompt, line_ends, read_reply, MAX_NEW_TOKENS)  # User: … and Agent: …
TURNS = Speech(encode_chat, encode_chat_prompt, turn_ends, read_turn, MAX_TURN_TOKENS)


def choose_speech(tokenizer: PreTrainedTokenizerBase) -> Speech:
    """Return how logs are rendered for this tokenizer: by its chat template, if it has one."""
    return TURNS if tokenizer.chat_template else LINES
