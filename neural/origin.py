"""Where results come from: the command, when it was started, and the version of the project."""

import shlex
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).parents[1]
START = "command", "started", "version", "commit"
PACKAGES = "jax", "flax", "optax", "transformers", "numpy"  # on which the numbers depend


def find_version() -> str | None:
    """Return the installed version of the project."""
    try:
        return version("causal-agency")
    except PackageNotFoundError:
        return None


def list_versions() -> dict[str, str]:
    """Return the installed versions of the packages on which the numbers depend."""
    return {name: version(name) for name in PACKAGES}


def compare_versions(before: object) -> str:
    """Say which of these versions are not those of ``before``, read from a file; nothing if none is known to differ."""
    pairs = [(name, before.get(name), now) for name, now in list_versions().items()] if isinstance(before, dict) else []
    changed = [(f"{name} {then}", f"{name} {now}") for name, then, now in pairs if then not in (None, now)]
    return " and goes on with ".join(map(", ".join, zip(*changed, strict=True)))


def find_commit(root: Path = ROOT) -> str | None:
    """Return the commit of the clone in ``root``, with "-dirty" if files differ from it; None if there is no clone."""
    if not (root / ".git").exists():
        return None
    git = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        done = subprocess.run(git, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def describe_start(program: str, options: list[str]) -> dict[str, str | None]:
    """Return what results say of the start of ``program``: the command, the time in UTC, the version and the commit."""
    command = shlex.join(["python", "-m", f"neural.{program}", *options])
    started = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return dict(zip(START, (command, started, find_version(), find_commit()), strict=True))
