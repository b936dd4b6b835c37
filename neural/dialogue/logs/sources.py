"""Files of logs and the JSON records in them, one at a time, whatever is damaged between them."""

import codecs
import gzip
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from itertools import count
from pathlib import Path
from typing import NamedTuple, NoReturn, cast

from neural.dialogue.logs.fields import Field, parse, refuse
from neural.dialogue.transcript import Place
from neural.errors import BadInput, summarize

STANDARD_INPUT = "-"
LINES = (".jsonl",)  # a record a line
DOCUMENTS = ".json", ".traj"  # one value: a record, or a list of them
MAX_RECORD = 1 << 29  # bytes; more would need many times as much memory as JSON
UNREADABLE = OSError, EOFError, zlib.error


class File(NamedTuple):
    """A file of logs: where it is, None for standard input, and what it is called in errors."""

    path: Path | None
    name: str

    @property
    def suffix(self) -> str:
        """What says how the file is read, without ``.gz``."""
        return Path(self.name.removesuffix(".gz")).suffix.lower()


def find_files(source: str | Path) -> list[File]:
    """Return the files of ``source``: standard input for "-", a file, or all logs in a folder and below, sorted.

    Raise BadInput if there are none.
    """
    if source == STANDARD_INPUT:
        return [File(None, "standard input")]
    if source == "":  # for Path, the current folder
        raise BadInput("the logs have no name: name a file or a folder, or - for standard input")
    path = Path(source)
    try:
        found = _list_logs(path) if path.is_dir() else [File(path, str(path))] if path.exists() else None
    except OSError as problem:
        raise BadInput(f"cannot read {problem.filename or path}: {problem.strerror}") from None
    except ValueError:  # such as a zero byte
        found = None
    if found is None:
        refuse(Place(str(path)), "no such file or folder")
    kinds = ", ".join((*LINES, *DOCUMENTS))
    if not found:
        refuse(Place(str(path)), f"the folder contains no logs: their names end in {kinds}, perhaps with .gz")
    if not path.is_dir() and found[0].suffix not in LINES + DOCUMENTS:
        refuse(Place(str(path)), f"the name must end in {kinds}, perhaps with .gz")
    return found


def _list_logs(folder: Path) -> list[File]:
    """Return the logs in ``folder`` and below, except hidden ones; raise OSError if a folder cannot be read.

    A link that leads nowhere is among them, as a file that cannot be read.
    """
    paths = sorted(Path(home, name) for home, _, names in os.walk(folder, onerror=_fail) for name in names)
    files = (File(path, str(path)) for path in paths if not path.name.startswith("."))
    return [
        file
        for file in files
        if file.suffix in LINES + DOCUMENTS and file.path and (file.path.is_file() or file.path.is_symlink())
    ]


def _fail(problem: OSError) -> NoReturn:
    """Raise ``problem``."""
    raise problem


def read_records(file: File) -> Iterator[Field | BadInput]:
    """Yield the records of ``file``; in place of one that is damaged, the error that says why."""
    read = read_document if file.suffix in DOCUMENTS and file.path else read_lines
    try:
        with _open(file) as stream:
            yield from read(stream, file.name)
    except OSError as problem:
        yield name_problem(Place(file.name), f"cannot be read: {summarize(problem)}")


@contextmanager
def _open(file: File) -> Iterator[BufferedIOBase]:
    """Open ``file`` for reading bytes, decompressed."""
    if file.path is None:
        yield cast(BufferedIOBase, sys.stdin.buffer)
    elif file.name.endswith(".gz"):
        with gzip.open(file.path) as unpacked:
            yield unpacked
    else:
        with file.path.open("rb") as opened:
            yield opened


def read_lines(stream: BufferedIOBase, name: str) -> Iterator[Field | BadInput]:
    """Yield the records of JSON lines, one line in memory at a time. Empty lines count, but are no records."""
    for number in count(1):
        place = Place(name, number)
        try:
            line = stream.readline(MAX_RECORD + 1)
            if len(line) > MAX_RECORD:
                _skip_line(stream, line)
                yield name_problem(place, f"longer than {MAX_RECORD:,} bytes")
                continue
        except UNREADABLE as problem:
            yield name_problem(place, f"cannot be read: {summarize(problem)}")
            return
        if not line:
            return
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if line.strip():
            yield read_value(line, place)


def _skip_line(stream: BufferedIOBase, start: bytes) -> None:
    """Read to the end of the line that ``start`` begins."""
    while start and not start.endswith(b"\n"):
        start = stream.readline(MAX_RECORD)


def read_document(stream: BufferedIOBase, name: str) -> Iterator[Field | BadInput]:
    """Yield the records of one JSON value: the entries of a list, or the value itself."""
    place = Place(name)
    try:
        data = stream.read(MAX_RECORD + 1)
    except UNREADABLE as problem:
        yield name_problem(place, f"cannot be read: {summarize(problem)}")
        return
    if len(data) > MAX_RECORD:
        yield name_problem(place, f"longer than {MAX_RECORD:,} bytes: write JSON lines, one record a line")
    elif data.strip():
        value = read_value(data, place)
        yield from value.entries() if isinstance(value, Field) and isinstance(value.value, list) else [value]


def read_value(data: bytes, place: Place) -> Field | BadInput:
    """Return the value of JSON in UTF-8, or the error that says why there is none."""
    try:
        return Field(parse(data.decode("utf-8-sig"), place), place)
    except UnicodeDecodeError as problem:
        return name_problem(place, f"not in UTF-8: byte {problem.start + 1} is {data[problem.start]:#04x}")
    except BadInput as problem:
        return problem


def name_problem(place: Place, problem: str) -> BadInput:
    """Return the error that says where the problem stands."""
    try:
        refuse(place, problem)
    except BadInput as error:
        return error
