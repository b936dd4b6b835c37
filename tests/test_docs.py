"""The README's transcript and the notation's names, held to the code."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(("document", "examples"), [("README.md", 10), ("docs/exact.md", 20)])
def test_every_transcript_works_exactly_so(document, examples):
    failed, tried = doctest.testfile(str(ROOT / document), module_relative=False)
    assert tried >= examples
    assert failed == 0


NAMES = re.findall(r"`((?:causal_agency|neural)(?:\.\w+)+)`", (ROOT / "docs" / "notation.md").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_notation_exists(name):
    parts = name.split(".")
    for i in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:i]))
        except ModuleNotFoundError:
            continue
        for part in parts[i:]:
            found = getattr(found, part)
        return
    pytest.fail(name)


def test_the_notation_names_many():
    assert len(NAMES) > 20
