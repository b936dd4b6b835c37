"""Change one expression at a time, and see whether a test notices: ``python benchmarks/mutants.py exact`` or ``jax``.

The work is done by mutmut on a copy in ``build/mutants/PART``, which is kept: after a change, or a kill, only what is
new is tried. ``exact`` is what needs no JAX, no figures and no browser: one or two mutants a second, because every test
module is imported once, and each mutant runs in a fork. JAX does not survive a fork after its first use, so a mutant of
``jax`` starts by itself and takes seconds.
"""

import os
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).parents[1]
NEURAL = (
    "dialogue/authors",
    "dialogue/render",
    "model/checkpoint",
    "model/names",
    "training/batching",
    "training/checkpoints",
    "training/objective",
    "training/replicas",
)
JAX = ("arrays", "tables", "plot", "examples/bandit", "examples/many_agents")  # they use JAX or draw
NEVER = (
    "causal_agency/explore/*",  # mostly the text of a page, and its tests need a browser
    "causal_agency/_compiled.py",  # numba compiles its loops, and reads no mutant
)
SKIPPED = ("explore", "test_docstrings.py", "test_public.py")  # mutants have no docstrings; two read the sources
QUIET = ["-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning"]


def mirror(module: str) -> str:
    """Return the test file of a module that is named without its package and suffix."""
    folder, _, name = module.rpartition("/")
    return f"{folder}/test_{name}.py".lstrip("/")


def ignore(*tests: str) -> list[str]:
    """Return pytest's arguments that leave out tests of ``causal_agency``."""
    return [word for test in tests for word in ("--ignore", f"tests/causal_agency/{test}")]


PARTS = {
    "exact": {
        "source_paths": ["causal_agency"],
        "do_not_mutate": [*NEVER, *(f"causal_agency/{name}.py" for name in JAX)],
        "also_copy": ["README.md", "docs", "neural"],
        "pytest_add_cli_args": [
            # jaxtyping's import hook, in our options for pytest, refuses mutants
            *("-o", "addopts=--import-mode=importlib"),
            *ignore(*SKIPPED, *map(mirror, JAX), "test_extras.py", "test_dask.py"),
            *QUIET,
        ],
        "pytest_add_cli_args_test_selection": ["tests/causal_agency"],
        "process_isolation": "forkserver",
        "forkserver_warmup": "collect",
        "timeout_constant": "10.0",
    },
    "jax": {
        "source_paths": ["causal_agency", "neural"],
        "only_mutate": [*(f"causal_agency/{name}.py" for name in JAX), *(f"neural/{name}.py" for name in NEURAL)],
        "also_copy": ["README.md", "docs"],
        "pytest_add_cli_args": QUIET,
        "pytest_add_cli_args_test_selection": [
            *(f"tests/causal_agency/{mirror(name)}" for name in JAX),
            *(f"tests/neural/{mirror(name)}" for name in NEURAL),
        ],
        "process_isolation": "forkserver",
        "forkserver_warmup": "import",  # "collect" would use JAX, and import what jaxtyping is to check
        "preload_modules_file": "tests/preload.txt",
        "timeout_constant": "10.0",
    },
}


def copy(part: str) -> Path:
    """Write the tracked files and mutmut's configuration of a part where it works, and return that folder."""
    folder = ROOT / "build" / "mutants" / part
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, tracked.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    config = ConfigParser()
    config["mutmut"] = {key: x if isinstance(x, str) else "\n" + "\n".join(x) for key, x in PARTS[part].items()}
    with (folder / "setup.cfg").open("w") as file:
        config.write(file)
    return folder


def main() -> int:
    """Change what the command names, and list the mutants that no test noticed."""
    command = ArgumentParser(description="Change one expression at a time, and see whether a test notices.")
    command.add_argument("part", choices=PARTS, help="what is changed")
    command.add_argument("names", nargs="*", help="mutants, such as 'causal_agency.past*'; by default, all")
    args = command.parse_args()
    mutmut = [sys.executable, "-m", "mutmut"]
    quick = {"TEST_PROFILE": "mutants", "JAX_PERSISTENT_COMPILATION_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    folder = copy(args.part)
    subprocess.run(
        [*mutmut, "run", "--max-children", "2", *args.names], cwd=folder, env={**os.environ, **quick}, check=True
    )
    return subprocess.run([*mutmut, "results"], cwd=folder).returncode


if __name__ == "__main__":
    sys.exit(main())
