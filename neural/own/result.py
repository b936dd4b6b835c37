"""What is measured of a model that was trained on logs, as immutable values that are read and written as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from neural.own.delusion import Reading
from neural.result import Result

SCHEMA: Final = 1  # incremented with every change that older readers would misread


@dataclass(frozen=True)
class Model:
    """What is measured of one model: the base, or an arm.

    Attributes:
        reading: how surprising it finds the transcripts that are held out, or all of them if none is.
        probes: what it says about the user's own facts; None if there are none.
        losses: of each step, nats per token that counts; empty for a base.
        agent_losses: of each step, nats per token of the agent, trained on or not.
        supervised_tokens: of one epoch.
    """

    reading: Reading
    probes: Result | None = None
    losses: tuple[float, ...] = ()
    agent_losses: tuple[float, ...] = ()
    supervised_tokens: int | None = None


@dataclass(frozen=True)
class LogsRun:
    """``results.json`` of a run on logs.

    Attributes:
        schema: of this file.
        trained_on: "logs"; "elsewhere" if the models were trained by others, and only compared here.
        config: the settings of the run, and what it cost.
        written: how many tokens of the logs each writer wrote; "context" and "protocol" count, too.
        held_out: the number of transcripts that were held out; all of them if nothing was trained here.
        informed: how many tokens in the agent's place were written by somebody else, who may have known more.
        arms: the base and each arm, or the models that are compared, the first to compare with.
    """

    schema: Literal[1]
    trained_on: Literal["logs", "elsewhere"]
    config: dict[str, Any]
    written: Mapping[str, int]
    held_out: int
    informed: int
    arms: Mapping[str, Model]

    @property
    def compared(self) -> bool:
        """Return whether the models were only compared, not trained."""
        return self.trained_on == "elsewhere"
