"""Claude Code: a session in JSON lines, whose records form a tree of messages.

Rewinds are branches: a transcript follows the path to the last leaf. A compaction begins a new transcript, because the
agent then reads nothing older than its summary. A sub-agent's records are a transcript of their own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from neural.dialogue.logs.fields import Field, is_set, text_of
from neural.dialogue.logs.parts import ASSISTANT, USER, Speaker, make_transcript, override, read_content
from neural.dialogue.transcript import Kind, Part, Transcript, Writer

LINKS = "uuid", "parentUuid", "sessionId", "leafUuid", "messageId"  # at least one is in every record of a session
SPEAKERS = {"user": USER, "assistant": ASSISTANT}
SIDECHAIN = "sidechain"  # the branch of a sub-agent without a name
SYNTHETIC = "<synthetic>"  # the model of a message that no model wrote
HARNESS = (  # how texts begin that the harness writes in the user's place
    "<command-name>",
    "<command-message>",
    "<local-command-",
    "<bash-stdout>",
    "<bash-stderr>",
    "<system-reminder>",
    "<task-notification>",
    "[Request interrupted by user",
)


class Event(NamedTuple):
    """A record: what it is, its place in the tree, whose branch it is on, and its message, if it has one."""

    order: int
    record: Field
    uuid: str
    parent: str
    compacted: bool  # whether what stands before it was
    branch: str  # "" for the agent's, otherwise a sub-agent's
    message: Field | None


def is_session(record: Mapping[str, object]) -> bool:
    """Return whether a file that begins with this record is a session."""
    if not isinstance(record.get("type"), str):
        return False
    spoken = record["type"] in SPEAKERS and isinstance(record.get("message"), dict)
    return spoken or any(isinstance(record.get(key), str) for key in LINKS)


def read_session(records: Sequence[Field]) -> list[Transcript]:
    """Return the transcripts of a session: the agent's, from compaction to compaction, and those of its sub-agents."""
    events = [_read_event(i, record) for i, record in enumerate(records)]
    tree = _index(events)
    events = _name_branches(event for event in events if not event.uuid or tree[event.uuid] is event)
    transcripts = []
    for branch in dict.fromkeys(["", *(event.branch for event in events)]):
        spoken = [event for event in events if event.message and event.branch == branch]
        if any(event.parent for event in spoken):
            segments = [_complete(segment, spoken) for segment in _cut(_trace(spoken[-1], tree))]
        else:
            segments = _cut(spoken)
        transcripts += [_read_segment(segment) for segment in segments if segment]
    return [transcript for transcript in transcripts if transcript.parts]


def _read_event(order: int, record: Field) -> Event:
    """Return a record as an event. A record without a message is bookkeeping, whatever its type."""
    which, message = record.need("type"), record.get("message")
    if message is not None:
        which.choose(SPEAKERS)
    parent = text_of(record, "parentUuid")
    if message is not None and parent:
        record.need("uuid")
    compacted = is_set(record, "isCompactSummary") or text_of(record, "subtype") == "compact_boundary"
    branch = text_of(record, "agentId") or SIDECHAIN if is_set(record, "isSidechain") else ""
    above = parent or text_of(record, "logicalParentUuid")
    return Event(order, record, text_of(record, "uuid"), above, compacted, branch, message)


def _index(events: Iterable[Event]) -> dict[str, Event]:
    """Return the events by uuid, of equal ones the first; refuse different ones with the same."""
    tree: dict[str, Event] = {}
    for event in events:
        if event.uuid and tree.setdefault(event.uuid, event).record.value != event.record.value:
            event.record.need("uuid").refuse(f"also that of line {tree[event.uuid].record.place.line}, which differs")
    return tree


def _name_branches(events: Iterable[Event]) -> list[Event]:
    """Return the events with the branches of unnamed sub-agents named after the first record of each."""
    roots: dict[str, str] = {}
    named = []
    for event in events:
        if event.branch == SIDECHAIN:
            roots[event.uuid] = roots.get(event.parent, event.uuid or SIDECHAIN)
            event = event._replace(branch=roots[event.uuid])
        named.append(event)
    return named


