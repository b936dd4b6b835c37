"""What the examples' commands share: bad input is reported in one line, with exit code 2."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from causal_agency._extras import optional_import

__all__ = ["Command", "image_file", "import_extra"]


class Command(ArgumentParser):
    """An ArgumentParser that reports an error in one line.

    Example:
        >>> from causal_agency.cli import Command
        >>> Command("two_action").parse_args([])
        Namespace()
    """

    def error(self, message: str) -> NoReturn:
        """Print what is wrong in one line, and exit with code 2.

        Args:
            message: What is wrong, and what to do.
        """
        self.exit(2, f"{self.prog}: {message} (--help shows how it is used)\n")


def image_file(text: str) -> Path:
    """Parse an argument that names an image file to write.

    Args:
        text: The argument.

    Returns:
        The path.

    Raises:
        ArgumentTypeError: If the suffix is not .png, .svg or .pdf, or the folder does not exist.

    Example:
        >>> from causal_agency.cli import image_file
        >>> image_file("figure.png").suffix
        '.png'
    """
    path = Path(text)
    if path.suffix not in (".png", ".svg", ".pdf") or not path.parent.is_dir():
        raise ArgumentTypeError(f"{text!r} is not a .png, .svg or .pdf file in an existing folder")
    return path


@contextmanager
def import_extra(name: str, extra: str) -> Iterator[None]:
    """Import optional packages; if one is missing in a command, print one line and exit with code 2.

    Args:
        name: The ``__name__`` of the importing module; ``"__main__"`` in a command.
        extra: The extra of this package that installs them.

    Yields:
        Nothing; the imports are the body of the ``with`` statement.

    Raises:
        ImportError: If a package is missing and the module is not run as a command; names the extra.

    Example:
        >>> from causal_agency.cli import import_extra
        >>> with import_extra("causal_agency.examples.bandit", extra="plot"):
        ...     import numpy
    """
    module = name if name != "__main__" else f"causal_agency.examples.{Path(sys.argv[0]).stem}"
    try:
        with optional_import(module, extra):
            yield
    except ImportError as problem:
        if name != "__main__":
            raise
        Command().exit(2, f"{problem}\n")
