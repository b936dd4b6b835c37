"""What every command of the project does alike: one line for bad input, and exit code 2."""

import os
import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

T = TypeVar("T")


class BadInput(ValueError):
    """What was given cannot be worked with. A command says so in one line."""


class Command(ArgumentParser):
    """An ArgumentParser that refuses in one line and says where help is."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and exit with code 2."""
        self.exit(2, f"{self.prog}: {message} (--help shows how it is used)\n")

    def refusing(self, work: Callable[..., T], *arguments: object) -> T:
        """``work(*arguments)``, where bad input is refused in one line."""
        try:
            return work(*arguments)
        except BadInput as problem:
            self.error(str(problem))

    def stop(self, message: str) -> NoReturn:
        """Say so, and end at once with code 130: an orderly end may crash into what is still being computed."""
        print(f"\n{self.prog}: {message}", file=sys.stderr, flush=True)
        os._exit(130)


@contextmanager
def stoppable() -> Iterator[None]:
    """A request to end, or a terminal that is closed, is a KeyboardInterrupt too, unless it is to be ignored."""
    signals = [each for each in (signal.SIGTERM, getattr(signal, "SIGHUP", None)) if each]
    waiting = [each for each in signals if signal.getsignal(each) == signal.SIG_DFL]
    for each in waiting:
        signal.signal(each, signal.default_int_handler)
    try:
        yield
    finally:
        for each in waiting:
            signal.signal(each, signal.SIG_DFL)


def image_file(text: str) -> Path:
    """An argument's type: a file that a figure can be written to."""
    path = Path(text)
    if path.suffix not in (".png", ".svg", ".pdf") or not path.parent.is_dir():
        raise ArgumentTypeError(f"{text!r} is no .png, .svg or .pdf file in a folder that exists")
    return path


def whole_number(smallest: int) -> Callable[[str], int]:
    """An argument's type: a whole number, ``smallest`` or more."""

    def parse(text: str) -> int:
        if int(text) < smallest:
            raise ValueError
        return int(text)

    parse.__name__ = f"whole number from {smallest}"  # argparse names the type in its error
    return parse
