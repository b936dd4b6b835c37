"""Optional packages: a missing one is reported in one line that names the extra to install."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def optional_import(module: str, extra: str) -> Iterator[None]:
    """Replace the error of a missing package by one that names the extra that ``module`` needs."""
    try:
        yield
    except ModuleNotFoundError as problem:
        package = str(problem.name).partition(".")[0]
        if package == "causal_agency":
            raise
        raise ImportError(f"{module} needs {package}: pip install 'causal-agency[{extra}]'", name=module) from None
