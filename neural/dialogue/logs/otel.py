"""OpenTelemetry's spans of generative AI: a span a line, or a batch of them, as collectors write it (OTLP).

Every call of a model repeats the history before it, so only spans that no other goes on from become transcripts.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from neural.dialogue.logs.atif import as_sub_agents
from neural.dialogue.logs.fields import Field, text_of
from neural.dialogue.logs.messages import ROLES
from neural.dialogue.logs.parts import (
    ASSISTANT,
    SYSTEM,
    TOOL,
    Speaker,
    drop_empty,
    make_call,
    make_transcript,
    override,
    read_tools,
)
from neural.dialogue.transcript import Kind, Part, Transcript

GIVEN, MADE, TOLD = "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"
TOOLS, AGENT, CONVERSATION = "gen_ai.tool.definitions", "gen_ai.agent.name", "gen_ai.conversation.id"
CALLS = "chat", "generate_content", "text_completion"  # operations that call a model; others repeat what these say
DETAILS = "gen_ai.client.inference.operation.details"  # an event that has the attributes in the place of its span
NO_TEXT = "blob", "file", "uri"


class Span(NamedTuple):
    """A span, its attributes as one object, and when it began."""

    record: Field
    attributes: Field
    start: str


def is_trace(record: Mapping[str, object]) -> bool:
    """Return whether a record is a span, or a batch of spans."""
    span = "attributes" in record and any(key in record for key in ("traceId", "trace_id", "context"))
    return span or isinstance(record.get("resourceSpans"), list)


def split_conversations(records: Sequence[Field]) -> list[list[Span]]:
    """Return the spans that hold messages, by conversation, or by trace where none is named."""
    conversations: dict[str, list[Span]] = {}
    for record in (span for each in records for span in list_spans(each)):
        span = read_span(record)
        if any(span.attributes.get(key) for key in (GIVEN, MADE)):
            name = text_of(span.attributes, CONVERSATION) or find_trace(record)
            conversations.setdefault(name, []).append(span)
    if not conversations:
        records[0].refuse(f"no span holds {GIVEN} or {MADE}: record the content, by convention 1.37 or later")
    return list(conversations.values())


def list_spans(record: Field) -> Iterator[Field]:
    """Yield the spans of a record: itself, or those in it."""
    batches = record.get("resourceSpans")
    if batches is None:
        yield record
        return
    for batch in batches.entries():
        for scope in batch.need("scopeSpans").entries():
            spans = scope.get("spans")
            yield from spans.entries() if spans else ()


def read_span(record: Field) -> Span:
    """Return a span with the attributes of its own and of the event that may hold its messages."""
    found = record.get("attributes")
    values = dict(read_attributes(found).value) if found else {}
    events = record.get("events")
    for event in events.entries() if events else []:
        attributes = event.get("attributes")
        if attributes and text_of(event, "name") == DETAILS:
            values |= read_attributes(attributes).value
    start = record.get("startTimeUnixNano") or record.get("start_time")
    place = found.place if found else record.place
    return Span(record, Field(values, place), str(start.value) if start else "")


def read_attributes(attributes: Field) -> Field:
    """Return attributes as one object; OTLP writes a list of keys and values."""
    if not isinstance(attributes.value, list):
        attributes.get("")  # or say that it is no object
        return attributes
    pairs = {entry.need("key").text(): unwrap(entry.need("value")) for entry in attributes.entries()}
    return attributes._replace(value=pairs)


def unwrap(value: Field) -> Any:
    """Return a value that OTLP has wrapped in its type."""
    array, pairs = value.get("arrayValue"), value.get("kvlistValue")
    if array is not None:
        return [unwrap(entry) for entry in array.need("values").entries()]
    if pairs is not None:
        return read_attributes(pairs.need("values")).value
    return next(iter(value.value.values()), None)


def find_trace(span: Field) -> str:
    """Return the id of a span's trace."""
    context = span.get("context")
    return text_of(span, "traceId") or text_of(span, "trace_id") or (text_of(context, "trace_id") if context else "")


def read_conversation(spans: Sequence[Span]) -> list[Transcript]:
    """Return the transcripts of a conversation: those of its spans that no other goes on from.

    Spans of another agent than the one that begins are a sub-agent's; its task was set by the agent.
    """
    calls = [span for span in spans if text_of(span.attributes, "gen_ai.operation.name") in ("", *CALLS)]
    ordered = sorted(calls or spans, key=lambda span: span.start)
    first = text_of(ordered[0].attributes, AGENT)
    transcripts = []
    for span in ordered:
        own = text_of(span.attributes, AGENT) in ("", first)
        transcripts += [each if own else as_sub_agents(each) for each in read_call(span)]
    return drop_beginnings(transcripts)


