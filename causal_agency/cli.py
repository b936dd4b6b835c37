"""What all commands share: ``--version``, and bad input that is reported in one line, with exit code 2."""

from argparse import SUPPRESS, Action, ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from causal_agency._extras import optional_import

__all__ = ["Command", "image_file", "import_extra"]


class _ShowVersion(Action):
    """Print the version and exit; the package's metadata is read only now, because that takes time."""

    def __call__(self, parser: ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print("causal-agency", version("causal-agency"))
        except PackageNotFoundError:
            parser.error("causal-agency is not installed, so its version is not known")
        parser.exit()


class Command(ArgumentParser):
    """An ArgumentParser with ``--version`` that reports an error in one line, and takes no abbreviated options.

    Args:
        prog: The name of the command; by default, that of the file that is run.
        options: Keyword arguments of `argparse.ArgumentParser`.

    Example:
        >>> from causal_agency.cli import Command
        >>> Command("two_action").parse_args([])
        Namespace()
    """

    def __init__(self, prog: str | None = None, **options: Any):
        super().__init__(prog, allow_abbrev=False, **options)
        unset: Any = {"dest": SUPPRESS, "default": SUPPRESS}
        self.add_argument("--version", action=_ShowVersion, nargs=0, **unset, help="show the version and exit")

    def error(self, message: str) -> NoReturn:
        """Print what is wrong in one line, and exit with code 2.

        Args:
            message: What is wrong, and what to do.
        """
        self.exit(2, f"{self.prog}: {message} (see --help)\n")


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
def import_extra(module: str, extra: str, command: bool) -> Iterator[None]:
    """Import optional packages; if one is missing in a command, print one line and exit with code 2.

    Args:
        module: The full name of the importing module.
        extra: The extra of this package that installs the packages.
        command: Whether the module is run as a command: ``__name__ == "__main__"``.

    Yields:
        Nothing; the imports are the body of the ``with`` statement.

    Raises:
        ImportError: If a package is missing and the module is not run as a command; names the extra.

    Example:
        >>> from causal_agency.cli import import_extra
        >>> with import_extra("causal_agency.examples.bandit", extra="plot", command=__name__ == "__main__"):
        ...     import numpy
    """
    try:
        with optional_import(module, extra):
            yield
    except ImportError as problem:
        if not command:
            raise
        Command().exit(2, f"{problem}\n")
