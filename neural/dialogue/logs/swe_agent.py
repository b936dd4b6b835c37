"""SWE-agent (``.traj``, its ``history``) and mini-swe-agent (``.traj.json``, its ``messages``).

The first thing said under the role user is the task. After the agent has begun, it is what the environment prints,
unless results come under the role tool.
"""

from collections.abc import Mapping
from dataclasses import replace

from neural.dialogue.logs.fields import Field, is_set, text_of
from neural.dialogue.logs.messages import read_as, read_message
from neural.dialogue.logs.parts import USER, make_transcript, override
from neural.dialogue.logs.responses import read_items
from neural.dialogue.transcript import Kind, Part, Transcript, Writer

EXIT = "exit"  # the role of mini-swe-agent's last message, which the agent never reads
INTERRUPTED = "UserInterruption"  # a person's words while mini-swe-agent works


def is_trajectory(record: Mapping[str, object]) -> bool:
    """Return whether a record is a trajectory, or a record of a data set of them."""
    messages = record.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    marked = isinstance(first, dict) and ("message_type" in first or ("agent" in first and "role" in first))
    return marked or "trajectory_format" in record or isinstance(record.get("history"), list)


def read_trajectory(record: Field) -> list[Transcript]:
    """Return the transcript of a trajectory."""
    history = record.get("history") or record.need("messages")
    messages = (history.parse() if isinstance(history.value, str) else history).entries()
    if not messages:
        history.refuse("empty")
    printed = not any(_is_result(message) for message in messages)
    begun = {False: False, True: False}  # whether the assistant has spoken; in a demonstration
    agent = None
    parts: list[Part] = []
    for i, message in enumerate(messages):
        demo = is_set(message, "is_demo")
        found = _read(message, i, printed and begun[demo])
        if found and found[0].role == "assistant":
            begun[demo] = True
            name = text_of(message, "agent")
            agent = name if agent is None and not demo else agent
            found = found if demo or name == agent else [_as_other(part) for part in found]
        parts += override(found, message)
    return [make_transcript(parts, record.place)]


def _is_result(message: Field) -> bool:
    """Return whether a message is a tool's result by its role, or by its type, as an item of the Responses API is."""
    return text_of(message, "role") == "tool" or text_of(message, "type").endswith("_output")


def _as_other(part: Part) -> Part:
    """Return ``part`` as another agent's, if it is an agent's."""
    return replace(part, writer=Writer.OTHER_AGENT) if part.writer is Writer.AGENT else part


def _read(message: Field, number: int, printed: bool) -> list[Part]:
    """Return the parts of a message: one of a chat, an item, or a whole response of the Responses API."""
    role = text_of(message, "role")
    if role == EXIT:
        return []
    if role == "user":
        return read_as(message, USER._replace(writer=_find_writer(message, printed), message=number))
    if role:
        return [_name_call(part, message) for part in read_message(message, number)]
    whole = message.need("output").entries() if text_of(message, "object") == "response" else [message]
    return [replace(part, message=number) for part in read_items(whole)]


def _find_writer(message: Field, printed: bool) -> Writer:
    """Return who wrote what stands under the role user."""
    extra = message.get("extra")
    interrupt = text_of(extra, "interrupt_type") if extra else ""
    if interrupt:
        return Writer.HUMAN if interrupt == INTERRUPTED else Writer.HARNESS
    if text_of(message, "message_type") == "demonstration":
        return Writer.TEACHER
    if printed:
        return Writer.TOOL
    return Writer.TEACHER if is_set(message, "is_demo") else Writer.HUMAN


def _name_call(part: Part, message: Field) -> Part:
    """Return a result with the id of its call, which SWE-agent keeps in a list."""
    ids = message.get("tool_call_ids")
    if ids is None or part.call or part.kind is not Kind.RESULT:
        return part
    return replace(part, call=next((entry.text() for entry in ids.entries()), ""))
