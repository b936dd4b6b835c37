"""Dialogues and transcripts under a chat template: the tokens of a prompt, and of a whole turn."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Int
from transformers import PreTrainedTokenizerBase

from causal_agency import Gate
from neural.dialogue.dialogue import Dialogue, Turn
from neural.dialogue.render import Example
from neural.dialogue.template import list_parts
from neural.dialogue.tokens import Tokens, encode_transcript
from neural.dialogue.transcript import Kind, Part, Transcript, Writer

ANSWERS = "Agent"  # the speaker whose turns are the assistant's
STAND_INS = "The", "x"  # for a reply that is still to be written


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


def encode_header(tokenizer: PreTrainedTokenizerBase, transcript: Transcript) -> Example:
    """Return the tokens of ``transcript`` before the text of its last part, whatever that text is.

    A tokenizer may join a space before the text to its first word. Such a token is not among them: it is for the model
    to write.
    """
    *before, last = transcript.parts
    written = [replace(transcript, parts=(*before, replace(last, text=text))) for text in STAND_INS]
    (tokens, places), *others = (encode_last(tokenizer, each) for each in written)
    n = min(int(places[0]), *(count_shared(tokens.ids, other.ids) for other, _ in others))
    return Example(tokens.ids[:n], tokens.authors[:n])


def count_shared(one: Int[np.ndarray, " T"], other: Int[np.ndarray, " U"]) -> int:
    """Return with how many tokens two texts begin alike."""
    n = min(len(one), len(other))
    return int(np.cumprod(one[:n] == other[:n]).sum())


def encode_request(tokenizer: PreTrainedTokenizerBase, transcript: Transcript) -> Int[np.ndarray, " T"]:
    """Return the tokens of ``transcript`` and of the header of an answer to it, as a rendered answer follows them.

    Raises:
        BadInput: if the template does not show it.
    """
    number = 1 + max((part.message for part in list_parts(transcript)), default=-1)
    reply = Part(Writer.AGENT, "assistant", Kind.TEXT, "", number)
    return encode_header(tokenizer, replace(transcript, parts=(*transcript.parts, reply))).ids


def encode_chat(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue) -> Example:
    """Render ``dialogue`` with the chat template, up to the token that ends its last turn."""
    tokens, last = encode_last(tokenizer, make_transcript(dialogue.context, dialogue.turns))
    return Example(tokens.ids[: last[-1] + 1], tokens.authors[: last[-1] + 1])


def encode_chat_prompt(tokenizer: PreTrainedTokenizerBase, dialogue: Dialogue) -> Example:
    """Render ``dialogue`` with the chat template, up to the text of its last turn, which the model is to write."""
    return encode_header(tokenizer, make_transcript(dialogue.context, dialogue.turns))
