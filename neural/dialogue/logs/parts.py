"""What all formats have in common: who speaks, blocks of content, calls of tools, marks on a message, a transcript."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, NamedTuple

from neural.dialogue.logs.fields import Field, describe, text_of
from neural.dialogue.transcript import Kind, Part, Place, Transcript, Writer

NEAR = 0.82  # how alike a field's name and a mark are, of 1, if one is taken for a misspelling of the other
FLAGS = "weight", "loss", "train", "training", "trainable", "loss_mask"  # spellings of one wish
MARKS = "author", *FLAGS  # what a message may state
AUTHORS = {writer.value: writer for writer in Writer} | {writer.value.replace(" ", "_"): writer for writer in Writer}
CONTEXT = "system", "developer"  # roles whose messages before the first turn are the context

TEXTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}
THOUGHTS = {"thinking": "thinking", "reasoning": "reasoning"}
CALLS = "tool_use", "server_tool_use", "mcp_tool_use"
RESULTS = "tool_result", "mcp_tool_result"
SILENT = "redacted_thinking", "tool_reference"  # encrypted; a pointer to a tool's description
NO_TEXT = "image", "image_url", "input_image", "document", "audio", "input_audio", "file", "input_file", "video"


class Speaker(NamedTuple):
    """Who says the next parts, under which role, in which message, and, of a tool's result, in reply to which call."""

    writer: Writer
    role: str
    message: int = 0
    name: str = ""
    call: str = ""

    def say(self, kind: Kind, text: Field) -> Part:
        """Return a part that says ``text``."""
        return Part(self.writer, self.role, kind, text.text(), self.message, self.name, self.call, None, text.place)


SYSTEM = Speaker(Writer.HARNESS, "system")
DEVELOPER = Speaker(Writer.HARNESS, "developer")
USER = Speaker(Writer.HUMAN, "user")
ASSISTANT = Speaker(Writer.AGENT, "assistant")
TOOL = Speaker(Writer.TOOL, "tool")


def read_content(content: Field | None, speaker: Speaker, kind: Kind = Kind.TEXT) -> list[Part]:
    """Return the parts of a message's content: a text, a list of blocks, or nothing. Texts become parts of ``kind``."""
    if content is None:
        return []
    if isinstance(content.value, list):
        return [part for block in content.entries() for part in read_block(block, speaker, kind)]
    return [speaker.say(kind, content)]


def read_block(block: Field, speaker: Speaker, kind: Kind = Kind.TEXT) -> list[Part]:
    """Return the parts of one block of content, which its type describes."""
    which = block.need("type").text()
    if marked := [mark for mark in MARKS if mark in block.value]:
        block.refuse(f"{marked[0]} is read of a whole message, not of a block: write it there")
    if which in TEXTS:
        return [speaker.say(kind, block.need(TEXTS[which]))]
    if which in THOUGHTS:
        return [speaker.say(Kind.REASONING, block.need(THOUGHTS[which]))]
    if which in CALLS:
        return [make_call(speaker, block, block.need("name"), block.need("input"), text_of(block, "id"))]
    if which in RESULTS:
        tool = TOOL._replace(message=speaker.message, call=text_of(block, "tool_use_id"))
        return read_result(block, block.get("content"), tool)
    if which in SILENT:
        return []
    if which in NO_TEXT:
        block.refuse(f"a block of type {which} is not text: remove it, or leave out the transcript")
    return block.need("type").refuse(f"unknown: {describe(which)}; known are {', '.join((*TEXTS, *THOUGHTS))} …")


def read_result(message: Field, content: Field | None, tool: Speaker) -> list[Part]:
    """Return the parts of a tool's result, one without text if the tool said nothing."""
    return read_content(content, tool, Kind.RESULT) or [tool.say(Kind.RESULT, message._replace(value=""))]


