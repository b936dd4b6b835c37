"""The worked examples and the documents import public names only, and so do the modules from public modules."""

import ast
import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "causal_agency" / "examples").glob("*.py"))
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = sorted((ROOT / "causal_agency").rglob("*.py"))


def code_of(file):
    """The code of a file: of a document, the lines of its blocks, without prompts and output."""
    if file.suffix == ".py":
        return file.read_text()
    blocks = re.findall(r"```python\n(.*?)```", file.read_text(), re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    prompted = [line[4:] for line in lines if line.startswith((">>> ", "... "))]
    return "\n".join(prompted)


def imported(code):
    """Module and name of everything that is imported from this project; name is None if it is the module itself."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            found += [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [(alias.name, None) for alias in node.names]
    return [(module, name) for module, name in found if module.partition(".")[0] in ("causal_agency", "neural")]


def is_module(name):
    try:
        return bool(importlib.util.find_spec(name))
    except ModuleNotFoundError:
        return False


def is_public(module, name):
    """Whether a name is public: listed in ``__all__``. The rooms of `neural` have no lists, and hide by underscores."""
    if any(part.startswith("_") for part in module.split(".")):
        return False
    if name is None or is_module(f"{module}.{name}"):
        return not (name or "").startswith("_")
    found = importlib.import_module(module)
    unlisted = [each for each in dir(found) if not each.startswith("_")] if module.startswith("neural.") else ()
    return name in getattr(found, "__all__", unlisted)


@pytest.mark.parametrize("file", [*EXAMPLES, *DOCUMENTS], ids=lambda file: str(file.relative_to(ROOT)))
def test_public_names_only(file):
    assert [each for each in imported(code_of(file)) if not is_public(*each)] == []


@pytest.mark.parametrize("file", MODULES, ids=lambda file: str(file.relative_to(ROOT)))
def test_modules_import_no_private_name(file):
    """A private module, such as `_probability`, exports names without an underscore."""
    names = [(module, name) for module, name in imported(code_of(file)) if (name or "").startswith("_")]
    assert [f"{module}.{name}" for module, name in names if not is_module(f"{module}.{name}")] == []


def test_imports_are_found():
    assert ("causal_agency", "Mixture") in imported(code_of(ROOT / "README.md"))
    assert ("neural", "finetune") in imported(code_of(ROOT / "docs" / "finetuning.md"))
    assert ("causal_agency.testing", "check_laws") in imported(code_of(ROOT / "docs" / "exact.md"))
    assert all(imported(code_of(file)) for file in EXAMPLES if file.name != "__init__.py")


def test_private_names_are_found():
    assert not is_public("causal_agency._probability", "Number")
    assert not is_public("causal_agency.streams", "_codes")
    assert not is_public("causal_agency.ledger", "MAX_SYMBOL_LENGTH")
    assert not is_public("causal_agency", "_probability")
    assert not is_public("neural", "_HOMES")
    assert not is_public("neural.paper.lessons", "no_such_name")
    assert is_public("neural", "finetune")
    assert is_public("causal_agency", "streams")
    assert is_public("causal_agency.streams", None)
