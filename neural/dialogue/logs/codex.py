"""Codex: a session ("rollout") in JSON lines, whose ``response_item`` records are items of the Responses API.

``event_msg`` records repeat them for the screen. The harness's own texts (AGENTS.md, the environment) arrive under the
role user. A compaction begins a new transcript: the agent's summary, after the messages that are repeated.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from neural.dialogue.logs.fields import Field
from neural.dialogue.logs.parts import ASSISTANT, SYSTEM, make_transcript
from neural.dialogue.logs.responses import read_items
from neural.dialogue.transcript import Kind, Part, Transcript, Writer

TYPES = {which: which for which in ("session_meta", "response_item", "compacted", "turn_context", "event_msg")}
HARNESS = (  # how texts begin that the harness writes in the user's place
    "# AGENTS.md",
    "<user_instructions>",
    "<environment_context>",
    "<INSTRUCTIONS>",
    "<turn_aborted>",
    "<user_shell_command>",
    "<skill>",
    "<subagent_notification>",
)


def is_rollout(record: Mapping[str, object]) -> bool:
    """Return whether a file that begins with this record is a rollout."""
    return record.get("type") in TYPES and isinstance(record.get("payload"), dict)


def read_rollout(records: Sequence[Field]) -> list[Transcript]:
    """Return the transcripts of a session, from one compaction to the next."""
    kinds = [record.need("type").choose(TYPES) for record in records]
    metas = (record.need("payload") for record, kind in zip(records, kinds) if kind == "session_meta")
    meta = next(metas, None)
    adapt = _as_sub_agent if meta is not None and _is_sub_agent(meta) else _mark_harness
    starts = [0, *(i for i, kind in enumerate(kinds) if kind == "compacted"), len(records)]
    transcripts = []
    for start, end in pairwise(starts):
        parts = _read_instructions(meta) + _read_segment(records[start:end], adapt)
        if start < end:
            transcripts.append(make_transcript(parts, records[start].place))
    return [transcript for transcript in transcripts if transcript.parts]


def _is_sub_agent(meta: Field) -> bool:
    """Return whether a session is a sub-agent's."""
    source = meta.get("source")
    return source is not None and isinstance(source.value, dict) and "subagent" in source.value


def _read_instructions(meta: Field | None) -> list[Part]:
    """Return the instructions that every session begins with, if it holds them."""
    base = meta.get("base_instructions") if meta else None
    return [SYSTEM._replace(message=-1).say(Kind.TEXT, base.need("text"))] if base else []


def _read_segment(records: Sequence[Field], adapt: Callable[[Part], Part]) -> list[Part]:
    """Return the parts of the records up to the next compaction; the first record may be one."""
    parts: list[Part] = []
    if records and records[0].value["type"] == "compacted":
        parts = _read_compacted(records[0].need("payload"), adapt)
    items = [record.need("payload") for record in records if record.value["type"] == "response_item"]
    return parts + read_items(items, 1 + max((part.message for part in parts), default=0), adapt)


def _read_compacted(payload: Field, adapt: Callable[[Part], Part]) -> list[Part]:
    """Return what a compaction leaves: messages that stood before it, not to be trained on twice, and the summary."""
    history = payload.get("replacement_history")
    items = [] if history is None else history.entries()
    summary = adapt(ASSISTANT._replace(role="user", message=len(items)).say(Kind.TEXT, payload.need("message")))
    parts = [replace(part, train=False) for part in read_items(items, 0, adapt)]
    found = [part.role == "user" and bool(summary.text) and summary.text in part.text for part in parts]
    if not any(found):
        return [*parts, summary] if summary.text else parts
    return [replace(part, writer=summary.writer, train=None) if its else part for part, its in zip(parts, found)]


def _mark_harness(part: Part) -> Part:
    """Return ``part`` as the harness's if it begins as the texts that the harness writes do."""
    written = part.writer is Writer.HUMAN and part.text.startswith(HARNESS)
    return replace(part, writer=Writer.HARNESS) if written else part


def _as_sub_agent(part: Part) -> Part:
    """Return ``part`` of a sub-agent's session: another agent answers, and the agent, not a person, sets the task."""
    if part.writer is Writer.AGENT:
        return replace(part, writer=Writer.OTHER_AGENT)
    marked = _mark_harness(part)
    return replace(marked, writer=Writer.AGENT) if marked.writer is Writer.HUMAN else marked
