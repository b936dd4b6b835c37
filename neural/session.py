"""What training in a run's folder needs, whatever is trained on: progress, signals, checkpoints, and what it costs."""

from argparse import Namespace
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from neural.cli import LOSS_WINDOW, Progress
from neural.dialogue.authors import AuthorLosses
from neural.model.lora import Lora
from neural.process import Cost, Meter, trimming, while_training
from neural.result import read, write
from neural.run_folder import CHECKPOINTS, COST
from neural.signals import Signals
from neural.training.checkpoints import Checkpoints
from neural.training.config import PRECISIONS, TrainConfig
from neural.training.log import open_log
from neural.training.loop import Hooks, Step

SETTINGS = (
    "learning_rate",
    "epochs",
    "batch_size",
    "accumulate",
    "warmup",
    "schedule",
    "measure_every",
)  # of TrainConfig


class Session(NamedTuple):
    """What is called while the run trains, and what all processes of the run have cost so far."""

    hooks: Hooks
    cost: Callable[[], Cost]


@contextmanager
def open_session(folder: Path, model: str, args: Namespace, signals: Signals, start: float) -> Iterator[Session]:
    """Yield the session of a run in ``folder`` with the options ``args``, on the model of this hash.

    ``start`` is when the process began, by `time.monotonic`.
    """
    earlier: Cost = read(folder / COST, Cost) if (folder / COST).exists() else Cost()
    every, precision = args.checkpoint_every, PRECISIONS[args.precision]
    checkpoints = Checkpoints(folder / CHECKPOINTS, model, every, lambda: signals.asked is not None)
    record = open_log(args.log, folder) if args.log else None
    with Meter(start) as meter, Progress() as progress:

        def on_step(step: Step) -> None:
            meter.count(step.done, len(step.losses))
            progress(step)
            if record:
                record.on_step(step)
            if step.done % LOSS_WINDOW == 0 or signals.asked is not None:
                write(folder / COST, earlier + meter.read())

        def on_held_out(name: Hashable, losses: AuthorLosses) -> None:
            if record:
                record.on_held_out(losses, name)

        measured = on_held_out if args.measure_every else None
        waiting = partial(while_training, precision, signals)
        hooks = Hooks(trimming(on_step), measured, waiting, checkpoints)
        yield Session(hooks, lambda: earlier + meter.read())


def make_config(args: Namespace, recipe: TrainConfig) -> TrainConfig:
    """Return the settings of a run: those of the model's recipe, and what the arguments say otherwise."""
    given = {name: getattr(args, name) for name in SETTINGS if getattr(args, name) is not None}
    lora = Lora(rank=args.lora) if args.lora else None
    return replace(recipe, seed=args.seed, max_steps=args.steps, precision=args.precision, lora=lora, **given)
