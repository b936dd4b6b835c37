"""τ-bench (records with ``traj``) and τ² (``{"simulations": [{"messages": …}]}``, or a simulation a record).

The user is a model that plays one. It calls tools of its own: ``requestor`` tells whose a call is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from neural.dialogue.logs.fields import Field
from neural.dialogue.logs.messages import read_message
from neural.dialogue.logs.parts import make_transcript, override, read_each
from neural.dialogue.transcript import Kind, Part, Transcript, Writer

REQUESTORS = {"user": Writer.SIMULATED_USER, "assistant": Writer.AGENT}
SIMULATION = "termination_reason", "reward_info"  # one of these is in every simulation of τ²


def is_simulation(record: Mapping[str, object]) -> bool:
    """Return whether a record is of τ-bench or τ²."""
    simulated = isinstance(record.get("messages"), list) and any(key in record for key in SIMULATION)
    return simulated or any(isinstance(record.get(key), list) for key in ("simulations", "traj"))


def split_results(record: Field) -> Iterable[Field]:
    """Return the simulations of a record, or the record if it is one."""
    simulations = record.get("simulations")
    return [record] if simulations is None else simulations.entries()


def read_simulation(record: Field) -> list[Transcript]:
    """Return the transcript of a simulation."""
    messages = (record.get("traj") or record.need("messages")).entries()
    if not messages:
        record.refuse("no messages")
    return [make_transcript(read_each(messages, _read), record.place)]


def _read(message: Field, number: int) -> list[Part]:
    """Return the parts of a message, or of the several results of tools that one holds."""
    several = message.get("tool_messages")
    if several is not None:
        return [part for each in several.entries() for part in _read(each, number)]
    calls = message.get("tool_calls")
    callers = [_find_caller(call) for call in calls.entries()] if calls else []
    _find_caller(message)
    parts = []
    for part in read_message(message, number):
        writer = Writer.SIMULATED_USER if part.writer is Writer.HUMAN else part.writer
        caller = callers.pop(0) if part.kind is Kind.CALL else None
        parts.append(replace(part, writer=caller or writer))
    return override(parts, message)


def _find_caller(call: Field) -> Writer | None:
    """Return who called a tool, if ``requestor`` tells."""
    requestor = call.get("requestor")
    return None if requestor is None else requestor.choose(REQUESTORS)
