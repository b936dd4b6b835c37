"""How everything here is timed and printed."""

import importlib.metadata
import timeit
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import nan
from typing import Any, NamedTuple

import numpy as np
from rich.console import Console
from rich.table import Table

SECONDS = 0.7  # for the repeats of one measurement, unless three take longer
CONSOLE = Console(width=124, highlight=False)


class Method(NamedTuple):
    """A way to compute something; ``prepare`` takes the case and returns the call that is timed."""

    name: str
    prepare: Callable[..., Callable[[], Any]]
    needs: str = "numpy"
    slots: int | None = None  # how much of a stream it gets, if it is too slow for all of it


class Measured(NamedTuple):
    """Seconds per call, and what the call returned; or the problem, in words."""

    median: float
    least: float
    value: Any = None
    problem: str = ""


def time_call(call: Callable[[], Any]) -> Measured:
    """Time several repeats, each of many calls if one is short, after a call that compiles and fills caches."""
    value = call()
    timer = timeit.Timer(call)
    once = timer.timeit(1)
    number = max(1, int(SECONDS / 10 / once))
    runs = timer.repeat(int(np.clip(SECONDS / once, 2, 9)), number)
    runs = [run / number for run in runs] + [once] * (number == 1)
    return Measured(float(np.median(runs)), min(runs), value)


def measure(method: Method, *case: Any) -> Measured:
    """Return `time_call` of a method; a failure does not stop the run."""
    try:
        return time_call(method.prepare(*case))
    except Exception as problem:
        return Measured(nan, nan, problem=type(problem).__name__)


def version(package: str) -> str | None:
    """Return the version of a package; None if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def select_installed(methods: Iterable[Method]) -> list[Method]:
    """Return the methods whose package is installed."""
    return [method for method in methods if version(method.needs)]


def extra_memory(call: Callable[[], Any]) -> int:
    """Return the bytes that Python and NumPy allocate at the peak of the call, beyond those before it."""
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> None:
    """Print a table: names to the left, figures to the right; an empty row is a line."""
    table = Table()
    for column in columns:
        table.add_column(column, justify="left" if column in ("", "method") else "right")
    for row in rows:
        table.add_row(*row) if row else table.add_section()
    CONSOLE.print(title, style="bold")
    CONSOLE.print(table)
    CONSOLE.print(caption + "\n")


def group(name: str, rows: Iterable[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Yield the rows with ``name`` in front of the first, and a line below the last."""
    for row in rows:
        yield name, *row
        name = ""
    yield ()


def span(seconds: float) -> str:
    """Write seconds in the unit that fits."""
    if np.isnan(seconds):
        return "-"
    unit, name = next(((u, n) for u, n in ((1, "s"), (1e-3, "ms")) if seconds >= u), (1e-6, "µs"))
    return f"{seconds / unit:.3g} {name}"


def times(got: Measured) -> tuple[str, str]:
    """Return the median and the minimum."""
    return span(got.median), span(got.least)


def number(x: float, digits: str = ".3g") -> str:
    """Write a number; a dash if it was not measured."""
    return "-" if np.isnan(x) else f"{x:{digits}}"


def ratio(ours: Measured, peer: Measured) -> str:
    """Return ours/peer, of minima."""
    return number(ours.least / peer.least)
