"""Inspect's logs of evaluations, as JSON: ``{"version", "eval", "samples": [{"messages": […]}]}``, or one sample.

Each message may say whether it was given (``source: "input"``) or made by the model (``"generate"``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from neural.dialogue.logs.fields import Field, is_set, text_of
from neural.dialogue.logs.messages import ROLES
from neural.dialogue.logs.parts import (
    TOOL,
    Speaker,
    drop_empty,
    make_call,
    make_transcript,
    override,
    read_block,
    read_content,
    read_result,
)
from neural.dialogue.transcript import Kind, Part, Transcript, Writer

SOURCES = {
    "assistant": {"input": Writer.TEACHER, "generate": Writer.AGENT},
    "user": {"input": Writer.HUMAN, "generate": Writer.SIMULATED_USER},
}
ATTACHED = "attachment://"  # begins what stands among the attachments of the sample


def is_evaluation(record: Mapping[str, object]) -> bool:
    """Return whether a record is a log of Inspect's, or a sample of one."""
    sample = isinstance(record.get("messages"), list) and "epoch" in record and "target" in record
    return sample or (isinstance(record.get("eval"), dict) and "status" in record)


def split_samples(record: Field) -> Iterable[Field]:
    """Return the samples of a record, or the record if it is one."""
    if record.get("eval") is None:
        return [record]
    samples = record.get("samples")
    if samples is None:
        record.refuse("samples is missing: this log was written, or read, without them")
    return samples.entries()


def read_sample(record: Field) -> list[Transcript]:
    """Return the transcripts of a sample: one, and another from each summary on, before which the model reads nothing.

    What it is given again beside the summary has the flag not to train on it, since the first transcript holds it.
    """
    messages = record.need("messages").entries()
    if not messages:
        record.refuse("no messages")
    attachments = record.get("attachments")
    read = [[_attach(part, attachments) for part in _read(message, i)] for i, message in enumerate(messages)]
    begins = [0, *(i for i, message in enumerate(messages) if i and _is_summary(message))]
    ends = [*begins[1:], len(messages)]
    transcripts = []
    for begin, end in zip(begins, ends, strict=True):
        again = [part for i in range(begin) if _is_given(messages[i]) for part in read[i]]
        parts = [replace(part, train=False) for part in again] + [part for each in read[begin:end] for part in each]
        transcripts.append(make_transcript(parts, messages[begin].place if begin else record.place))
    return transcripts


def _is_summary(message: Field) -> bool:
    """Return whether a message sums up what the model has done so far; it stands under the role user."""
    metadata = message.get("metadata")
    return isinstance(metadata and metadata.value, dict) and "summary" in metadata.value  # type: ignore[union-attr]


def _is_given(message: Field) -> bool:
    """Return whether a model is given a message again after a summary."""
    given = text_of(message, "role") == "system" or text_of(message, "source") == "input"
    return given and not _is_summary(message)


def _read(message: Field, number: int) -> list[Part]:
    """Return the parts of a message."""
    role = message.need("role")
    speaker = role.choose(ROLES)._replace(message=number)
    source = message.get("source")
    if source is not None and speaker.role in SOURCES:
        speaker = speaker._replace(writer=source.choose(SOURCES[speaker.role]))
    if speaker.role == "user" and _is_summary(message):
        speaker = speaker._replace(writer=Writer.AGENT)
    return override(
        _read_result(message, speaker) if speaker.role == "tool" else _read_speech(message, speaker), message
    )


def _read_result(message: Field, tool: Speaker) -> list[Part]:
    """Return the parts of a tool's result; of one that failed, the error, which is what the model is told."""
    tool = tool._replace(call=text_of(message, "tool_call_id"), name=text_of(message, "function"))
    error = message.get("error")
    return read_result(message, error.need("message") if error else message.get("content"), tool)


def _read_speech(message: Field, speaker: Speaker) -> list[Part]:
    """Return the reasoning, the texts and the calls of a message."""
    content, calls = message.get("content"), message.get("tool_calls")
    if content is not None and isinstance(content.value, list):
        parts = [part for block in content.entries() for part in _read_block(block, speaker)]
    else:
        parts = read_content(content, speaker)
    for call in calls.entries() if calls else []:
        parts.append(make_call(speaker, call, call.need("function"), call.need("arguments"), text_of(call, "id")))
    if content is None and not parts:
        message.refuse("content is missing")
    return drop_empty(parts)


def _read_block(block: Field, speaker: Speaker) -> list[Part]:
    """Return the parts of one block: a provider's tool stands with its result, and reasoning may be encrypted."""
    if text_of(block, "type") == "reasoning" and is_set(block, "redacted"):
        summary = block.get("summary")
        return [] if summary is None else [speaker.say(Kind.REASONING, summary)]
    if text_of(block, "type") != "tool_use":
        return read_block(block, speaker)
    call = text_of(block, "id")
    tool = TOOL._replace(message=speaker.message, call=call)
    asked = make_call(speaker, block, block.need("name"), block.need("arguments"), call)
    return [asked, *read_result(block, block.get("error") or block.get("result"), tool)]


def _attach(part: Part, attachments: Field | None) -> Part:
    """Return ``part`` with its text from the attachments, if it stands there."""
    if not part.text.startswith(ATTACHED):
        return part
    text = attachments.get(part.text.removeprefix(ATTACHED)) if attachments else None
    if text is None:
        Field(part.text, part.place).refuse("its attachment is missing")
    return replace(part, text=text.text())
