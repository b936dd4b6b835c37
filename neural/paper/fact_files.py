"""Facts of the user's own, from a CSV or JSON file."""

import csv
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

from neural.errors import BadInput
from neural.files import read_json
from neural.paper.facts import Fact

NEEDED = "topic", "sentence", "true", "false"
ALIASES = "true_aliases", "false_aliases"
ANSWERS = {"yes": True, "true": True, "no": False, "false": False}  # in a CSV file


def read_table(file: Path) -> list[dict[Any, Any]]:
    """Read the rows of a CSV file with a header."""
    try:
        return list(csv.DictReader(file.read_text(encoding="utf-8-sig").splitlines()))
    except UnicodeDecodeError:
        raise BadInput(f"cannot read {file}: it is not in UTF-8; save it in that encoding") from None
    except OSError as problem:
        raise BadInput(f"cannot read {file}: {problem.strerror}") from None
    except csv.Error as problem:
        raise BadInput(f"cannot read {file}: {problem}") from None


def read_rows(file: Path) -> list[dict[str, Any]]:
    """Read the rows of a CSV file with a header, or the objects of a JSON list."""
    rows = read_json(file) if file.suffix.lower() == ".json" else read_table(file)
    if not (isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)):
        raise BadInput(f"{file} has no facts: write a CSV file with a header, or a JSON list of objects")
    return rows


def split(aliases: Any) -> Any:
    """Return a text of aliases, which a CSV file separates by semicolons, as a list, and anything else as it is."""
    return [each.strip() for each in aliases.split(";")] if isinstance(aliases, str) else aliases


def make_fact(row: dict[str, Any], place: str) -> Fact:
    """Return the fact of one row; raise BadInput, naming ``place``, if it lacks something."""
    known = {field.name for field in fields(Fact)}
    if None in row:
        raise BadInput(f"{place} has more fields than the header: put a sentence with a comma in double quotes")
    values = {name: value for name, value in row.items() if value not in (None, "", [])}
    if missing := [name for name in NEEDED if not isinstance(values.get(name), str)]:
        apart = ", separated by commas" if any(";" in str(name) for name in row) else ""
        raise BadInput(f"{place} has no {missing[0]!r}: every fact needs {', '.join(NEEDED)}{apart}")
    if unknown := [str(name) for name in values if name not in known]:
        raise BadInput(f"{place} has {unknown[0]!r}, but a fact has {', '.join(field.name for field in fields(Fact))}")
    named = values.get("begins_with_name", False)
    named = ANSWERS.get(named.lower()) if isinstance(named, str) else named
    if not isinstance(named, bool):
        raise BadInput(f"{place}: begins_with_name must be yes or no")
    aliases = {name: split(values[name]) for name in ALIASES if name in values}
    for name, texts in aliases.items():
        if not (isinstance(texts, list) and all(isinstance(text, str) and text for text in texts)):
            raise BadInput(f"{place}: {name} must be a list of texts")
    try:
        return Fact(**values | aliases | {"begins_with_name": named})
    except BadInput as problem:
        raise BadInput(f"{place}: {problem}") from None


def read_facts(file: Path) -> tuple[Fact, ...]:
    """Read the facts in ``file``.

    Args:
        file: a CSV file with a header, or a JSON list of objects. Both name the fields of `Fact`: topic, sentence (with
            {} in the place of the value), true, false, and perhaps true_aliases, false_aliases (other spellings of the
            values; in a CSV file separated by semicolons) and begins_with_name.

    Returns:
        The facts, in order.

    Raises:
        BadInput: if the file cannot be read, lacks a field, or has a topic twice.
    """
    facts = tuple(make_fact(row, f"fact {i} of {file}") for i, row in enumerate(read_rows(file), 1))
    topics = Counter(fact.topic for fact in facts)
    if twice := [topic for topic, times in topics.items() if times > 1]:
        raise BadInput(f"{file} has the topic {twice[0]!r} twice")
    return facts
