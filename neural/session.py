"""What training in a run's folder needs, whatever is trained on: progress, signals, checkpoints, and what it costs."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from neural.cli import LOSS_WINDOW, Progress
from neural.process import Cost, Meter, trimming, while_training
from neural.result import read, write
from neural.run_folder import CHECKPOINTS, COST
from neural.signals import Signals
from neural.training.checkpoints import Checkpoints
from neural.training.config import PRECISIONS, TrainConfig
from neural.training.loop import OnStep, Step, WhileTraining

SETTINGS = "learning_rate", "epochs", "batch_size", "accumulate", "warmup", "schedule"  # of TrainConfig, on the command


class Session(NamedTuple):
    """What `neural.training.loop.train` is given, and what all processes of the run have cost so far."""

    on_step: OnStep
    while_training: WhileTraining
    checkpoints: Checkpoints
    cost: Callable[[], Cost]


@contextmanager
def open_session(
    folder: Path, model: str, every: int | None, precision: str, signals: Signals, start: float
) -> Iterator[Session]:
    """Yield the session of a run in ``folder``, on the model of this hash, with a checkpoint ``every`` N steps.

    ``start`` is when the process began, by `time.monotonic`.
    """
    earlier: Cost = read(folder / COST, Cost) if (folder / COST).exists() else Cost()
    checkpoints = Checkpoints(folder / CHECKPOINTS, model, every, lambda: signals.asked is not None)
    with Meter(start) as meter, Progress() as progress:

        def on_step(step: Step) -> None:
            meter.count(step.done, len(step.losses))
            progress(step)
            if step.done % LOSS_WINDOW == 0 or signals.asked is not None:
                write(folder / COST, earlier + meter.read())

        waiting = partial(while_training, PRECISIONS[precision], signals)
        yield Session(trimming(on_step), waiting, checkpoints, lambda: earlier + meter.read())


def make_config(args: Namespace, recipe: TrainConfig) -> TrainConfig:
    """Return the settings of a run: those of the model's recipe, and what the arguments say otherwise."""
    given = {name: getattr(args, name) for name in SETTINGS if getattr(args, name) is not None}
    return replace(recipe, seed=args.seed, max_steps=args.steps, precision=args.precision, **given)
