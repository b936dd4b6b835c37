"""OpenAI Responses: ``{"instructions": …, "input": …, "output": [item, …]}``, and the items, which Codex writes too.

What stands in ``output`` the agent wrote. What stands under the role assistant in ``input`` is taken for the agent's,
too: an earlier answer that was sent back looks as a demonstration does, and to train on it would be to train on the
agent's own words. An ``author`` says otherwise.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from neural.dialogue.logs.fields import Field, text_of
from neural.dialogue.logs.parts import (
    ASSISTANT,
    DEVELOPER,
    SYSTEM,
    TOOL,
    USER,
    Speaker,
    make_call,
    make_transcript,
    override,
    read_content,
    read_result,
    read_tools,
)
from neural.dialogue.transcript import Kind, Part, Transcript

ROLES = {"system": SYSTEM, "developer": DEVELOPER, "user": USER, "assistant": ASSISTANT}
THOUGHTS = {"reasoning_text": None, "text": None, "summary_text": None}
ORDER = {Kind.REASONING: 0, Kind.TEXT: 1, Kind.CALL: 2}  # of the parts of one answer


def read_responses(record: Field) -> list[Transcript]:
    """Return the transcript of a request and its response."""
    parts = read_content(record.get("instructions"), SYSTEM._replace(message=-1))
    given, output = record.get("input"), record.get("output")
    if given is not None:
        parts += [USER.say(Kind.TEXT, given)] if isinstance(given.value, str) else read_items(given.entries())
    if output is not None:
        _check_output(output)
        parts += read_items(output.entries(), 1 + max((part.message for part in parts), default=0))
    if not parts:
        record.refuse("input and output say nothing")
    return [make_transcript(parts, record.place, read_tools(record.get("tools")))]


def _check_output(output: Field) -> None:
    """Refuse a message in the output that is not the assistant's."""
    for item in output.entries():
        role = item.get("role")
        if role is not None:
            role.choose({"assistant": None})


def read_items(items: Iterable[Field], start: int = 0, adapt: Callable[[Part], Part] | None = None) -> list[Part]:
    """Return the parts of items, each perhaps adapted. Reasoning, a text and calls in a row are one message."""
    parts: list[Part] = []
    for i, item in enumerate(items, start):
        found = read_item(item, i)
        found = override(found if adapt is None else list(map(adapt, found)), item)
        if parts and found and _continues(parts[-1], found[0]):
            found = [replace(part, message=parts[-1].message) for part in found]
        parts += found
    return parts


def _continues(before: Part, part: Part) -> bool:
    """Return whether ``part`` belongs to the answer that ``before`` is of."""
    if not before.role == part.role == "assistant" or before.writer is not part.writer:
        return False
    return ORDER[before.kind] < ORDER[part.kind] or before.kind is part.kind is Kind.CALL


def read_item(item: Field, number: int) -> list[Part]:
    """Return the parts of one item; one without a type is a message."""
    which = item.get("type")
    read = _read_message if which is None else which.choose(ITEMS)
    return read(item, number)


def _read_message(item: Field, number: int) -> list[Part]:
    """Return the parts of a message."""
    return read_content(item.need("content"), item.need("role").choose(ROLES)._replace(message=number))


def _read_reasoning(item: Field, number: int) -> list[Part]:
    """Return the reasoning, or else its summary; neither is there if it is encrypted."""
    speaker = ASSISTANT._replace(message=number)
    for key in ("content", "summary"):
        texts = item.get(key)
        if texts is not None and texts.value:
            return [_read_thought(text, speaker) for text in texts.entries()]
    return []


def _read_thought(text: Field, speaker: Speaker) -> Part:
    """Return one text of a reasoning."""
    text.need("type").choose(THOUGHTS)
    return speaker.say(Kind.REASONING, text.need("text"))


def _read_call(item: Field, number: int) -> list[Part]:
    """Return the call of a function."""
    call = text_of(item, "call_id")
    return [make_call(ASSISTANT._replace(message=number), item, item.need("name"), item.need("arguments"), call)]


def _read_custom_call(item: Field, number: int) -> list[Part]:
    """Return the call of a tool that takes a text, as its argument ``input``."""
    text = item.need("input")
    arguments = text._replace(value={"input": text.text()})
    call = text_of(item, "call_id")
    return [make_call(ASSISTANT._replace(message=number), item, item.need("name"), arguments, call)]


def _read_built_in(item: Field, number: int) -> list[Part]:
    """Return the call of a tool of the API's own: what it does are its arguments."""
    which = item.need("type")
    name = which._replace(value=which.text().removesuffix("_call"))
    call = text_of(item, "call_id") or text_of(item, "id")
    return [make_call(ASSISTANT._replace(message=number), item, name, item.need("action"), call)]


def _read_output(item: Field, number: int) -> list[Part]:
    """Return the result of a call: a text, a list of texts, or an object with its content."""
    output = item.need("output")
    content = output.need("content") if isinstance(output.value, dict) else output
    return read_result(item, content, TOOL._replace(message=number, call=text_of(item, "call_id")))


def _skip(item: Field, number: int) -> list[Part]:
    """Return nothing: the item says nothing that can be read."""
    return []


ITEMS: dict[str, Callable[[Field, int], list[Part]]] = {
    "message": _read_message,
    "reasoning": _read_reasoning,
    "function_call": _read_call,
    "custom_tool_call": _read_custom_call,
    **dict.fromkeys(("local_shell_call", "web_search_call"), _read_built_in),
    **dict.fromkeys(("function_call_output", "custom_tool_call_output", "local_shell_call_output"), _read_output),
    **dict.fromkeys(("compaction", "compaction_summary", "context_compaction", "ghost_snapshot"), _skip),
}
