"""Columns of CSV files, each as its distinct values and their places: in NumPy, unless a field is quoted."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int, Integer, Shaped, UInt8, UInt64

Column = tuple[list[str], Int[np.ndarray, " T"]]  # distinct values in the order of their first row; where they stand

_WORD = 8  # bytes of a field that are compared at a time
_MASKS = np.array([(1 << 8 * length) - 1 for length in range(_WORD + 1)], np.uint64)
_COMMA, _NEWLINE = b",\n"


def read_columns(path: Path, names: Sequence[str]) -> list[Column]:
    """Return the named columns; raise ValueError if the file is not CSV in UTF-8 with them. It names the row."""
    data = path.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    try:
        if b"\0" in data:
            raise ValueError("a zero byte: not CSV")
        head, _, body = data.partition(b"\n")
        header = next(csv.reader([head.decode()], strict=True))
        for name in names:
            if name not in header:
                raise ValueError(f"no column {name!r}: the header has {', '.join(map(repr, header)) or 'none'}")
        return (_quoted if b'"' in body else _plain)(body, len(header), [header.index(name) for name in names])
    except (ValueError, csv.Error) as problem:
        raise ValueError(f"{path}: {problem}") from None


def _quoted(body: bytes, width: int, places: Sequence[int]) -> list[Column]:
    """Read with Python's csv module, row by row."""
    columns: list[list[str]] = [[] for _ in places]
    row = 0
    try:
        for row, fields in enumerate(filter(None, csv.reader(io.StringIO(body.decode(), newline=""), strict=True)), 1):
            if len(fields) != width:
                raise ValueError(_wrong_width(row, len(fields), width))
            for column, place in zip(columns, places):
                column.append(fields[place])
    except csv.Error as problem:
        raise ValueError(f"row {row + 1}: {problem}") from None
    numbers = [{value: i for i, value in enumerate(dict.fromkeys(column))} for column in columns]
    return [(list(known), np.array([known[x] for x in column], np.intp)) for known, column in zip(numbers, columns)]


def _plain(body: bytes, width: int, places: Sequence[int]) -> list[Column]:
    """Read where nothing is quoted: every comma and every line end counts."""
    while b"\n\n" in body:
        body = body.replace(b"\n\n", b"\n")
    body = body.strip(b"\n") + b"\n" if body.strip(b"\n") else b""
    text = np.frombuffer(body + bytes(_WORD), np.uint8)
    ends = _field_ends(text[: len(body)], width)
    starts = np.concatenate([[0], ends.reshape(-1)[:-1] + 1])[: ends.size].reshape(ends.shape)
    return [_distinct(text, starts[:, place], ends[:, place]) for place in places]


def _field_ends(text: UInt8[np.ndarray, " bytes"], width: int) -> Int[np.ndarray, "T {width}"]:
    """Return where the fields of every row end; raise ValueError that names the first row with another number."""
    ends = np.flatnonzero((text == _COMMA) | (text == _NEWLINE))
    at_line_end = text[ends] == _NEWLINE
    rows = np.flatnonzero(at_line_end)
    wrong = np.diff(rows, prepend=-1) != width
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(_wrong_width(row + 1, int(np.diff(rows, prepend=-1)[row]), width))
    return ends.reshape(-1, width)


def _wrong_width(row: int, fields: int, width: int) -> str:
    """Return what is wrong with a row."""
    return f"row {row}: {fields} fields, but the header has {width}"


def _words(
    text: UInt8[np.ndarray, " bytes"], starts: Integer[np.ndarray, " T"], lengths: Integer[np.ndarray, " T"]
) -> UInt64[np.ndarray, " T"]:
    """Return the first bytes of every field as a number, with zeros beyond its end."""
    windows = np.ndarray((len(text) - _WORD + 1,), "<u8", text, strides=(1,))
    return windows[starts] & _MASKS[np.clip(lengths, 0, _WORD)]


def _number(keys: Shaped[np.ndarray, " T"]) -> tuple[Int[np.ndarray, " T"], int]:
    """Return equal numbers for equal keys, below the number of distinct keys."""
    distinct = np.unique(keys)
    return np.searchsorted(distinct, keys), len(distinct)


def _distinct(
    text: UInt8[np.ndarray, " bytes"], starts: Integer[np.ndarray, " T"], ends: Integer[np.ndarray, " T"]
) -> Column:
    """Return the distinct fields, and which of them each row holds, eight bytes at a time."""
    lengths = ends - starts
    index, _ = _number(_words(text, starts, lengths))
    for skipped in range(_WORD, int(lengths.max(initial=0)), _WORD):
        reach = np.minimum(starts + skipped, len(text) - _WORD)
        words, many = _number(_words(text, reach, lengths - skipped))
        index, _ = _number(index * many + words)
    first = np.zeros(index.max(initial=-1) + 1, np.intp)
    first[index[::-1]] = np.arange(len(index))[::-1]  # the last to be written is the first row
    order = np.argsort(first)
    values = [_decode(text[starts[row] : ends[row]], row) for row in first[order].tolist()]
    return values, np.argsort(order)[index]


def _decode(field: UInt8[np.ndarray, " bytes"], row: int) -> str:
    """Return a field as text; raise ValueError that names its row."""
    try:
        return field.tobytes().decode()
    except UnicodeDecodeError:
        raise ValueError(f"row {row + 1}: {field.tobytes()!r} is not UTF-8") from None
