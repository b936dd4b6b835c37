"""ShareGPT: ``{"conversations": [{"from": …, "value": …}], "system": …, "tools": …}``."""

from typing import NamedTuple

from neural.dialogue.logs.fields import Field
from neural.dialogue.logs.parts import (
    ASSISTANT,
    SYSTEM,
    TOOL,
    USER,
    Speaker,
    make_call,
    make_transcript,
    override,
    read_content,
    read_each,
    read_tools,
)
from neural.dialogue.transcript import Kind, Part, Transcript


class Voice(NamedTuple):
    """What ``from`` says: who speaks, and what is said."""

    speaker: Speaker
    kind: Kind = Kind.TEXT


VOICES = {
    "system": Voice(SYSTEM),
    **dict.fromkeys(("human", "user"), Voice(USER)),
    **dict.fromkeys(("gpt", "assistant", "chatgpt", "bot", "model"), Voice(ASSISTANT)),
    **dict.fromkeys(("function_call", "tool_call"), Voice(ASSISTANT, Kind.CALL)),
    **dict.fromkeys(("observation", "tool", "tool_response", "function_response"), Voice(TOOL, Kind.RESULT)),
}


def read_sharegpt(record: Field) -> list[Transcript]:
    """Return the transcript of a record."""
    turns = record.need("conversations").entries()
    if not turns:
        record.refuse("conversations is empty")
    context = read_content(record.get("system"), SYSTEM._replace(message=-1))
    context = [part for part in context if part.text]  # sets write an empty system text where there is none
    return [make_transcript(context + read_each(turns, read_turn), record.place, read_tools(record.get("tools")))]


def read_turn(turn: Field, number: int) -> list[Part]:
    """Return the parts of one turn."""
    voice = turn.need("from").choose(VOICES)
    speaker, value = voice.speaker._replace(message=number), turn.need("value")
    if voice.kind is Kind.CALL:
        return override(_read_calls(value, speaker), turn)
    return override([speaker.say(voice.kind, value)], turn)


def _read_calls(value: Field, speaker: Speaker) -> list[Part]:
    """Return the calls of a turn: the JSON text of one, or of a list of them."""
    written = value.parse()
    calls = written.entries() if isinstance(written.value, list) else [written]
    if not calls:
        value.refuse("no call")
    return [make_call(speaker, call, call.need("name"), call.need("arguments"), "") for call in calls]
