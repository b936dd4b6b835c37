"""Transcripts as plain text, ``User: …`` and ``Agent: …``, for tokenizers without a chat template."""

import json

import numpy as np
from transformers import PreTrainedTokenizerBase

from causal_agency import do, see
from neural.dialogue.authors import Author
from neural.dialogue.dialogue import Dialogue, Turn
from neural.dialogue.render import encode_text, spans
from neural.dialogue.template import AS_IS, make_call, write_tools
from neural.dialogue.tokens import Tokens
from neural.dialogue.transcript import Kind, Part, Transcript

SPEAKERS = {"user": "User", "assistant": "Agent", "tool": "Tool"}  # other roles are the System
KINDS = {Kind.REASONING: "Thought", Kind.CALL: "Call"}


def make_turn(part: Part) -> Turn:
    """Return one part as a turn: thoughts and calls of tools have names of their own, and a call is shown as JSON."""
    speaker = KINDS.get(part.kind) or SPEAKERS.get(part.role, "System")
    call = make_call(0, part, AS_IS, False)["function"] if part.kind is Kind.CALL else {}
    text = json.dumps(call, ensure_ascii=False) if call else part.text
    return Turn(speaker, (do if part.writer.author is Author.AGENT else see)(text))


def make_dialogue(transcript: Transcript) -> Dialogue:
    """Return ``transcript`` as a dialogue: its context and tools as one text, and a turn for every part.

    Example:
        >>> from neural.dialogue.transcript import Writer
        >>> question = Part(Writer.HUMAN, "user", Kind.TEXT, "Who wrote Hamlet?", 0)
        >>> make_dialogue(Transcript([], [question]))
        Dialogue(context='', turns=(Turn(speaker='User', slot=see('Who wrote Hamlet?')),))
    """
    context = [part.text for part in transcript.context] + [write_tools(transcript.tools)] * bool(transcript.tools)
    return Dialogue("\n\n".join(context), [make_turn(part) for part in transcript.parts])


def encode_plain(tokenizer: PreTrainedTokenizerBase, transcript: Transcript) -> Tokens:
    """Render ``transcript`` as plain text, and say whose every token is. Spans are tokenized apart, so none straddles.

    Args:
        tokenizer: any tokenizer.
        transcript: what was said.
    """
    dialogue, ids, authors, parts = make_dialogue(transcript), [], [], []
    number = len(transcript.context) - 1
    for text, author in spans(dialogue):
        piece = encode_text(tokenizer, text)
        number += author is Author.PROTOCOL
        ids += piece
        authors += [author] * len(piece)
        parts += [number if author in (Author.WORLD, Author.AGENT) else -1] * len(piece)
    withheld = [i for i, part in enumerate(transcript.parts, len(transcript.context)) if part.train is False]
    owners = np.array(parts, np.int32)
    return Tokens(np.array(ids, np.int32), np.array(authors, np.int8), owners, ~np.isin(owners, withheld), 0)
