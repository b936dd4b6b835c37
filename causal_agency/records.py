"""Logs as arrays, at millions of rows: CSV, JSON lines, and frames of pandas or polars.

Each row says who wrote a symbol and which one; a third column may say to which stream it belongs. Rows are counted from
1, without the header and without blank lines.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from causal_agency._authors import AUTHORS, check_symbol, find_gate
from causal_agency._extras import optional_import
from causal_agency.gate import Gate
from causal_agency.history import Slot, Symbol

with optional_import("causal_agency.records", extra="arrays"):
    import numpy as np
    from jaxtyping import Bool, Int, Shaped

    from causal_agency._csv import read_columns
    from causal_agency.streams import pad

__all__ = ["Records", "from_frame", "read_csv", "read_jsonl"]

T = TypeVar("T")


class Records(NamedTuple):
    """One stream, or many streams of several lengths (z_i and γ_i of section 3.1), as `streams` takes them.

    Attributes:
        symbols: z_i as indexes into ``tokens``, [T] or [N, T].
        evidence: True where the world wrote the symbol; false beyond the end of a stream.
        tokens: What the indexes stand for.
        names: The names of the N streams; empty if no column named them.
        lengths: How many slots each stream has, [N]; [1] if no column named them.

    Example:
        >>> from causal_agency.records import from_frame
        >>> records = from_frame({"author": ["agent", "world"], "symbol": ["A", "B"]})
        >>> print(records.symbols, records.evidence, records.tokens)
        [0 1] [False  True] ('A', 'B')
    """

    symbols: Int[np.ndarray, "*streams T"]
    evidence: Bool[np.ndarray, "*streams T"]
    tokens: tuple[Symbol, ...]
    names: tuple[Any, ...]
    lengths: Int[np.ndarray, " N"]

    def histories(self) -> list[tuple[Slot, ...]]:
        """Return the history of every stream, for the exact functions.

        Returns:
            N histories; one if no column named streams.
        """
        rows = zip(np.atleast_2d(self.symbols), np.atleast_2d(self.evidence), self.lengths.tolist())
        gates = Gate.AGENT, Gate.WORLD
        return [
            tuple(Slot(self.tokens[z], gates[seen]) for z, seen in zip(symbols[:end].tolist(), evidence[:end].tolist()))
            for symbols, evidence, end in rows
        ]


class Column(NamedTuple):
    """A column of a log: its distinct values, and where they stand.

    Attributes:
        values: Distinct values, in the order of their first row.
        places: Which of them a row holds, [T].
    """

    values: list[Any]
    places: Int[np.ndarray, " T"]


def read_csv(
    path: str | Path,
    tokens: Sequence[Symbol] | None = None,
    *,
    author: str = "author",
    symbol: str = "symbol",
    stream: str | None = None,
    authors: Mapping[Any, Gate] = AUTHORS,
) -> Records:
    """Read a CSV file with a header, in UTF-8.

    Args:
        path: The file.
        tokens: What symbols there are, such as ``mix.as_arrays().tokens``; a text stands for the token that Python
            prints so. Without them, the texts are the tokens.
        author: The column that says who wrote the symbol.
        symbol: The column of the symbols.
        stream: A column that says to which stream a row belongs; without it, all rows are one stream.
        authors: The gate of each author.

    Returns:
        The arrays.

    Raises:
        ValueError: If the file has no such column, or a row is bad; names the row.

    Example:
        >>> import tempfile, pathlib
        >>> from causal_agency.records import read_csv
        >>> path = pathlib.Path(tempfile.mkdtemp(), "log.csv")
        >>> _ = path.write_text("author,symbol\\nagent,A\\nworld,B\\n")
        >>> read_csv(path).histories()
        [(do('A'), see('B'))]
    """
    names = [author, symbol, *([] if stream is None else [stream])]
    columns = [Column(*column) for column in read_columns(Path(path), names)]
    texts = None if tokens is None else {str(token): token for token in tokens}
    if texts is not None and len(texts) < len(tokens or ()):
        raise ValueError("two tokens are written alike: a CSV file cannot tell them apart")
    return _in_file(path, lambda: _assemble(columns, tokens, authors, lambda text: (texts or {}).get(text, text)))


def read_jsonl(
    path: str | Path,
    tokens: Sequence[Symbol] | None = None,
    *,
    author: str = "author",
    symbol: str = "symbol",
    stream: str | None = None,
    authors: Mapping[Any, Gate] = AUTHORS,
) -> Records:
    """Read a file with a JSON object on each line.

    Args:
        path: The file.
        tokens: What symbols there are, such as ``mix.as_arrays().tokens``. Without them, those of the file.
        author: The key that says who wrote the symbol.
        symbol: The key of the symbols.
        stream: A key that says to which stream a row belongs; without it, all rows are one stream.
        authors: The gate of each author.

    Returns:
        The arrays.

    Raises:
        ValueError: If a row is bad; names the row.

    Example:
        >>> import tempfile, pathlib
        >>> from causal_agency.records import read_jsonl
        >>> path = pathlib.Path(tempfile.mkdtemp(), "log.jsonl")
        >>> _ = path.write_text('{"author": "agent", "symbol": 3}\\n')
        >>> read_jsonl(path).histories()
        [(do(3),)]
    """
    keys = [author, symbol, *([] if stream is None else [stream])]

    def read() -> Records:
        with open(path, "rb") as lines:
            rows = [_parse(line, keys, number) for number, line in enumerate(filter(bytes.strip, lines), 1)]
        return _assemble([_encode([row[i] for row in rows]) for i in range(len(keys))], tokens, authors)

    return _in_file(path, read)


def from_frame(
    frame: Any,
    tokens: Sequence[Symbol] | None = None,
    *,
    author: str = "author",
    symbol: str = "symbol",
    stream: str | None = None,
    authors: Mapping[Any, Gate] = AUTHORS,
) -> Records:
    """Read a frame of pandas or polars, or a dictionary of columns.

    Args:
        frame: Anything whose ``frame[name]`` is a column.
        tokens: What symbols there are, such as ``mix.as_arrays().tokens``. Without them, those of the frame.
        author: The column that says who wrote the symbol.
        symbol: The column of the symbols.
        stream: A column that says to which stream a row belongs; without it, all rows are one stream.
        authors: The gate of each author.

    Returns:
        The arrays.

    Raises:
        KeyError: If the frame has no such column.
        ValueError: If a row is bad; names the row.

    Example:
        >>> from causal_agency.records import from_frame
        >>> frame = {"author": ["world"] * 3, "symbol": ["B", "A", "B"], "episode": [7, 8, 7]}
        >>> records = from_frame(frame, "AB", stream="episode")
        >>> records.names, records.histories()
        ((7, 8), [(see('B'), see('B')), (see('A'),)])
    """
    names = [author, symbol, *([] if stream is None else [stream])]
    columns = [_encode(np.asarray(frame[name]).tolist()) for name in names]
    if len({len(column.places) for column in columns}) > 1:
        raise ValueError(f"the columns {', '.join(names)} differ in length")
    return _assemble(columns, tokens, authors)


def _in_file(path: str | Path, read: Callable[[], T]) -> T:
    """Return what ``read`` returns; name the file in its errors."""
    try:
        return read()
    except ValueError as problem:
        raise ValueError(f"{path}: {problem}") from None


def _parse(line: bytes, keys: Sequence[str], number: int) -> list[Any]:
    """Return the values of a line of JSON; raise ValueError that names the row."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError(f"row {number}: not JSON") from None
    if not isinstance(record, dict):
        raise ValueError(f"row {number}: not a JSON object")
    for key in keys:
        if key not in record:
            raise ValueError(f"row {number}: no {key!r}: it has {', '.join(map(repr, record)) or 'nothing'}")
    return [record[key] for key in keys]