def _trace(leaf: Event, tree: Mapping[str, Event]) -> list[Event]:
    """Return the path from the root to ``leaf``. A parent that is not in this file ends it."""
    path = [leaf]
    seen = {leaf.order}
    while (event := tree.get(path[-1].parent)) is not None:
        if event.order in seen:
            leaf.record.refuse("is among its own ancestors")
        seen.add(event.order)
        path.append(event)
    return path[::-1]


def _cut(path: Iterable[Event]) -> list[list[Event]]:
    """Return the pieces of ``path`` between compactions."""
    segments: list[list[Event]] = [[]]
    for event in path:
        if event.compacted:
            segments.append([])
        segments[-1].append(event)
    return segments


def _complete(path: list[Event], spoken: Sequence[Event]) -> list[Event]:
    """Return the messages of ``path``, with what calls in parallel leave beside it.

    An answer of the model is several records, one a block, and the result of a call hangs on the record of the call. If
    there are several calls, the path leads through one of them.
    """
    on_path = {event.order for event in path}
    answers = {_answer(event) for event in path} - {""}
    parts = [event for event in spoken if event.order in on_path or _answer(event) in answers]
    calls = {call for event in parts for call in _ids(event, "tool_use", "id")}
    answered = {call for event in parts for call in _ids(event, "tool_result", "tool_use_id")}
    kept = {event.order for event in parts}
    for event in spoken:
        results = set(_ids(event, "tool_result", "tool_use_id"))
        if event.order not in kept and results and results <= calls - answered:
            kept.add(event.order)
            answered |= results
    return [event for event in spoken if event.order in kept]


def _answer(event: Event) -> str:
    """Return the id of the model's answer that a record is a part of, or an empty text."""
    return text_of(event.message, "id") if event.message else ""


def _ids(event: Event, which: str, key: str) -> Iterator[str]:
    """Yield the ids under ``key`` of the blocks of one type in a record's message."""
    content = event.message and event.message.get("content")
    if content and isinstance(content.value, list):
        for block in content.entries():
            if text_of(block, "type") == which:
                yield text_of(block, key)


def _read_segment(segment: Sequence[Event]) -> Transcript:
    """Return the transcript of messages. The results of parallel calls may stand between the records of one answer."""
    numbers: dict[str, int] = {}  # by the id of the model's answer
    parts: list[Part] = []
    for i, event in enumerate(segment):
        parts += _read_message(event, numbers.setdefault(_answer(event) or f"record {i}", i))
    return make_transcript(sorted(parts, key=lambda part: part.message), segment[0].record.place)


def _read_message(event: Event, number: int) -> list[Part]:
    """Return the parts of one record's message."""
    message = event.message or event.record
    speaker = message.need("role").choose({event.record.value["type"]: SPEAKERS[event.record.value["type"]]})
    writer = _find_writer(event, message, speaker)
    parts = read_content(message.need("content"), speaker._replace(writer=writer, message=number))
    if speaker.role == "user" and writer is not Writer.AGENT:
        parts = [_mark_harness(part) for part in parts]
    return override(override(parts, message), event.record)


def _find_writer(event: Event, message: Field, speaker: Speaker) -> Writer:
    """Return who wrote a message: a summary, a sub-agent's task and what no model wrote are not what they seem."""
    agent, its_user = (Writer.OTHER_AGENT, Writer.AGENT) if event.branch else (Writer.AGENT, Writer.HUMAN)
    if is_set(event.record, "isCompactSummary"):
        return agent
    if is_set(event.record, "isMeta"):
        return Writer.HARNESS
    if speaker.role == "user":
        return its_user
    made_up = text_of(message, "model") == SYNTHETIC or is_set(event.record, "isApiErrorMessage")
    return Writer.HARNESS if made_up else agent


def _mark_harness(part: Part) -> Part:
    """Return ``part`` as the harness's if it begins as the texts that the harness writes do."""
    written = part.kind is Kind.TEXT and part.text.startswith(HARNESS)
    return replace(part, writer=Writer.HARNESS) if written else part
