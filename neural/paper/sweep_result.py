"""What a sweep measures, as immutable values that are read and written as JSON."""

from dataclasses import dataclass
from typing import Any, Literal

from neural.paper.conditions import Condition
from neural.result import Result

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
class SweepResult:
    """``sweep.json``: the plan of a sweep and everything that it measured."""

    schema: Literal[3]
    plan: dict[str, Any]  # model, steps, and the author weights of each arm
    base: dict[str, Result]  # by the name of the wording
    replicas: tuple[ReplicaResult, ...]
    bridge: tuple[BridgeResult, ...]
