"""What a sweep measures, as immutable values that are read and written as JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from neural.arm_names import is_arm
from neural.errors import BadInput
from neural.paper.conditions import CONDITIONS, PAPER_CONDITION, Condition
from neural.result import Result, check_alike

AS_IN_LESSONS = "as in the lessons"  # the first wording
THEORIES = "two channels, 1/5", "two channels, 1/3", "one kind"


@dataclass(frozen=True)
class ReplicaResult:
    """What is measured of one replica, and what the exact mixtures expect after the same lessons."""

    condition: Condition
    seed: int
    arm: str
    taught: tuple[bool, ...]  # for each fact, whether there were lessons on it
    theory: dict[str, float]  # the share of facts on which each exact mixture expects the lie
    results: dict[str, Result]  # by the name of the wording


@dataclass(frozen=True)
class BridgeResult:
    """How far one model's predictions are from both exact predictives: KL in nats, slot by slot."""

    seed: int
    provenance: str  # what the agent of the training streams knew
    loss: str  # which symbols the loss counts
    world: dict[str, tuple[float, ...]]  # in the world's slots, from "interventional" and from "bystander"
    agent: dict[str, tuple[float, ...]]  # in the agent's slots


@dataclass(frozen=True)
class Start:
    """A command that worked on a sweep, as ``starts.json`` keeps it: when it was first started, and with which code."""

    command: str
    started: str
    version: str | None
    commit: str | None


@dataclass(frozen=True)
class SweepResult:
    """``sweep.json``: the plan of a sweep and everything that it measured."""

    schema: Literal[3]
    plan: dict[str, Any]  # model, steps, and the author weights of each arm
    base: dict[str, Result]  # by the name of the wording
    replicas: tuple[ReplicaResult, ...]
    bridge: tuple[BridgeResult, ...]


def check(sweep: SweepResult) -> None:
    """Raise BadInput unless the parts of ``sweep`` fit together, so that a report can be made of it."""
    if not (isinstance(sweep.plan.get("model"), str) and isinstance(sweep.plan.get("steps"), int)):
        raise BadInput("its plan.json does not name a model and a number of steps")
    if AS_IN_LESSONS not in sweep.base:
        raise BadInput(f"its base.json has no results {AS_IN_LESSONS!r}")
    check_alike([*sweep.base.values(), *(each for replica in sweep.replicas for each in replica.results.values())])
    for replica in sweep.replicas:
        if replica.condition not in CONDITIONS:
            raise BadInput(f"its condition {replica.condition.key} had other settings")
        if not _is_complete(replica, sweep):
            raise BadInput(
                f"the results of {replica.condition.key}, {replica.arm}, seed {replica.seed} are not complete"
            )
    _check_bridge(sweep.bridge)


def _is_complete(replica: ReplicaResult, sweep: SweepResult) -> bool:
    """Return whether ``replica`` is of an arm and has everything that a report shows."""
    wordings = sweep.base if replica.condition == PAPER_CONDITION else (AS_IN_LESSONS,)
    facts = sweep.base[AS_IN_LESSONS].margin.per_fact
    return (
        is_arm(replica.arm)
        and set(wordings) <= replica.results.keys()
        and set(THEORIES) <= replica.theory.keys()
        and len(replica.taught) == len(facts)
    )


def _check_bridge(bridge: Sequence[BridgeResult]) -> None:
    """Raise BadInput unless all models of the bridge have the same slots, and the streams are of two kinds."""
    sides = [side for each in bridge for side in (each.world, each.agent)]
    slots = {len(side.get(exact, ())) for side in sides for exact in ("interventional", "bystander")}
    if bridge and (len(slots) != 1 or 0 in slots or len({each.provenance for each in bridge}) != 2):
        raise BadInput("the results of its bridge are not complete")
