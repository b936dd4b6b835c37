"""Our own: ``{"context": …, "turns": [{"author": …, "text": …}]}``."""

from dataclasses import replace

from neural.dialogue.logs.fields import Field, text_of
from neural.dialogue.logs.parts import (
    AUTHORS,
    SYSTEM,
    Speaker,
    make_transcript,
    read_content,
    read_each,
    read_tools,
    read_train,
    write_arguments,
)
from neural.dialogue.transcript import Kind, Part, Transcript, Writer

ROLES = {role: role for role in ("system", "developer", "user", "assistant", "tool")}
KINDS = {kind.value: kind for kind in Kind}
USUAL_ROLES = {
    Writer.AGENT: "assistant",
    Writer.OTHER_AGENT: "assistant",
    Writer.TEACHER: "assistant",
    Writer.HUMAN: "user",
    Writer.SIMULATED_USER: "user",
    Writer.TOOL: "tool",
    Writer.HARNESS: "user",
}


def read_plain(record: Field) -> list[Transcript]:
    """Return the transcript of a record. Every turn names its author; role and kind have usual values."""
    turns = record.need("turns").entries()
    if not turns:
        record.refuse("turns is empty")
    context = read_content(record.get("context"), SYSTEM._replace(message=-1))
    tools = read_tools(record.get("tools"))
    return [make_transcript(context + read_each(turns, read_turn), record.place, tools)]


def read_turn(turn: Field, number: int) -> list[Part]:
    """Return the part that a turn is."""
    writer = turn.need("author").choose(AUTHORS)
    role, kind = turn.get("role"), turn.get("kind")
    usual = Kind.RESULT if writer is Writer.TOOL else Kind.TEXT
    which = usual if kind is None else kind.choose(KINDS)
    shown = USUAL_ROLES[writer] if role is None else role.choose(ROLES)
    speaker = Speaker(writer, shown, number, text_of(turn, "name"), text_of(turn, "call"))
    text = turn.need("text")
    said = text._replace(value=write_arguments(text)) if which is Kind.CALL else text
    return [replace(speaker.say(which, said), train=read_train(turn))]
