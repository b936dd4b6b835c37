"""JSON values that know where they stand, and refuse in one line what is not as expected."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn, TypeVar

from neural.dialogue.transcript import Place
from neural.errors import BadInput
from neural.escape import show

T = TypeVar("T")
MAX_QUOTE = 40  # characters of a value that an error repeats


def refuse(place: Place, problem: str) -> NoReturn:
    """Raise BadInput that says where the problem stands."""
    raise BadInput(show(f"{place}: {problem}"))


def describe(value: Any) -> str:
    """Return what a value is, for an error: an object and a list by name, anything else as JSON, perhaps cut short."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_QUOTE else f"{text[:MAX_QUOTE]}…"


class Field(NamedTuple):
    """A JSON value and where it stands."""

    value: Any
    place: Place

    def refuse(self, problem: str) -> NoReturn:
        """Raise BadInput about this value."""
        refuse(self.place, problem)

    def get(self, key: str) -> "Field | None":
        """Return what stands under ``key`` in this object, or None if that is missing or null."""
        if not isinstance(self.value, dict):
            self.refuse(f"{describe(self.value)}, not an object")
        value = self.value.get(key)
        if value is None:
            return None
        file, line, field = self.place
        return Field(value, Place(file, line, f"{field}.{key}" if field else key))

    def need(self, key: str) -> "Field":
        """Return what stands under ``key`` in this object, and refuse the object if that is missing or null."""
        found = self.get(key)
        if found is None:
            self.refuse(f"{key} is missing")
        return found

    def entries(self) -> "list[Field]":
        """Return the entries of this list."""
        if not isinstance(self.value, list):
            self.refuse(f"{describe(self.value)}, not a list")
        file, line, field = self.place
        return [Field(value, Place(file, line, f"{field}[{i}]")) for i, value in enumerate(self.value)]

    def text(self) -> str:
        """Return this text."""
        if not isinstance(self.value, str):
            self.refuse(f"{describe(self.value)}, not a text")
        return self.value

    def flag(self) -> bool:
        """Return this flag: true, false, 1 or 0."""
        if not isinstance(self.value, bool | int | float) or self.value not in (0, 1):
            self.refuse(f"{describe(self.value)}, not true, false, 1 or 0")
        return bool(self.value)

    def choose(self, options: Mapping[str, T]) -> T:
        """Return the option that this text names."""
        name = self.text()
        if name not in options:
            self.refuse(f"unknown: {describe(name)}; known are {', '.join(options)}")
        return options[name]

    def parse(self) -> "Field":
        """Return the JSON value that this text writes."""
        return Field(parse(self.text(), self.place), self.place)


def text_of(field: Field, key: str) -> str:
    """Return the text under ``key``, or the empty one if that is missing or null."""
    found = field.get(key)
    return "" if found is None else found.text()


def is_set(field: Field, key: str) -> bool:
    """Return whether the flag under ``key`` is there and true."""
    found = field.get(key)
    return found is not None and found.flag()


def _join(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; raise ValueError if a key stands twice, since readers differ in which one they take."""
    joined = dict(pairs)
    if len(joined) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {describe(twice)} stands twice in one object")
    return joined


def parse(text: str, place: Place) -> Any:
    """Return the value of JSON, where all other readers of JSON would agree on it; refuse anything else."""
    try:
        value = json.loads(text, object_pairs_hook=_join)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        refuse(place, "its JSON is nested too deeply")
    except json.JSONDecodeError as problem:
        refuse(place, f"not JSON: {problem.msg}, at character {problem.pos + 1}")
    except UnicodeEncodeError:
        refuse(place, "a text contains half of a surrogate pair")
    except ValueError as problem:
        refuse(place, f"its JSON cannot be used: {problem}")
    return value
