"""Checkpoints of training: everything that the steps to come depend on, so that they come out the same to the bit.

A checkpoint is a safetensors file of a replica's parameters, its optimizer's state and its losses so far; the step that
is next, and the example that it reads, follow from the number of losses. Its metadata hold a key, which says what is
trained on what, the versions of the packages that computed it, and a SHA-256 of all that. A file appears whole or not
at all.
"""

import hashlib
import json
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any, NamedTuple, TypeVar

import jax
import numpy as np
from jax import Array
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from neural.dialogue.authors import AuthorLosses
from neural.errors import BadInput, Stopped
from neural.origin import list_versions
from neural.training.batching import Replica, hash_examples
from neural.training.config import TrainConfig
from neural.training.placement import agree

Name = TypeVar("Name", bound=Hashable)

KEPT = 2  # checkpoints of each replica: if the last is damaged, there is one before it
INTERVAL = 120.0  # seconds between checkpoints, if saving takes at most COST of them
COST = 0.03  # of the time, for saving
FIRST = "learning_rate", "epochs", "max_steps", "weight_decay", "clip", "precision", "seed"  # settings of version 0.2.0


Take = Callable[[], Mapping[Any, "Saved"]]
AfterStep = Callable[[int, int, Take], object]  # step, total, and what takes the replicas to save


NO_MEASUREMENT = np.zeros((0, len(AuthorLosses._fields)), np.float32)


class Saved(NamedTuple):
    """A replica after some steps: leaves of parameters and optimizer, losses of each step, rows of `AuthorLosses`."""

    leaves: Sequence[Array]
    losses: Float[np.ndarray, "steps 2"]
    held_out: Float[np.ndarray, "measured 4"] = NO_MEASUREMENT


def describe(config: TrainConfig) -> str:
    """Return the settings of ``config``, those that came later only if they are used: older checkpoints stay valid."""
    named = ((field, getattr(config, field.name)) for field in fields(config))
    used = (f"{field.name}={value!r}" for field, value in named if field.name in FIRST or value != field.default)
    return f"TrainConfig({', '.join(used)})"


def identify(key: str, replica: Replica, config: TrainConfig) -> str:
    """Return a digest of everything that decides what becomes of ``replica``; ``key`` stands for its model."""
    decides = f"{key} {replica.weights} {replica.seed} {describe(config)} {hash_examples(replica.examples)}"
    if replica.held_out:
        decides += f" {hash_examples(replica.held_out)}"
    return hashlib.sha256(decides.encode()).hexdigest()


def digest(key: str, arrays: Mapping[str, Array | np.ndarray]) -> str:
    """Return the SHA-256 of ``key`` and of the names, types, shapes and bytes of ``arrays``."""
    hashed = hashlib.sha256(key.encode())
    for name, array in arrays.items():
        whole = np.ascontiguousarray(array)
        hashed.update(f"{name} {whole.dtype} {whole.shape} ".encode())
        hashed.update(whole.reshape(-1).view(np.uint8).data)
    return hashed.hexdigest()


def name_arrays(saved: Saved) -> dict[str, np.ndarray]:
    """Return the arrays of ``saved`` by the names that they have in a file, in their order."""
    measured = {"held_out": saved.held_out} if len(saved.held_out) else {}
    return {f"{i:05}": np.asarray(leaf) for i, leaf in enumerate(saved.leaves)} | measured | {"losses": saved.losses}


def write(file: Path, saved: Saved, key: str) -> None:
    """Write a checkpoint to ``file``, whole or not at all."""
    arrays = name_arrays(saved)
    part = file.with_name(f".{file.name}.part")
    try:
        versions = json.dumps(list_versions())
        save_file(arrays, part, {"key": key, "versions": versions, "sha256": digest(key + versions, arrays)})
    except SafetensorError as problem:  # usually a full disk
        part.unlink(missing_ok=True)
        raise OSError(f"{file}: {problem}") from None
    part.replace(file)


