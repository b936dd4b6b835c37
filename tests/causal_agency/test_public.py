"""The worked examples and the documents import public names only."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "causal_agency" / "examples").glob("*.py"))
DOCUMENTS = [ROOT / "README.md", ROOT / "docs" / "exact.md"]


def code_of(file):
    """The code of a file: of a document, the lines of its blocks, without prompts and output."""
    if file.suffix == ".py":
        return file.read_text()
    blocks = re.findall(r"```python\n(.*?)```", file.read_text(), re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    prompted = [line[4:] for line in lines if line.startswith((">>> ", "... "))]
    return "\n".join(prompted)


def imported(code):
    """Module and name of everything that is imported from this package; name is None if it is the module itself."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)


def is_module(name):
    try:
        return bool(importlib.util.find_spec(name))
    except ModuleNotFoundError:
        return False


def is_public(module, name):
    if any(part.startswith("_") for part in module.split(".")):
        return False
    if name is None or is_module(f"{module}.{name}"):
        return not (name or "").startswith("_")
    return name in importlib.import_module(module).__all__


@pytest.mark.parametrize("file", [*EXAMPLES, *DOCUMENTS], ids=lambda file: file.name)
def test_public_names_only(file):
    names = [(module, name) for module, name in imported(code_of(file)) if module.startswith("causal_agency")]
    assert names or file.name == "__init__.py"
    assert [each for each in names if not is_public(*each)] == []


def test_private_names_are_found():
    assert not is_public("causal_agency._probability", "Number")
    assert not is_public("causal_agency.streams", "_codes")
    assert not is_public("causal_agency.ledger", "MAX_SYMBOL_LENGTH")
    assert not is_public("causal_agency", "_probability")
    assert is_public("causal_agency", "streams")
    assert is_public("causal_agency.streams", None)
