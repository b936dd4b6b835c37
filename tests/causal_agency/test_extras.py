"""A missing package is reported in one line that names the extra to install."""

import importlib
import subprocess
import sys

import pytest

from causal_agency._extras import optional_import
from causal_agency.cli import import_extra


def run(code, *missing):
    """Run Python code without some packages."""
    hide = f"import sys; sys.modules.update(dict.fromkeys({list(missing)}))"
    return subprocess.run([sys.executable, "-c", f"{hide}\n{code}"], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("module", "missing", "extra"),
    [
        ("arrays", "jax", "arrays"),
        ("arrays", "jaxtyping", "arrays"),
        ("streams", "numpy", "arrays"),
        ("plot", "matplotlib", "plot"),
        ("testing", "hypothesis", "testing"),
        ("examples.bandit", "numpy", "plot"),
    ],
)
def test_the_error_names_the_extra(module, missing, extra):
    result = run(f"import causal_agency.{module}", missing)
    last = result.stderr.strip().splitlines()[-1]
    assert last == f"ImportError: causal_agency.{module} needs {missing}: pip install 'causal-agency[{extra}]'"
    assert "During handling" not in result.stderr


@pytest.mark.parametrize(
    ("example", "arguments", "missing", "message"),
    [
        ("bandit", [], "numpy", "causal_agency.examples.bandit needs numpy: pip install 'causal-agency[plot]'"),
        ("bandit", ["--plot", "x.png"], "matplotlib",
         "causal_agency.plot needs matplotlib: pip install 'causal-agency[plot]'"),
        ("learning_agent", ["--plot", "x.png"], "numpy",
         "causal_agency.plot needs numpy: pip install 'causal-agency[plot]'"),
        ("many_agents", [], "jax", "causal_agency.examples.many_agents needs jax: pip install 'causal-agency[arrays]'"),
    ],
)  # fmt: skip
def test_a_command_prints_it_in_one_line_with_exit_code_2(example, arguments, missing, message):
    code = f"""
import runpy, sys
sys.argv = [{example!r}, *{arguments}]
runpy.run_module("causal_agency.examples.{example}", run_name="__main__", alter_sys=True)"""
    result = run(code, missing)
    assert (result.returncode, result.stderr) == (2, message + "\n")


def test_other_errors_pass_through():
    with (
        pytest.raises(ModuleNotFoundError, match=r"No module named 'causal_agency\.nothing'"),
        optional_import("causal_agency.arrays", extra="arrays"),
    ):
        importlib.import_module("causal_agency.nothing")
    with pytest.raises(ZeroDivisionError), import_extra("a.module", extra="arrays", command=True):
        1 / 0  # noqa: B018
