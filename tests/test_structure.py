"""Who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# Each may import what stands above it in its own list, and nothing of the project besides.
LAYERS = {
    "causal_agency": [
        {"_extras", "_probability", "gate"},
        {"_products", "arrays", "cli", "history"},
        {"kernel"},
        {"hypothesis"},
        {"_factors"},
        {"belief", "likelihood"},
        {"ledger", "streams"},
        {"mixture"},
        {"_laws", "episode", "plot"},
        {"testing", "examples.two_action", "examples.fire_engine", "examples.six_slot", "examples.bandit"},
        {"examples.many_agents"},
    ],
    "neural": [
        {"data.facts", "data.phrases", "output"},
        {"data.dialogue", "data.invented", "study.recipe"},
        {"data.talk", "data.tokens"},
        {"model.qwen", "model.folder"},
        {"study.loss", "study.machine", "model.weights", "model.generate"},
        {"study.arms"},
        {"study.probes", "study.pretraining", "study.roles"},
        {"study.experiment", "study.bridge", "study.theory"},
        {"study.sweep"},
        {"report.statistics"},
        {"report.summary", "report.figures", "report.measures"},
        {"report.page", "report.curves", "report.sections"},
        {"report.study"},
        {"train", "pretrain"},
        {"sweep"},
    ],
}
FILES = [file for package in LAYERS for file in sorted((ROOT / package).rglob("*.py")) if file.stem != "__init__"]


def imports(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def layer(package, module):
    for i, names in enumerate(LAYERS[package]):
        if any(module == name or module.startswith(name + ".") for name in names):
            return i
    raise AssertionError(f"{package}.{module} stands in no layer")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_point_downwards(file):
    package, *parts = file.relative_to(ROOT).with_suffix("").parts
    here = layer(package, ".".join(parts))
    for name in imports(file):
        other, _, module = name.partition(".")
        if other == package and module:
            assert layer(package, module) < here, name
        assert not (package == "causal_agency" and other == "neural"), name


@pytest.mark.parametrize("file", [file for file in FILES if file.parent.name == "report"], ids=lambda file: file.stem)
def test_the_report_needs_no_model(file):
    assert not {name for name in imports(file) if name.startswith(("jax", "flax", "neural.model", "neural.study"))}


def test_no_file_beside_train_hides_a_standard_module():
    names = {path.stem for path in (ROOT / "neural").iterdir()} - {"__init__", "__pycache__", "py"}
    assert not names & sys.stdlib_module_names


def test_importing_the_exact_side_brings_no_heavy_library():
    heavy = {"jax", "numpy", "rich", "flax", "hypothesis", "matplotlib"}
    code = f"import sys, causal_agency; sys.exit(bool({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
