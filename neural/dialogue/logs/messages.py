"""OpenAI and Hugging Face: ``{"messages": [{"role": …, "content": …}], "tools": […]}``."""

from neural.dialogue.logs.fields import Field, is_set, text_of
from neural.dialogue.logs.parts import (
    ASSISTANT,
    DEVELOPER,
    SYSTEM,
    TOOL,
    USER,
    Speaker,
    drop_empty,
    make_call,
    make_transcript,
    override,
    read_content,
    read_each,
    read_result,
    read_tools,
)
from neural.dialogue.transcript import Kind, Part, Transcript, Writer

REASONING = "reasoning_content", "reasoning", "thinking"  # spellings of one field
ROLES = {"system": SYSTEM, "developer": DEVELOPER, "user": USER, "assistant": ASSISTANT, "tool": TOOL, "function": TOOL}
SOURCES = {"input": Writer.TEACHER, "generate": Writer.AGENT}  # of an assistant's message: given, or made by the model


def read_messages(record: Field) -> list[Transcript]:
    """Return the transcript of a record. Assistants' messages are the agent's, unless the file says otherwise."""
    messages = record.need("messages").entries()
    if not messages:
        record.refuse("messages is empty")
    tools = record.get("tools") or record.get("functions")
    return [make_transcript(read_each(messages, read_message), record.place, read_tools(tools))]


def read_message(message: Field, number: int) -> list[Part]:
    """Return the parts of one message: what its role says of the author, then what the message itself says."""
    speaker = message.need("role").choose(ROLES)._replace(message=number, name=text_of(message, "name"))
    return override(read_as(message, _find_writer(message, speaker)), message)


def _find_writer(message: Field, speaker: Speaker) -> Speaker:
    """Return ``speaker`` with the writer that ``is_demo`` and ``source`` tell of."""
    if is_set(message, "is_demo") and speaker.role != "tool":
        return speaker._replace(writer=Writer.TEACHER)
    source = message.get("source")
    if source is None:
        return speaker
    writer = source.choose(SOURCES)
    if speaker.role == "assistant":
        return speaker._replace(writer=writer)
    if writer is Writer.AGENT:
        source.refuse(f"a message of the role {speaker.role} that a model generated: name its author in `author`")
    return speaker


def read_as(message: Field, speaker: Speaker) -> list[Part]:
    """Return the parts of a message that ``speaker`` says: reasoning, content, calls; or a tool's result."""
    if speaker.role == "tool":
        tool = speaker._replace(call=text_of(message, "tool_call_id") or text_of(message, "id"))
        return read_result(message, message.get("content"), tool)
    thoughts = next(filter(None, map(message.get, REASONING)), None)
    parts = [] if thoughts is None else [speaker.say(Kind.REASONING, thoughts)]
    parts += read_content(message.get("content"), speaker) + read_content(message.get("refusal"), speaker)
    parts += read_calls(message, speaker)
    if not parts:
        message.refuse("content is missing")
    return drop_empty(parts)


def read_calls(message: Field, speaker: Speaker) -> list[Part]:
    """Return the calls of a message, in the forms of ``tool_calls`` and in the older one of ``function_call``."""
    calls = message.get("tool_calls")
    older = message.get("function_call")
    listed = ([] if calls is None else calls.entries()) + ([] if older is None else [older])
    return [_read_call(call, speaker) for call in listed]


def _read_call(call: Field, speaker: Speaker) -> Part:
    """Return one call: its function stands in it, or it is the function itself."""
    kind = call.get("type")
    if kind is not None:
        kind.choose({"function": None})
    function = call.get("function") or call
    return make_call(speaker, call, function.need("name"), function.need("arguments"), text_of(call, "id"))
