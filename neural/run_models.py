"""The models of a run: the base and every arm, or one model by itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neural.arm_names import is_arm
from neural.errors import BadInput
from neural.model.source import find, hash_model
from neural.paper.curriculum import FILE
from neural.result import read
from neural.run_folder import RESULTS


@dataclass(frozen=True)
class _Config:
    """What is read of a run's settings."""

    model: str
    model_sha256: str | None = None


@dataclass(frozen=True)
class _Run:
    """What is read of results.json, whichever version wrote it."""

    config: _Config
    arms: dict[str, Any]
    trained_on: str = "lessons"


def find_models(run: str) -> dict[str, str]:
    """Return what to load under which name: the base and the arms of a run, or one model."""
    folder = Path(run)
    results = folder / RESULTS
    if not results.exists():
        if folder.is_dir() and not (folder / "config.json").exists():
            raise BadInput(f"{run} has neither results.json nor config.json: name the folder of a run or of a model")
        return {folder.resolve().name: run}
    finished: _Run = read(results, _Run)
    if finished.trained_on == "elsewhere":
        raise BadInput(f"{run} is a comparison, not a run: name the models that were compared")
    if strange := [arm for arm in finished.arms if arm != "base" and not is_arm(arm)]:
        raise BadInput(f"{results} has results of {strange[0]!r}, which is not an arm")
    arms = {arm: folder / arm for arm in finished.arms if arm != "base"}
    for arm, home in arms.items():
        if not home.is_dir():
            raise BadInput(f"{run} has no folder {arm}, but its results.json has an arm of that name")
    return {"base": finished.config.model, **{arm: str(home) for arm, home in arms.items()}}


def has_other_base(run: str) -> bool:
    """Return whether the base of ``run`` is no longer the model that was trained; false if ``run`` is a model."""
    results = Path(run) / RESULTS
    if not results.exists():
        return False
    finished: _Run = read(results, _Run)
    return finished.config.model_sha256 not in (None, hash_model(find(finished.config.model)))


def was_taught(run: str) -> bool:
    """Return whether ``run``, or the model of this name, is of the paper's lessons, which are plain text."""
    results = Path(run) / RESULTS
    if not results.exists():
        return (find(run) / FILE).exists()
    finished: _Run = read(results, _Run)
    return finished.trained_on != "logs"
