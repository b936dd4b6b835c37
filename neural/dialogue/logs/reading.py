"""From a source of logs to transcripts: which format it has, and what to do with what cannot be read."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from neural.dialogue.logs.atif import is_atif, read_atif
from neural.dialogue.logs.claude_code import is_session, read_session
from neural.dialogue.logs.codex import is_rollout, read_rollout
from neural.dialogue.logs.fields import Field, describe, refuse
from neural.dialogue.logs.inspect import is_evaluation, read_sample, split_samples
from neural.dialogue.logs.messages import read_messages
from neural.dialogue.logs.otel import is_trace, read_conversation, split_conversations
from neural.dialogue.logs.plain import read_plain
from neural.dialogue.logs.responses import read_responses
from neural.dialogue.logs.sharegpt import read_sharegpt
from neural.dialogue.logs.sources import File, find_files, name_problem, read_records
from neural.dialogue.logs.swe_agent import is_trajectory, read_trajectory
from neural.dialogue.logs.tau import is_simulation, read_simulation, split_results
from neural.dialogue.transcript import Place, Transcript
from neural.errors import BadInput

T = TypeVar("T")
Record = Mapping[str, Any]
OnBad = Callable[[BadInput], object]


class Format(NamedTuple):
    """A format of logs.

    Attributes:
        fits: whether a file whose first record is this one has the format.
        read: from a record to its transcripts; of a session, from all records of the file.
        split: from a record, or all of a session, to the parts that are read, and refused, each on its own.
        session: whether a file is one session, whose records are its events.
    """

    fits: Callable[[Record], bool]
    read: Callable[[Any], list[Transcript]]
    split: Callable[[Any], Iterable[Any]] = lambda record: [record]
    session: bool = False


def _has_list(*keys: str) -> Callable[[Record], bool]:
    """Return whether a record holds a list under one of ``keys``."""
    return lambda record: any(isinstance(record.get(key), list) for key in keys)


# The first that fits is taken, unless it is one of several that a list tells.
FORMATS: dict[str, Format] = {
    "claude-code": Format(is_session, read_session, session=True),
    "codex": Format(is_rollout, read_rollout, session=True),
    "atif": Format(is_atif, read_atif),
    "inspect": Format(is_evaluation, read_sample, split_samples),
    "otel": Format(is_trace, read_conversation, split_conversations, session=True),
    "tau": Format(is_simulation, read_simulation, split_results),
    "swe-agent": Format(is_trajectory, read_trajectory),
    "messages": Format(_has_list("messages"), read_messages),
    "sharegpt": Format(_has_list("conversations"), read_sharegpt),
    "responses": Format(_has_list("output", "input"), read_responses),
    "plain": Format(_has_list("turns"), read_plain),
}
LISTS = "messages", "sharegpt", "responses", "plain"  # formats that a list under one key tells, and nothing else


def read_transcripts(
    source: str | Path,
    format: str | None = None,  # noqa: A002
    on_bad: OnBad | None = None,
) -> Iterator[Transcript]:
    r"""Read agents' logs: who wrote what, in the form that rendering and training take (section 5.1).

    Files of JSON lines are streamed, a record in memory at a time; a session and a ``.json`` file are read whole. A
    transcript is read whole or not at all. docs/logs.md describes the formats, and who is taken for the author.

    Args:
        source: a file that ends in .jsonl, .json or .traj, perhaps with .gz; a folder of such files; or "-" for JSON
            lines from standard input.
        format: the name of a format, such as "messages"; by default the first record of each file tells.
        on_bad: called with the error, instead of raising it, when a transcript, or a file, cannot be read. Reading goes
            on with the next one.

    Returns:
        An iterator over the transcripts.

    Raises:
        BadInput: if there is nothing to read, ``format`` is unknown, or, without ``on_bad``, something cannot be read:
            an unknown role, author or type of block, a field of another type, or damaged JSON. The error names the
            file, the line and the field.

    Example:
        >>> from pathlib import Path
        >>> line = '{"messages": [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "5"}]}\n'
        >>> _ = Path("log.jsonl").write_text(line + line.replace('"2 + 2?"', "4"))
        >>> for transcript in read_transcripts("log.jsonl", on_bad=print):
        ...     print([(str(part.writer), part.text) for part in transcript.parts])
        [('human', '2 + 2?'), ('agent', '5')]
        log.jsonl, line 2, messages[0].content: 4, not a text
    """
    if format is not None and format not in FORMATS:
        raise BadInput(f"unknown format {describe(format)}; known are {', '.join(FORMATS)}")
    files = find_files(source)
    return chain.from_iterable(_read_file(file, format, on_bad or _raise) for file in files)


def _raise(problem: BadInput) -> None:
    """Raise ``problem``."""
    raise problem


def _read_file(file: File, name: str | None, on_bad: OnBad) -> Iterator[Transcript]:
    """Yield the transcripts of a file, in the format named or in the one that its first good record has."""
    records, damaged = read_records(file), False
    for first in records:
        problem, found = _try_to_recognize(first, name)
        if problem is None:
            break
        on_bad(problem)
        damaged = True
    else:
        if not damaged:
            on_bad(name_problem(Place(file.name), "contains no records"))
        return
    form = FORMATS[found]
    if form.session and damaged:
        return
    read = _read_session if form.session else _read_each
    for transcript in read(chain([first], records), form, on_bad):
        yield replace(transcript, format=found)


def _try_to_recognize(first: Field | BadInput, name: str | None) -> tuple[BadInput | None, str]:
    """Return what is wrong with a first record, or the name of its format, unless ``name`` is given."""
    if isinstance(first, BadInput):
        return first, ""
    try:
        return None, name or recognize(first)
    except BadInput as problem:
        return problem, ""


def recognize(first: Field) -> str:
    """Return the name of the format of a file with this first record; raise BadInput if there is none, or several."""
    if not isinstance(first.value, dict):
        first.refuse(f"{describe(first.value)}, not an object, so no known format: {', '.join(FORMATS)}")
    found = [name for name, form in FORMATS.items() if form.fits(first.value)]
    if not found:
        keys = ", ".join(map(describe, list(first.value)[:8])) or "none"
        first.refuse(f"no known format has its keys ({keys}); known are {', '.join(FORMATS)}")
    if found[0] in LISTS and len(found) > 1:
        first.refuse(f"could be {' or '.join(found)}, which may differ: name the format")
    return found[0]


def _read_each(records: Iterable[Field | BadInput | None], form: Format, on_bad: OnBad) -> Iterator[Transcript]:
    """Yield the transcripts of records that do not depend on each other."""
    for record in records:
        if isinstance(record, BadInput):
            on_bad(record)
        elif record is not None:
            for piece in _attempt(form.split, record, record.place, on_bad):
                yield from _attempt(form.read, piece, piece.place, on_bad)


def _read_session(records: Iterable[Field | BadInput | None], form: Format, on_bad: OnBad) -> Iterator[Transcript]:
    """Yield the transcripts of a session, unless one of its records is damaged."""
    events: list[Field] = []
    for record in records:
        if isinstance(record, BadInput):
            on_bad(record)
            return
        if record is not None:
            events.append(record)
    for piece in _attempt(form.split, events, events[0].place, on_bad) if events else []:
        yield from _attempt(form.read, piece, events[0].place, on_bad)


def _attempt(read: Callable[[Any], Iterable[T]], given: Any, place: Place, on_bad: OnBad) -> list[T]:
    """Return what ``read`` makes of what it is given, or nothing after ``on_bad`` was told why."""
    try:
        try:
            return list(read(given))
        except RecursionError:
            refuse(place, "nested too deeply")
    except BadInput as problem:
        on_bad(problem)
        return []