def make_call(speaker: Speaker, whole: Field, name: Field, arguments: Field, call: str) -> Part:
    """Return the part of a tool's call."""
    text = write_arguments(arguments)
    return Part(speaker.writer, speaker.role, Kind.CALL, text, speaker.message, name.text(), call, None, whole.place)


def write_arguments(arguments: Field) -> str:
    """Return a call's arguments as JSON, the same for an object and for its text. An empty text means no arguments."""
    if arguments.value == "":
        return "{}"
    value = (arguments.parse() if isinstance(arguments.value, str) else arguments).value
    if not isinstance(value, dict):
        arguments.refuse(f"{describe(value)}, not an object")
    return json.dumps(value, ensure_ascii=False)


def read_tools(tools: Field | None) -> list[Mapping[str, Any]]:
    """Return descriptions of tools, a list of objects or its text."""
    if tools is None or tools.value == "":
        return []
    entries = (tools.parse() if isinstance(tools.value, str) else tools).entries()
    for entry in entries:
        if not isinstance(entry.value, dict):
            entry.refuse(f"{describe(entry.value)}, not an object")
    return [entry.value for entry in entries]


def read_author(message: Field) -> Writer | None:
    """Return the author that a message names, which overrides what the format says."""
    author = message.get("author")
    return None if author is None else author.choose(AUTHORS)


def read_train(message: Field) -> bool | None:
    """Return whether a message asks to be trained on, in any spelling; refuse two that disagree."""
    flags = [flag for flag in map(message.get, FLAGS) if flag is not None]
    wishes = {flag.flag() for flag in flags}
    if len(wishes) > 1:
        message.refuse(f"{' and '.join(flag.place.field.rpartition('.')[2] for flag in flags)} disagree")
    return wishes.pop() if wishes else None


@lru_cache(maxsize=1024)
def find_meant(key: str) -> str:
    """Return the mark on a message that ``key`` misspells; "" if it is one, or none at all."""
    near = get_close_matches(key.lower(), MARKS, 1, NEAR)
    return next((mark for mark in near if key[:1].lower() == mark[:1] and not key.startswith(mark)), "")


def override(parts: list[Part], message: Field) -> list[Part]:
    """Return ``parts`` with the author and the wish to be trained on that their message states, if it does."""
    author, train = read_author(message), read_train(message)
    for key in message.value:
        if mark := find_meant(key):
            message.refuse(f"{describe(key)} is no field that is read: write {mark}")
    if author is not None:
        parts = [replace(part, writer=author) for part in parts]
    return parts if train is None else [replace(part, train=train) for part in parts]


def drop_empty(parts: list[Part]) -> list[Part]:
    """Return ``parts`` without empty texts, as stand beside calls, unless that leaves none."""
    return [part for part in parts if part.text or part.kind is not Kind.TEXT] or parts[:1]


def make_transcript(parts: Sequence[Part], place: Place, tools: Sequence[Mapping[str, Any]] = ()) -> Transcript:
    """Return a transcript: parts with their messages numbered from 0, results with the names of their tools."""
    names = {part.call: part.name for part in parts if part.kind is Kind.CALL and part.call}
    numbered: list[Part] = []
    last: tuple[int, str, str] | None = None
    number = -1
    for part in parts:
        key = part.message, part.role, part.call if part.kind is Kind.RESULT else ""
        number, last = number + (key != last), key
        name = part.name or (names.get(part.call, "") if part.kind is Kind.RESULT else "")
        same = part.message == number and part.name == name
        numbered.append(part if same else replace(part, message=number, name=name))
    first = next((i for i, part in enumerate(numbered) if part.role not in CONTEXT), len(numbered))
    return Transcript(numbered[:first], numbered[first:], tools, place)


def read_each(messages: Iterable[Field], read: Callable[[Field, int], list[Part]]) -> list[Part]:
    """Return the parts of all messages, each read with its number."""
    return [part for i, message in enumerate(messages) for part in read(message, i)]
