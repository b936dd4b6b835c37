"""The wheel and the sdist, each installed into an empty environment and used outside the checkout. Works offline."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = "causal_agency", "neural", "LICENSE", "MANIFEST.in", "README.md", "pyproject.toml"
RICH = "rich", "markdown-it-py", "mdurl", "pygments"  # all that `pip install causal-agency` brings along
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
TRANSCRIPT = re.search(
    r"```python\n(>>> from causal_agency import Hypothesis.*?)```", (ROOT / "README.md").read_text(), re.S
)[1]


def uv(*arguments):
    subprocess.run([sys.executable, "-m", "uv", "--quiet", "--offline", *arguments], check=True)


class Environment:
    """The installed project and the standard library; other packages become visible only through `show`."""

    def __init__(self, folder, wheel):
        self.folder, self.elsewhere = folder, folder / "elsewhere"
        self.site = Path(sysconfig.get_path("purelib", "venv", vars={"base": folder, "platbase": folder}))
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        uv("pip", "install", "--no-index", "--no-deps", "--python", folder / "bin" / "python", wheel)
        self.elsewhere.mkdir()

    def show(self, *names):
        """Link the installed files of these distributions into the environment."""
        for name in names:
            files = importlib.metadata.files(name)
            for top in {file.parts[0] for file in files if file.parts[0] != ".."}:
                (self.site / top).symlink_to(files[0].locate().parents[len(files[0].parts) - 1] / top)

    def show_everything(self):
        """Put the packages of the environment that runs the tests behind the installed project."""
        (self.site / "behind.pth").write_text("\n".join({sysconfig.get_path(kind) for kind in ("purelib", "platlib")}))

    def run(self, command, *arguments):
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        command = [self.folder / "bin" / command, *arguments]
        return subprocess.run(command, cwd=self.elsewhere, env=variables, capture_output=True, text=True, check=False)

    def where(self, package):
        return Path(self.run("python", "-c", f"import {package}; print({package}.__file__)").stdout)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A wheel made from the tree, and one made from the sdist alone."""
    tree, out = tmp_path_factory.mktemp("built") / "tree", tmp_path_factory.mktemp("dist")
    tree.mkdir()
    for source in (ROOT / name for name in SOURCES):  # a build writes into its tree
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tree / source.name)
    for kind, only in (("wheel", ["--wheel"]), ("sdist", [])):
        uv("build", "--no-build-isolation", "--python", sys.executable, *only, "--out-dir", out / kind, tree)
    return {kind: next((out / kind).glob("*.whl")) for kind in ("wheel", "sdist")}


@pytest.fixture(params=["wheel", "sdist"])
def environment(request, wheels, tmp_path):
    return Environment(tmp_path / "environment", wheels[request.param])


def test_the_exact_side_needs_the_standard_library_alone(environment):
    (environment.elsewhere / "transcript.txt").write_text(TRANSCRIPT)
    done = environment.run("python", "-m", "doctest", "transcript.txt")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert environment.where("causal_agency").is_relative_to(environment.site)
    assert {path.name for path in environment.site.glob("*.dist-info")} == {f"causal_agency-{VERSION}.dist-info"}


def test_the_explorer_needs_the_standard_library_alone(environment):
    code = "from causal_agency.explore._page import files; print(*sorted(files(None, server=True)))"
    done = environment.run("python", "-c", code)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["draw.js", "engine.js", "index.html", "margins.js", "style.css", "worker.js"]


@pytest.mark.parametrize(("module", "extra"), [("neural.train", "neural"), ("causal_agency.examples.bandit", "plot")])
def test_a_missing_extra_is_named_in_one_line(environment, module, extra):
    environment.show(*RICH)
    done = environment.run("python", "-m", module)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(rf".*pip install 'causal-agency\[{extra}\]'.*\n", done.stderr)


@pytest.mark.parametrize(
    "command",
    [
        ["causal-agency", "--version"],
        ["python", "-m", "neural.train", "--version"],
        ["python", "-c", "import causal_agency; print(causal_agency.__version__)"],
    ],
    ids=" ".join,
)
def test_the_version_needs_no_extra(environment, command):
    environment.show(*RICH)
    done = environment.run(*command)
    assert (done.returncode, done.stderr) == (0, "")
    assert VERSION in done.stdout.split()


def test_it_trains_anywhere(environment):
    environment.show_everything()
    done = environment.run("python", "-m", "neural.train", "--steps", "5", "--out", "OUT")
    assert done.returncode == 0, done.stderr
    assert environment.where("neural").is_relative_to(environment.site)
    assert json.loads((environment.elsewhere / "OUT" / "results.json").read_text())
    assert (environment.elsewhere / "OUT" / "report.html").exists()
