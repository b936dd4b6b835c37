"""What the commands share: their options' types, their progress bar, and how they report errors and stop."""

import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from math import inf, isfinite, nan
from signal import SIGTERM
from typing import TYPE_CHECKING, Any, NoReturn

from causal_agency import cli
from neural.arm_names import ARM_NAMES, is_arm
from neural.errors import BadInput, Stopped
from neural.escape import show
from neural.files import remove_unfinished
from neural.signals import Signals

if TYPE_CHECKING:
    from neural.training.loop import Step

LOSS_WINDOW = 20  # steps whose losses the progress bar averages
MAX_NAMED = 3  # losses; of more, the bar shows the mean
COLUMNS = 80  # of a terminal that does not say how many it has
BAR = "{desc}{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} {remaining}{postfix}"
AT_FIRST = BAR.replace("{remaining}", "?")  # what is left is not known while programs are still compiled


class Command(cli.Command):
    """A command that reports bad input in one line, with exit code 2."""

    def __init__(self, prog: str, description: str | None = None):
        """Describe the command by the docstring of its module, without the marks of code."""
        super().__init__(prog, description=(description or "").replace("``", ""))

    def fail(self, message: str) -> NoReturn:
        """Print ``message`` in one line, and exit with code 2."""
        self.exit(2, f"{self.prog}: {show(message)}\n")

    def error(self, message: str) -> NoReturn:
        """Print ``message``, and where help is, in one line, and exit with code 2."""
        self.fail(f"{message} (see --help)")

    def end(self, code: int, message: str) -> NoReturn:
        """Print ``message`` and exit at once with ``code``; an orderly exit can crash running computations."""
        remove_unfinished()
        with suppress(OSError):
            os.write(2, f"\n{self.prog}: {show(message)}\n".encode())
        os._exit(code)

    @contextmanager
    def guard(self, left: Callable[[], str]) -> Iterator[Signals]:
        """End with one line if the work inside meets bad input, a full disk, a missing package or a signal.

        ``left`` says what is left of a run that ends so. Yields the signals that the work is to look at.
        """
        os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")  # transformers runs without PyTorch here
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(errors="replace")  # a ✓ where the terminal has none
        signals = Signals(lambda code: self.end(code, f"stopped; {left()}"))
        try:
            with signals.caught():
                yield signals
        except Stopped:
            # if this process was not asked itself, another one of the run was
            self.end(128 + (signals.asked or SIGTERM), f"stopped; {left()}")
        except BadInput as problem:
            self.fail(str(problem))
        except ModuleNotFoundError as missing:
            package = str(missing.name).partition(".")[0]
            if package in ("neural", "causal_agency"):
                raise
            install = "activate its environment (. .venv/bin/activate), or pip install 'causal-agency[neural]'"
            self.fail(f"{package} is not installed: {install}")
        except OSError as problem:
            where = f"{problem.filename}: " if problem.filename else ""
            self.fail(f"{where}{problem.strerror or problem}; {left()}")


@contextmanager
def printing(where: object) -> Iterator[None]:
    """Print a result that is in ``where``, too: a standard output that cannot take it is no failure of the run."""
    try:
        yield
        sys.stdout.flush()
    except OSError as problem:
        log(f"cannot print the result, which is in {where}: {problem.strerror}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def nothing() -> str:
    """Say that nothing is left of a run."""
    return "nothing is written"


def show_losses(losses: Mapping[str, float], width: int) -> str:
    """Return the losses in at most ``width`` characters; the names are cut where all of them do not fit."""
    numbers = [f"{loss:.3f}"[:5] for loss in losses.values()]  # 0.123, 12.34
    room = (width + 1) // len(losses) - len(" 0.123 ")
    short = sum(map(len, losses)) + len(" 0.123 ") * len(losses) - 1 > width
    names = [name[: max(0, room)] if short else name for name in losses]
    return " ".join(f"{name} {number}".strip() for name, number in zip(names, numbers, strict=True))


class Progress:
    """A progress bar over finished steps: enter it, and call it with each `Step`."""

    def __init__(self, name: str | None = None):
        """Show ``name`` and the mean loss, or else the loss of each replica."""
        self.name = name
        self.bar: Any = None
        self.recent: list[dict[Any, float]] = []

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the line of the bar, also if the work inside fails."""
        if self.bar is not None:
            self.bar.close()

    def __call__(self, step: "Step") -> None:
        """Show that ``step`` is finished."""
        from tqdm import tqdm

        if self.bar is None:
            name = f"{self.name}: " if self.name else ""
            self.bar = tqdm(desc=name, total=step.total, initial=step.done - 1, bar_format=AT_FIRST, dynamic_ncols=True)
            self.recent = []
        self.recent = [*self.recent, step.losses][-LOSS_WINDOW:]
        if step.done - self.bar.initial >= LOSS_WINDOW or step.done == step.total:
            self.bar.bar_format = BAR
        if step.done % LOSS_WINDOW == 0:
            means = {str(name): sum(each[name] for each in self.recent) / LOSS_WINDOW for name in step.losses}
            named = self.name is None and len(means) <= MAX_NAMED
            means = means if named else {"loss": sum(means.values()) / len(means)}
            left = (
                (self.bar.ncols or COLUMNS) - len(self.bar.desc) - len(f"100%|█| {step.total}/{step.total} 00:00, ") - 1
            )
            self.bar.set_postfix_str(show_losses(means, left), refresh=False)
        self.bar.update()
        if step.done == step.total:
            self.bar.close()
            self.bar = None


def log(message: str) -> None:
    """Print ``message`` to standard error, above a progress bar."""
    from tqdm import tqdm

    tqdm.write(show(message), sys.stderr)


def refuse_or_note(skip_bad: bool, noted: list[BadInput]) -> Callable[[BadInput], None]:
    """Return what is told of every record that cannot be used: it raises the problem, or notes it with --skip-bad."""

    def refuse(problem: BadInput) -> None:
        if not skip_bad:
            raise problem
        noted.append(problem)

    return refuse


def whole_number(least: int) -> Callable[[str], int]:
    """Return an argument type: a whole number of at least ``least``."""

    def parse(text: str) -> int:
        if not text.strip().isdecimal() or int(text) < least:
            raise ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        return int(text)

    return parse


def number(least: float, most: float = inf) -> Callable[[str], float]:
    """Return an argument type: a number between the bounds, both included."""
    bounds = f"between {least:g} and {most:g}" if most < inf else f"of at least {least:g}"

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = nan
        if not (isfinite(value) and least <= value <= most):
            raise ArgumentTypeError(f"{text!r} is not a number {bounds}")
        return value

    return parse


def arms(text: str) -> tuple[str, ...]:
    """Parse an argument: names of arms, separated by commas."""
    names = tuple(name.strip() for name in text.split(","))
    if unknown := [name for name in names if not is_arm(name)]:
        known = f"{', '.join(ARM_NAMES)}, or agent-0.5 and the like for the weight of the agent's tokens"
        raise ArgumentTypeError(f"{unknown[0]!r} is not an arm: choose from {known}")
    if twice := [name for name in names if names.count(name) > 1]:
        raise ArgumentTypeError(f"{twice[0]!r} is named twice")
    return names
