"""Logs of a training: what each step and each measurement gave, for the tools in which people watch their trainings."""

import json
from collections.abc import Callable, Hashable, Iterable, Mapping
from importlib import import_module
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from neural.dialogue.authors import AuthorLosses
from neural.errors import BadInput
from neural.training.loop import Step

PACKAGES = {"tensorboard": "tensorboard.summary", "wandb": "wandb"}  # what a kind of log imports
ALONE = "model"  # the replica of `finetune`
FIXED = {"step", "loss", "held_out", *AuthorLosses._fields}  # parts of names that are no replica's
Write = Callable[[int, Mapping[str, float]], object]  # a number of steps, and numbers by name


class Log(NamedTuple):
    """What passes the numbers of steps and of measurements on; both methods are callbacks of `finetune`.

    Example:
        >>> log = Log(lambda step, numbers: print(step, dict(numbers)))
        >>> log.on_step(Step(done=3, total=9, losses={"model": 2.5}))
        3 {'loss': 2.5}
        >>> log.on_held_out(AuthorLosses(step=3, protocol=0.5, world=2.0, agent=float("nan")))
        3 {'held_out/protocol': 0.5, 'held_out/world': 2.0}
    """

    write: Write

    def on_step(self, step: Step) -> None:
        """Pass on the loss of each replica; of that of `finetune` without its name."""
        names = {name: "loss" if name == ALONE else f"loss/{name}" for name in step.losses}
        self.write(step.done, {names[name]: loss for name, loss in step.losses.items()})

    def on_held_out(self, losses: AuthorLosses, name: Hashable = None) -> None:
        """Pass on the losses of the authors who wrote something, with the name of the replica if there is one."""
        prefix = "held_out" if name is None else f"held_out/{name}"
        numbers = losses._asdict()
        step = int(numbers.pop("step"))
        self.write(step, {f"{prefix}/{author}": loss for author, loss in numbers.items() if isfinite(loss)})


def find_replicas(names: Iterable[str]) -> set[str]:
    """Return the replicas that ``names`` of numbers are about; none if there is but the one of `finetune`."""
    return {part for name in names for part in name.split("/")} - FIXED


def lines_before(file: Path, step: int, replicas: set[str]) -> list[str]:
    """Return the lines of ``file`` about steps before ``step`` and about others than ``replicas``.

    A line that was half written ends the file.
    """
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else ():
        try:
            logged = json.loads(line)
            others = replicas and not replicas & find_replicas(logged)
            kept = logged["step"] < step or others
        except (ValueError, TypeError, KeyError):
            break
        lines += [line + "\n"] if kept else []
    return lines


def write_jsonl(folder: Path) -> Write:
    """Return what adds an object to ``folder``/log.jsonl at each call.

    Lines about steps that are done once more, because a training goes on from a checkpoint, are replaced.
    """
    file = folder / "log.jsonl"
    begun: list[int] = []

    def write(step: int, numbers: Mapping[str, float]) -> None:
        if not begun:
            folder.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(lines_before(file, step, find_replicas(numbers))), encoding="utf-8")
            begun.append(step)
        with file.open("a", encoding="utf-8") as opened:
            opened.write(json.dumps({"step": step, **numbers}) + "\n")

    return write


def write_tensorboard(folder: Path) -> Write:
    """Return what writes TensorBoard's event files into ``folder``."""
    writer = find_package(PACKAGES["tensorboard"]).Writer(str(folder))

    def write(step: int, numbers: Mapping[str, float]) -> None:
        for name, number in numbers.items():
            writer.add_scalar(name, number, step)
        writer.flush()

    return write


def write_wandb(folder: Path) -> Write:
    """Return what logs to a new run of Weights & Biases, whose own files go to ``folder``.

    The number of the step is one of the numbers, over which the others are drawn: the run's own steps only ever rise,
    and arms that are trained one after the other begin at 1 each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run = find_package(PACKAGES["wandb"]).init(dir=str(folder))
    run.define_metric("step")
    run.define_metric("*", step_metric="step")

    def write(step: int, numbers: Mapping[str, float]) -> None:
        run.log({"step": step, **numbers})

    return write


LOGS: dict[str, Callable[[Path], Write]] = {
    "jsonl": write_jsonl,
    "tensorboard": write_tensorboard,
    "wandb": write_wandb,
}


def find_package(name: str) -> Any:
    """Import a package; raise BadInput if it is not installed."""
    package = name.partition(".")[0]
    try:
        return import_module(name)
    except ImportError:
        raise BadInput(f"a log for {package} needs its package: pip install {package}") from None


def check_log(kind: str | None) -> None:
    """Raise BadInput if the package that a log of this kind needs is not installed."""
    if kind in PACKAGES:
        find_package(PACKAGES[kind])


def open_log(kind: str, folder: Path) -> Log:
    """Return a log of a kind, "jsonl", "tensorboard" or "wandb", in ``folder``; raise BadInput if it cannot be had."""
    if kind not in LOGS:
        raise BadInput(f"there is no log of the kind {kind!r}: choose from {', '.join(LOGS)}")
    return Log(LOGS[kind](folder))
