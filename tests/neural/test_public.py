"""What a program may import from `neural`, and what importing it costs."""

import doctest
import importlib
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import neural
from docstrings import undocumented

WITH_EXAMPLES = [
    "neural",
    "neural.dialogue.authors",
    "neural.dialogue.dialogue",
    "neural.dialogue.labels",
    "neural.dialogue.logs.reading",
    "neural.dialogue.plain_text",
    "neural.dialogue.transcript",
    "neural.errors",
    "neural.finetuning",
    "neural.model.checkpoint",
    "neural.model.lora",
    "neural.training.config",
    "neural.training.log",
    "neural.training.loop",
]
HEAVY = "jax", "flax", "optax", "transformers", "numpy", "matplotlib", "pydantic", "tqdm", "rich", "scipy"


def run(code):
    """Run ``code`` in a process of its own, and return what it prints as JSON."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", neural.__all__)
def test_every_public_name_is_found(name):
    assert getattr(neural, name) is not None
    assert name in dir(neural)


def test_the_public_names_are_sorted_and_each_has_one_home():
    names = [name for names in neural._HOMES.values() for name in names]
    assert sorted(names) == sorted(neural.__all__)
    assert len(set(names)) == len(names)


def test_another_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'neural' has no attribute 'frobnicate'"):
        _ = neural.frobnicate


def test_importing_the_package_loads_nothing_heavy_and_sets_nothing():
    code = f"""
import json, os, sys
before = dict(os.environ)
import neural
print(json.dumps([[name for name in {HEAVY} if name in sys.modules], dict(os.environ) == before]))
"""
    assert run(code) == [[], True]


def test_using_the_package_sets_no_environment_variable_and_no_backend():
    """Every public name, and the modules that draw."""
    code = """
import json, os
import matplotlib
backend, before = matplotlib.rcParams._get_backend_or_none(), dict(os.environ)
import neural
for name in neural.__all__:
    getattr(neural, name)
import neural.report.run.figures, neural.report.sweep.figures
print(json.dumps([dict(os.environ) == before, matplotlib.rcParams._get_backend_or_none() == backend]))
"""
    assert run(code) == [True, True]


def test_a_name_is_still_the_function_after_its_module_is_imported():
    code = """
import json
import neural.finetuning, neural.dialogue.labels, neural.train
from neural import answer, finetune, labels, load
print(json.dumps([f"{each.__module__}.{each.__name__}" for each in (answer, finetune, labels, load)]))
"""
    homes = "neural.finetuning.answer", "neural.finetuning.finetune", "neural.dialogue.labels.labels"
    assert run(code) == [*homes, "neural.model.checkpoint.load"]


@pytest.mark.parametrize(
    ("name", "package"),
    [("finetune", "flax"), ("load", "safetensors"), ("labels", "transformers"), ("TrainConfig", "jax")],
)
def test_a_missing_package_is_an_error_that_names_the_extra(name, package):
    code = f"""
import json, sys
sys.modules[{package!r}] = None
try:
    from neural import {name}
except ImportError as problem:
    print(json.dumps([str(problem), problem.name]))
"""
    assert run(code) == [f"neural.{name} needs {package}: pip install 'causal-agency[neural]'", package]


@pytest.mark.parametrize("name", ["Dialogue", "user", "BadInput"])
def test_what_needs_no_package_works_without_them(name):
    code = f"""
import json, sys
for package in {HEAVY}:
    sys.modules[package] = None
from neural import {name}
print(json.dumps({name}.__name__))
"""
    assert run(code) == name


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_in_the_docstrings_are_right(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    failed, attempted = doctest.testmod(importlib.import_module(name))
    assert failed == 0
    assert attempted > 0


def test_every_module_with_examples_is_listed():
    folder = Path(neural.__file__).parent
    files = [
        file for part in ("", "dialogue", "dialogue/logs", "model", "training") for file in (folder / part).glob("*.py")
    ]
    found = {file.relative_to(folder.parent).with_suffix("") for file in files if ">>>" in file.read_text()}
    assert {".".join(path.parts).removesuffix(".__init__") for path in found} == {*WITH_EXAMPLES}


UNSOURCED = "BadInput", "Lora", "save", "save_adapter"  # the paper has nothing like them


@pytest.mark.parametrize("name", [name for name in neural.__all__ if name not in UNSOURCED])
def test_a_public_name_names_its_section_of_the_paper(name):
    assert re.search(r"sections? \d|Eq\. \d", inspect.getdoc(getattr(neural, name)))


def test_every_public_name_is_documented():
    assert undocumented(neural) == []