def read(file: Path, key: str) -> Saved:
    """Read a checkpoint; raise BadInput if it is damaged, or of a training with another ``key``."""
    try:
        with safe_open(file, framework="flax") as opened:
            metadata = opened.metadata() or {}
            arrays = {name: opened.get_tensor(name) for name in sorted(opened.keys())}
    except (SafetensorError, OSError) as problem:
        raise BadInput(f"{file} is damaged: {problem}") from None
    found, losses = metadata.get("key", ""), arrays.get("losses", np.zeros(0))
    versions = metadata.get("versions", "")  # which older checkpoints lack
    if digest(found + versions, arrays) != metadata.get("sha256") or losses.shape[1:] != (2,):
        raise BadInput(f"{file} is damaged: its contents do not have the SHA-256 that it names")
    if found != key:
        raise BadInput(f"{file} is of another training: other data, another model or other settings")
    leaves = [leaf for name, leaf in arrays.items() if name.isdecimal()]
    return Saved(leaves, np.asarray(losses), np.asarray(arrays.get("held_out", NO_MEASUREMENT)))


class Checkpoints:
    """The checkpoints of a training in ``folder``: FOLDER/<replica>/<step>.safetensors, the last `KEPT` of each.

    They are written after ``every`` steps; without it, after `INTERVAL` seconds, or later if saving would take more
    than `COST` of the time; and after the last step. If ``stop`` says so, they are written at once, and Stopped is
    raised. ``key`` stands for the model that is trained, and ``label`` gives a replica's name as that of a folder.
    """

    def __init__(
        self,
        folder: Path,
        key: str = "",
        every: int | None = None,
        stop: Callable[[], bool] = lambda: False,
        label: Callable[[Any], str] = str,
    ):
        self.folder, self.key, self.every, self.stop, self.label = folder, key, every, stop, label
        self.next = time.monotonic() + INTERVAL

    def find(self, name: Hashable) -> list[Path]:
        """Return the checkpoints of a replica, the last first."""
        return sorted((self.folder / self.label(name)).glob(f"{'[0-9]' * 8}.safetensors"), reverse=True)

    def latest(self, name: Hashable, key: str) -> Saved | None:
        """Return the last checkpoint of a replica, if there is one.

        Raise BadInput if it is damaged, which says where the one before it leads on from.
        """
        files = self.find(name)
        try:
            return read(files[0], key) if files else None
        except BadInput as problem:
            before = f"step {int(files[1].stem)}" if files[1:] else "the beginning"
            raise BadInput(f"{problem}; delete the file to go on from {before}") from None

    def is_due(self, step: int, total: int) -> bool:
        """Return whether to save after ``step`` of ``total``."""
        by_time = self.every is None and time.monotonic() >= self.next
        by_steps = self.every and step % self.every == 0
        return bool(by_time or by_steps or step == total)

    def save(self, name: Hashable, saved: Saved, key: str) -> None:
        """Write a checkpoint of a replica, and remove all but the last."""
        home = self.folder / self.label(name)
        home.mkdir(parents=True, exist_ok=True)
        write(home / f"{len(saved.losses):08}.safetensors", saved, key)
        for old in self.find(name)[KEPT:]:
            old.unlink()

    def resume(self, replicas: Mapping[Name, Replica], config: TrainConfig) -> tuple[dict[Name, Saved], AfterStep]:
        """Return the last checkpoints of ``replicas``, and what is to be called after each step."""
        keys = {name: identify(self.key, replica, config) for name, replica in replicas.items()}
        found = {name: self.latest(name, key) for name, key in keys.items()}
        return {name: saved for name, saved in found.items() if saved}, partial(self.after_step, keys)

    def after_step(self, keys: Mapping[Any, str], step: int, total: int, take: Take) -> None:
        """Save what ``take`` returns if that is due, and raise Stopped if the work is to stop.

        Of several processes, each may want it, all take part, the first one writes, and none is gone before it has.
        """
        stopping, due = agree(self.stop(), self.is_due(step, total))
        if stopping or due:
            begin = time.monotonic()
            for name, saved in take().items():
                if jax.process_index() == 0:
                    self.save(name, saved, keys[name])
            now = time.monotonic()
            self.next = now + max(INTERVAL, (now - begin) / COST)
        if stopping:
            agree(stopping)
            raise Stopped

    def drop(self, name: Hashable) -> None:
        """Remove the checkpoints of a replica that is finished; of several processes, the first one does."""
        if jax.process_index():
            return
        rmtree(self.folder / self.label(name), ignore_errors=True)
        with suppress(OSError):  # not the last
            self.folder.rmdir()
