"""Every public name is documented, and every example in a docstring works."""

import doctest
import importlib
import inspect
import pkgutil
import re
from types import SimpleNamespace
from typing import get_origin

import pytest

import causal_agency
from docstrings import undocumented

MODULES = [module.name for module in pkgutil.walk_packages(causal_agency.__path__, "causal_agency.")]
PUBLIC = [name for name in MODULES if "._" not in name and "examples" not in name]


@pytest.mark.parametrize("name", ["causal_agency", *PUBLIC])
def test_public_names_are_documented(name):
    assert undocumented(importlib.import_module(name)) == []


# The paper has nothing like them: files and frames, and what examples and the page of the explorer are made of.
UNSOURCED = {"from_frame", "read_csv", "read_jsonl", "format_number", "Command", "image_file", "import_extra", "answer"}


@pytest.mark.parametrize("name", ["causal_agency", *PUBLIC])
def test_public_names_name_their_section_of_the_paper(name):
    module = importlib.import_module(name)
    things = {each: getattr(module, each) for each in module.__all__ if each not in UNSOURCED}
    docs = {
        each: inspect.getdoc(thing) or ""
        for each, thing in things.items()
        if getattr(thing, "__module__", "").startswith("causal_agency") and callable(thing) and not get_origin(thing)
    }
    assert [each for each, doc in docs.items() if not re.search(r"sections? \d|Section \d|\(\d\.\d|Eq\. \d", doc)] == []


@pytest.mark.parametrize("name", [name for name in MODULES if "._" not in name and name != "causal_agency.examples"])
def test_public_modules_list_their_names(name):
    module = importlib.import_module(name)
    assert list(module.__all__) == sorted(module.__all__)
    assert all(hasattr(module, each) and not each.startswith("_") for each in module.__all__)


@pytest.mark.parametrize("name", ["causal_agency", *MODULES])
def test_the_examples_of_docstrings_work(name):
    if name == "causal_agency._compiled":
        pytest.importorskip("numba", reason="compiled trajectories need numba (the extra `compiled`)")
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert failed == 0
    assert tried or name not in PUBLIC


class Box:
    """A box."""

    def fill(self, cup):
        """Fill it."""
        if not cup:
            raise ValueError(cup)
        return cup

    @property
    def size(self):
        """The size."""
        return 3

    def shake(self):
        return None


def pour(cup, *, hot=False):
    """Pour.

    Args:
        cup: What to fill.

    Example:
        >>> 1
        1
    """
    return cup, hot


def undescribed(cup):
    return cup


def test_gaps_are_found():
    things = {"Box": Box, "pour": pour, "undescribed": undescribed, "Any": int}
    module = SimpleNamespace(__name__=__name__, __doc__="A module.", __all__=list(things), **things)
    assert undocumented(module) == [
        "Box.fill: no cup under Args",
        "Box.fill: no Returns",
        "Box.fill: no Raises",
        "Box.shake: no docstring",
        "Box: no example",
        "pour: no hot under Args",
        "pour: no Returns",
        "undescribed: no docstring",
        "undescribed: no cup under Args",
        "undescribed: no Returns",
        "undescribed: no example",
    ]
    assert "Box: no example" not in undocumented(module, examples=False)