def _encode(values: list[Any]) -> Column:
    """Return the distinct values, and which of them stands where; True is not 1."""
    numbers: dict[Any, int] = {}
    distinct: list[Any] = []
    index = np.empty(len(values), np.intp)
    for i, value in enumerate(values):
        try:
            index[i] = number = numbers.setdefault((type(value), value), len(distinct))
        except TypeError:  # it cannot be hashed: refused later, where the row is named
            index[i] = number = len(distinct)
        if number == len(distinct):
            distinct.append(value)
    return Column(distinct, index)


def _translate(column: Column, translate: Callable[[Any], T]) -> list[T]:
    """Return what ``translate`` makes of each distinct value; its errors name the first row with that value."""
    translated = []
    for number, value in enumerate(column.values):
        try:
            translated.append(translate(value))
        except ValueError as problem:
            raise ValueError(f"row {int(np.argmax(column.places == number)) + 1}: {problem}") from None
    return translated


def _find_token(tokens: Mapping[Symbol, int]) -> Callable[[Any], int]:
    """Return a function from a symbol to its number."""

    def find(symbol: Any) -> int:
        if check_symbol(symbol) not in tokens:
            known = ", ".join(map(repr, [*tokens][:8])) + ", …" * (len(tokens) > 8)
            raise ValueError(f"unknown token {symbol!r}: the tokens are {known}")
        return tokens[symbol]

    return find


def _assemble(
    columns: Sequence[Column],
    tokens: Sequence[Symbol] | None,
    authors: Mapping[Any, Gate],
    read_symbol: Callable[[Any], Any] = lambda value: value,
) -> Records:
    """Return the arrays of the columns author, symbol and, perhaps, stream."""
    author, symbol = columns[0], columns[1]
    gates = _translate(author, lambda value: find_gate(value, authors))
    symbols = _translate(symbol, lambda value: check_symbol(read_symbol(value)))
    known = tuple(dict.fromkeys(symbols) if tokens is None else tokens)
    numbers = _translate(Column(symbols, symbol.places), _find_token({token: i for i, token in enumerate(known)}))
    smallest = np.min_scalar_type(max(len(known) - 1, 0))
    z = np.array(numbers, smallest)[symbol.places]
    evidence = np.array([gate == Gate.WORLD for gate in gates], bool)[author.places]
    if len(columns) == 2:
        return Records(z, evidence, known, (), np.array([len(z)]))
    return _split(columns[2], z, evidence, known)


def _split(
    stream: Column, symbols: Shaped[np.ndarray, " T"], evidence: Bool[np.ndarray, " T"], tokens: tuple[Symbol, ...]
) -> Records:
    """Return the streams one below the other, each in the order of its rows."""
    lengths = np.bincount(stream.places, minlength=len(stream.values))
    order, ends = np.argsort(stream.places, kind="stable"), np.cumsum(lengths)[:-1]
    padded = pad(np.split(symbols[order], ends), np.split(evidence[order], ends))
    return Records(*padded, tokens, tuple(stream.values), lengths)
