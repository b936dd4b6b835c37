"""ATIF, the Agent Trajectory Interchange Format: ``{"schema_version": "ATIF-v1.7", "agent": …, "steps": [step, …]}``.

What the environment answers stands within the agent's step. Sub-agents stand within the trajectory, as trajectories.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from neural.dialogue.logs.fields import Field, is_set, text_of
from neural.dialogue.logs.parts import (
    ASSISTANT,
    SYSTEM,
    TOOL,
    USER,
    Speaker,
    drop_empty,
    make_call,
    make_transcript,
    override,
    read_content,
    read_result,
    read_tools,
)
from neural.dialogue.transcript import Kind, Part, Transcript, Writer

VERSION = re.compile(r"ATIF-v1\.\d+")
SOURCES = {"system": SYSTEM, "user": USER, "agent": ASSISTANT}
SUB_AGENT = {Writer.AGENT: Writer.OTHER_AGENT, Writer.HUMAN: Writer.AGENT}  # the agent sets a sub-agent's task


def is_atif(record: Mapping[str, object]) -> bool:
    """Return whether a record is a trajectory in this format."""
    return str(record.get("schema_version")).startswith("ATIF-")


def read_atif(record: Field) -> list[Transcript]:
    """Return the transcript of a trajectory, and those of its sub-agents."""
    version = record.need("schema_version")
    if not VERSION.fullmatch(version.text()):
        version.refuse("unknown: ATIF-v1.0 and later of v1 are read")
    transcripts = [_read_trajectory(record)]
    sub_agents = record.get("subagent_trajectories")
    for each in sub_agents.entries() if sub_agents else []:
        transcripts += [as_sub_agents(transcript) for transcript in read_atif(each)]
    return transcripts


def as_sub_agents(transcript: Transcript) -> Transcript:
    """Return the transcript of an agent as that of its user's sub-agent."""
    parts = [replace(part, writer=SUB_AGENT.get(part.writer, part.writer)) for part in transcript.parts]
    return replace(transcript, parts=parts)


def _read_trajectory(record: Field) -> Transcript:
    """Return the transcript of the trajectory itself."""
    steps = record.need("steps").entries()
    if not steps:
        record.refuse("steps is empty")
    parts = [part for i, step in enumerate(steps) for part in _read_step(step, 2 * i)]
    agent = record.get("agent")
    return make_transcript(parts, record.place, read_tools(agent.get("tool_definitions") if agent else None))


def _read_step(step: Field, number: int) -> list[Part]:
    """Return the parts of a step: what is said, in message ``number``, and what the environment answers, after it."""
    speaker = step.need("source").choose(SOURCES)._replace(message=number)
    calls = step.get("llm_call_count")
    if speaker.role == "assistant" and calls is not None and calls.value == 0:
        speaker = speaker._replace(writer=Writer.HARNESS)  # no model wrote it
    parts = override(_read_speech(step, speaker), step) + _read_observation(step, number + 1)
    copied = is_set(step, "is_copied_context")  # from a trajectory that holds it, too
    return [replace(part, train=False) for part in parts] if copied else parts


def _read_speech(step: Field, speaker: Speaker) -> list[Part]:
    """Return the reasoning, the message and the calls of a step."""
    thoughts, calls = step.get("reasoning_content"), step.get("tool_calls")
    parts = [] if thoughts is None else [speaker.say(Kind.REASONING, thoughts)]
    parts += read_content(step.get("message"), speaker)
    for call in calls.entries() if calls else []:
        arguments = call.need("arguments")
        parts.append(make_call(speaker, call, call.need("function_name"), arguments, text_of(call, "tool_call_id")))
    if not parts and step.get("observation") is None:
        step.refuse("message is missing")
    return drop_empty(parts)


def _read_observation(step: Field, number: int) -> list[Part]:
    """Return what the environment answered in a step."""
    observation = step.get("observation")
    results = observation.get("results") if observation else None
    parts: list[Part] = []
    for result in results.entries() if results else []:
        tool = TOOL._replace(message=number, call=text_of(result, "source_call_id"))
        parts += override(read_result(result, result.get("content"), tool), result)
    return parts