def drop_beginnings(transcripts: Sequence[Transcript]) -> list[Transcript]:
    """Return those of ``transcripts`` with which no other begins. Reasoning is not compared: few send it back."""
    seen: set[int] = set()
    kept = []
    for transcript in sorted(transcripts, key=lambda transcript: -len(transcript.parts)):
        digests = [0]
        for part in (*transcript.context, *transcript.parts):
            if part.kind is not Kind.REASONING:
                digests.append(hash((digests[-1], part.role, part.kind, part.text, part.name)))
        if digests[-1] not in seen:
            kept.append(transcript)
        seen.update(digests)
    return [transcript for transcript in transcripts if any(transcript is each for each in kept)]


def read_call(span: Span) -> list[Transcript]:
    """Return the transcripts of one call of a model: one, or one for each of several answers."""
    told, tools = open_value(span.attributes, TOLD), open_value(span.attributes, TOOLS)
    parts = [part for each in (told.entries() if told else []) for part in read_part(each, SYSTEM)]
    given, made = open_value(span.attributes, GIVEN), open_value(span.attributes, MADE)
    messages = given.entries() if given else []
    parts += [part for i, message in enumerate(messages, 1) for part in read_message(message, i)]
    answers = [read_message(message, 1 + len(messages)) for message in (made.entries() if made else [])]
    if not parts and not any(answers):
        span.record.refuse("its messages say nothing")
    place, described = span.record.place, read_tools(tools)
    return [make_transcript([*parts, *answer], place, described) for answer in answers or [[]]]


def open_value(attributes: Field, key: str) -> Field | None:
    """Return what stands under ``key``; where it is JSON in a text, what that says."""
    found = attributes.get(key)
    return found.parse() if found and isinstance(found.value, str) else found


def read_message(message: Field, number: int) -> list[Part]:
    """Return the parts of a message."""
    speaker = message.need("role").choose(ROLES)._replace(message=number, name=text_of(message, "name"))
    parts = [part for each in message.need("parts").entries() for part in read_part(each, speaker)]
    return override(drop_empty(parts), message)


def read_part(part: Field, speaker: Speaker) -> list[Part]:
    """Return the parts that one part of a message makes, which its type describes."""
    which = part.need("type").text()
    if which in NO_TEXT:
        part.refuse(f"a part of type {which} is not text: remove it, or leave out the transcript")
    return part.need("type").choose(PARTS)(part, speaker)


def read_text(part: Field, speaker: Speaker) -> list[Part]:
    """Return a text; of a tool, it is a result."""
    return [speaker.say(Kind.RESULT if speaker.role == "tool" else Kind.TEXT, part.need("content"))]


def read_reasoning(part: Field, speaker: Speaker) -> list[Part]:
    """Return what a model thought."""
    return [speaker.say(Kind.REASONING, part.need("content"))]


def read_summary(part: Field, speaker: Speaker) -> list[Part]:
    """Return a summary of the conversation: the model's own words, under whatever role; nothing if it is encrypted."""
    content = part.get("content")
    return [] if content is None else [replace(speaker.say(Kind.TEXT, content), writer=ASSISTANT.writer)]


def read_tool_call(part: Field, speaker: Speaker) -> list[Part]:
    """Return the call of a tool."""
    arguments = part.get("arguments") or part.get("server_tool_call") or part._replace(value={})
    return [make_call(speaker, part, part.need("name"), arguments, text_of(part, "id"))]


def read_response(part: Field, speaker: Speaker) -> list[Part]:
    """Return what a tool answered."""
    found = (part.get(key) for key in ("response", "result", "server_tool_call_response"))
    answer = next((each for each in found if each is not None), part._replace(value=""))
    if not isinstance(answer.value, str):
        answer = answer._replace(value=json.dumps(answer.value, ensure_ascii=False))
    return [TOOL._replace(message=speaker.message, call=text_of(part, "id")).say(Kind.RESULT, answer)]


PARTS: dict[str, Callable[[Field, Speaker], list[Part]]] = {
    "text": read_text,
    "reasoning": read_reasoning,
    "compaction": read_summary,
    "tool_call": read_tool_call,
    "server_tool_call": read_tool_call,
    "tool_call_response": read_response,
    "server_tool_call_response": read_response,
}
