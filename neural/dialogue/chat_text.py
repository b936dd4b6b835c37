"""Dialogues and transcripts under a chat template: the tokens of a prompt, and of a whole turn."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Int
from transformers import PreTrainedTokenizerBase

from causal_agency import Gate, do
from neural.dialogue.dialogue import Dialogue, Turn
from neural.dialogue.render import Example
from neural.dialogue.template import list_parts
from neural.dialogue.tokens import Tokens, encode_transcript
from neural.dialogue.transcript import Kind, Part, Transcript, Writer

ANSWERS = "Agent"  # the speaker whose turns are the assistant's
STAND_IN = "x"  # for a reply that is still to be written


def make_part(turn: Turn, number: int) -> Part:
    """Return a turn of a dialogue as a message; what the world says in the Agent's place is a teacher's."""
    taught = Writer.AGENT if turn.slot.gate == Gate.AGENT else Writer.TEACHER
    writer, role = (taught, "assistant") if turn.speaker == ANSWERS else (Writer.HUMAN, "user")
    return Part(writer, role, Kind.TEXT, str(turn.slot.symbol), number)


def make_transcript(context: str, turns: Sequence[Turn]) -> Transcript:
    """Return a dialogue as a transcript: its context is a system message."""
    system = [Part(Writer.HARNESS, "system", Kind.TEXT, context, 0)] if context else []
    return Transcript(system, [make_part(turn, i) for i, turn in enumerate(turns, len(system))])


def encode_last(tokenizer: PreTrainedTokenizerBase, transcript: Transcript) -> tuple[Tokens, Int[np.ndarray, " n"]]:
    """Return the tokens of ``transcript``, and the places of those that belong to its last part."""
    tokens = encode_transcript(tokenizer, transcript)
    return tokens, np.flatnonzero(tokens.parts == len(list_parts(transcript)) - 1)


def encode_request(tokenizer: PreTrainedTokenizerBase, transcript: Transcript) -> Int[np.ndarray, " T"]:
    """Return the tokens of ``transcript`` and of the header of an answer to it, as a rendered answer follows them.

    Raises:
        BadInput: if the template does not show it.
    """
    number = 1 + max((part.message for part in list_parts(transcript)), default=-1)
    reply = Part(Writer.AGENT, "assistant", Kind.TEXT, STAND_IN, number)
    tokens, last = encode_last(tokenizer, replace(transcript, parts=(*transcript.parts, reply)))
    return tokens.ids[: last[0]]


def encode_chat(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue) -> Example:
    """Render ``dialogue`` with the chat template, up to the token that ends its last turn."""
    tokens, last = encode_last(tokenizer, make_transcript(dialogue.context, dialogue.turns))
    return Example(tokens.ids[: last[-1] + 1], tokens.authors[: last[-1] + 1])


def encode_chat_prompt(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue) -> Example:
    """Render ``dialogue`` with the chat template, up to the text of its last turn, which the model is to write."""
    turns = [*dialogue.turns[:-1], Turn(dialogue.turns[-1].speaker, do(STAND_IN))]
    tokens, last = encode_last(tokenizer, make_transcript(dialogue.context, turns))
    return Example(tokens.ids[: last[0]], tokens.authors[: last[0]])
