"""What the commands share: their options' types, their progress bar, and how they refuse and stop."""

import os
import signal
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NoReturn

from causal_agency import cli
from neural.errors import BadInput

if TYPE_CHECKING:
    from neural.training.loop import Step

ARMS = "standard", "interventional", "assistant-only"
AVERAGED = 20  # steps whose losses the progress bar averages


class Command(cli.Command):
    """A command with ``--version`` that refuses bad input in one line, with exit code 2."""

    def __init__(self, prog: str, **options: Any):
        super().__init__(prog, **options)
        self.add_argument("--version", action="version", version=f"causal-agency {version('causal-agency')}")

    def stop(self, message: str) -> NoReturn:
        """Print ``message`` and end at once with code 130: an orderly exit can crash into running computations."""
        print(f"\n{self.prog}: {message}", file=sys.stderr, flush=True)
        os._exit(130)

    @contextmanager
    def guard(self, stopped: str) -> Iterator[None]:
        """End with one line if the work inside meets bad input, a full disk, a missing package or a signal.

        ``stopped`` says what is left of a run that is stopped.
        """
        os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # transformers runs without PyTorch here
        try:
            with interruptible():
                yield
        except BadInput as problem:
            self.error(str(problem))
        except ModuleNotFoundError as missing:
            package = str(missing.name).partition(".")[0]
            if package in ("neural", "causal_agency"):
                raise
            self.error(f"{package} is not installed: pip install 'causal-agency[neural]'")
        except OSError as problem:
            self.error(f"{problem.strerror or problem}: {stopped}")
        except KeyboardInterrupt:
            self.stop(f"stopped; {stopped}")


@contextmanager
def interruptible() -> Iterator[None]:
    """Treat SIGTERM and SIGHUP as a KeyboardInterrupt, unless they are ignored, as under nohup."""
    signals = [each for each in (signal.SIGTERM, getattr(signal, "SIGHUP", None)) if each]
    ours = [each for each in signals if signal.getsignal(each) == signal.SIG_DFL]
    for each in ours:
        signal.signal(each, signal.default_int_handler)
    try:
        yield
    finally:
        for each in ours:
            signal.signal(each, signal.SIG_DFL)


class Progress:
    """A progress bar over finished steps: call it with each `Step`."""

    def __init__(self, name: str | None = None):
        """Show ``name``, or else the names of the replicas."""
        self.name = name
        self.bar: Any = None
        self.recent: list[dict[Any, float]] = []

    def __call__(self, step: "Step") -> None:
        """Show that ``step`` is finished."""
        from tqdm import tqdm

        if step.done == 1:
            self.bar, self.recent = tqdm(desc=self.name or " + ".join(map(str, step.losses)), total=step.total), []
        self.recent = [*self.recent, step.losses][-AVERAGED:]
        if step.done % AVERAGED == 0:
            means = {str(name): sum(each[name] for each in self.recent) / AVERAGED for name in step.losses}
            named = len(means) <= 3 and all(isinstance(name, str) for name in step.losses)
            means = means if named else {"loss": sum(means.values()) / len(means)}
            self.bar.set_postfix({name: f"{mean:.3f}" for name, mean in means.items()}, refresh=False)
        self.bar.update()
        if step.done == step.total:
            self.bar.close()


def log(message: str) -> None:
    """Print ``message`` to standard error, above a progress bar."""
    from tqdm import tqdm

    tqdm.write(message, sys.stderr)


def whole_number(least: int) -> Callable[[str], int]:
    """Return an argument type: a whole number from ``least``."""

    def parse(text: str) -> int:
        if int(text) < least:
            raise ValueError
        return int(text)

    parse.__name__ = f"whole number from {least}"  # argparse names the type in its error
    return parse


def arms(text: str) -> tuple[str, ...]:
    """Parse an argument: names of arms, separated by commas."""
    names = tuple(text.split(","))
    if not set(names) <= set(ARMS) or len(set(names)) < len(names):
        raise ArgumentTypeError(f"{text!r} is not a list of arms: choose from {','.join(ARMS)}")
    return names
