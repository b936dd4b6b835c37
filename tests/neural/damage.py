"""Ways to damage valid files: other values, other bytes, other lengths than they claim."""

import copy
import json
import struct
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import numpy as np

RAW = "\x01raw %d"  # stands in a value for a text that no value is written as
RAWS = (
    "[" * 100_000,
    '{"a":' * 100_000,
    "1" * 5000,
    "-" + "9" * 400,
    "1e999",
    "NaN",
    "-Infinity",
    "0x10",
    "1_000",
    "'a'",
    "tru",
    '"\\ud800"',
    '"\x00"',
    '"\x1b[31m"',
    '{"a": 1, "a": 2}',
    "[1,]",
    "\ufeff1",
    "//",
)
NUMBERS = (
    0,
    -1,
    1,
    2,
    3,
    7,
    2**31,
    2**32,
    2**53 + 1,
    2**63,
    2**64,
    10**9,
    10**12,
    10**30,
    10**400,
    0.5,
    -0.0,
    1e-320,
    1e308,
)
TEXTS = (
    "",
    " ",
    "\x00",
    "\x1b[2J",
    "\u202e",
    "\ud800",
    "\u2028",
    "<script>",
    "[/b]",
    "../../outside",
    "/etc/passwd",
    "{}",
    "{} {}",
    "{0}",
    "{a}",
    "{0.__class__}",
    "{:>999999999999}",
    "{{}}",
    "{",
    "$\\frac",
    "%s",
    "x" * 20_000,
    "nan",
    "auto",
)
HOSTILE: tuple[Any, ...] = (
    None,
    True,
    False,
    *NUMBERS,
    *TEXTS,
    [],
    {},
    [[]],
    [None],
    {"": None},
    [0] * 3000,
    *(RAW % i for i in range(len(RAWS))),
)
WORDS = b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\x1b[31m", b"{}", b'"', b"[", b"]", b"\\u", b"\r\n", b","


def damage_bytes(data: bytes, rng: Random, head: int = 1 << 30) -> bytes:
    """Return ``data`` with a few bytes changed, cut or repeated, most of them among the first ``head``."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(1 + (min(head, len(changed)) if rng.random() < 0.9 else len(changed)))
        length = rng.choice((1, 1, 2, 4, 8, 8, 40))
        kind = rng.randrange(6)
        if kind == 0:
            changed[at : at + 1] = bytes([rng.randrange(256)])
        elif kind == 1:
            changed[at : at + 8] = struct.pack(
                "<Q", rng.choice([n for n in NUMBERS if type(n) is int and 0 <= n < 2**64])
            )
        elif kind == 2:
            del changed[at : at + length]
        elif kind == 3:
            changed[at:at] = changed[at : at + length]
        elif kind == 4:
            changed[at:at] = rng.choice(WORDS)
        elif rng.random() < 0.3:
            del changed[at:]
    return bytes(changed)


def pick(rng: Random) -> Any:
    """Return one of `HOSTILE`, a new one, so that changing it later changes no other."""
    return copy.deepcopy(rng.choice(HOSTILE))


def list_places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in ``value``: a list or mapping, and an index or a key of it."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in ((value, key), *list_places(value[key]))]


def damage_value(value: Any, rng: Random) -> Any:
    """Change ``value``, of lists and mappings, in a few places."""
    if rng.random() < 0.02:
        return pick(rng)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        places = list_places(value)
        if not places:
            return value
        (home, key), (other, its) = rng.choice(places), rng.choice(places)
        kind = rng.randrange(10)
        if kind < 6:
            home[key] = pick(rng)
        elif kind == 6:
            del home[key]
        elif kind == 7:
            home[key] = json.loads(json.dumps(other[its]))
        elif isinstance(home, dict):
            home[rng.choice([str(rng.choice(TEXTS)), str(its)])] = pick(rng)
        else:
            home.append(pick(rng))
    return value


def write_json(value: Any) -> bytes:
    """Return ``value`` as JSON, or as what only looks like it."""
    text = json.dumps(value)
    for i, raw in enumerate(RAWS):
        text = text.replace(json.dumps(RAW % i), raw)
    return text.encode("utf-8", "surrogatepass")


def damage_json(data: bytes, rng: Random) -> bytes:
    """Return a JSON document with other values, or with other bytes."""
    try:
        value = json.loads(data) if rng.random() < 0.8 else None
    except (ValueError, RecursionError):
        value = None
    return damage_bytes(data, rng) if value is None else write_json(damage_value(value, rng))


def damage_safetensors(data: bytes, rng: Random) -> bytes:
    """Return a safetensors file with another header, or with other bytes."""
    length = int.from_bytes(data[:8], "little")
    if rng.random() < 0.4 or length > len(data):
        return damage_bytes(data, rng, head=8 + length)
    header = damage_json(data[8 : 8 + length], rng)
    return struct.pack("<Q", len(header)) + header + data[8 + length :]


def gguf_value(value: Any) -> bytes:
    """Return the type and the bytes of a value of a GGUF file."""
    if isinstance(value, bool):
        return struct.pack("<I?", 7, value)
    if isinstance(value, int) and 0 <= value < 2**32:
        return struct.pack("<II", 4, value)
    if isinstance(value, int):
        return struct.pack("<Iq", 11, (value + 2**63) % 2**64 - 2**63)
    if isinstance(value, float):
        return struct.pack("<Id", 12, value)
    if isinstance(value, list):
        parts = [gguf_value(each) for each in value]
        kind = parts[0][:4] if parts else struct.pack("<I", 4)
        return struct.pack("<I", 9) + kind + struct.pack("<Q", len(parts)) + b"".join(part[4:] for part in parts)
    text = json.dumps(value) if isinstance(value, dict) else str(value)
    encoded = text.encode("utf-8", "surrogatepass")
    return struct.pack("<IQ", 8, len(encoded)) + encoded


def write_gguf(fields: Mapping[str, Any], tensors: Mapping[str, Sequence[int]]) -> bytes:
    """Return a GGUF file with these settings, and with tensors of float32 of these shapes."""
    data = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(fields))
    for name, value in fields.items():
        data += gguf_value(name)[4:] + gguf_value(value)
    offset = 0
    for name, shape in tensors.items():
        data += gguf_value(name)[4:] + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, 0, offset)
        offset += 4 * int(np.prod(shape)) if max(shape) < 10_000 else 64
    return data + bytes(-len(data) % 32) + bytes(min(offset, 1 << 20))
