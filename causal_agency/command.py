"""What every command of the project does alike: one line for bad input, and exit code 2."""

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn


class BadInput(ValueError):
    """What was given cannot be worked with. A command says so in one line."""


class Command(ArgumentParser):
    """An ArgumentParser that refuses in one line and says where help is."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and exit with code 2."""
        self.exit(2, f"{self.prog}: {message} (--help shows how it is used)\n")

    def write(self, path: Path, save: Callable[[Path], object]) -> None:
        """``save(path)``, or one line on why it cannot be written."""
        try:
            save(path)
        except (OSError, ValueError) as problem:
            self.error(f"cannot write {path}: {problem}")


def whole_number(smallest: int) -> Callable[[str], int]:
    """An argument's type: a whole number, ``smallest`` or more."""

    def parse(text: str) -> int:
        if int(text) < smallest:
            raise ValueError
        return int(text)

    parse.__name__ = f"whole number from {smallest}"  # argparse names the type in its error
    return parse
