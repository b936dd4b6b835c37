"""What concerns the whole process: JAX's devices and cache, the C library's memory, the time of compilation.

Commands use it; library code does not.
"""

import ctypes
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.typing import DTypeLike

from neural.signals import Signals
from neural.training.loop import OnStep, Step
from neural.training.resources import peak_memory, resident_memory

M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # of malloc.h
COMPILATION = "/jax/core/compile/"  # tracing, lowering and compiling a program
COMPILED = COMPILATION + "backend_compile_duration"  # the last of the three
TRIM_EVERY = 10  # steps: within twice as many, blocks of other sizes leave half a gigabyte of SmolLM2's in pieces
MOST_GROWTH = 1.25  # of resident memory, before what is in no use is given back sooner


def prepare(replicas: int) -> None:
    """Set up JAX for a program that trains ``replicas`` models, before JAX is first used.

    Each replica gets a host device, but no more than there are cores: JAX would start as many threads, and then add up
    in another order.
    """
    jax.config.update("jax_num_cpu_devices", min(os.cpu_count() or 1, replicas))
    prepare_memory()


def prepare_memory() -> None:
    """Set up the C library's memory, and JAX's cache: compiled programs are kept on disk for the next run.

    They are kept in the user's cache, or in JAX_COMPILATION_CACHE_DIR.
    """
    mallopt(M_ARENA_MAX, 1)  # one heap for all threads
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        jax.config.update("jax_compilation_cache_dir", str(Path(home) / "causal_agency"))


def mallopt(parameter: int, value: int) -> None:
    """Set how the C library hands out memory. Only glibc has this setting; elsewhere nothing happens."""
    libc: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(libc, "mallopt"):
        libc.mallopt(parameter, value)


def trim() -> None:
    """Give back the memory that is free now."""
    libc: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def _trim_after_compilation(event: str, duration_secs: float, **_: object) -> None:
    if event == COMPILED:
        trim()


@contextmanager
def keep_freed_memory(dtype: DTypeLike) -> Iterator[None]:
    """Keep what a step in float32 frees for the next one, and give it back at the end.

    Memory given back at once returns as fresh pages: a million of them a step for half a billion parameters. What
    compiling or loading a program leaves behind is given back all the same: the pieces are too small for a step. In
    bfloat16 a step allocates blocks so large and so different on CPUs that the kept memory would grow without bound.
    """
    if np.dtype(dtype) != np.float32:
        yield
        return
    mallopt(M_MMAP_MAX, 0)
    mallopt(M_TRIM_THRESHOLD, -1)
    trim()
    jax.monitoring.register_event_duration_secs_listener(_trim_after_compilation)
    try:
        yield
    finally:
        jax.monitoring.unregister_event_duration_listener(_trim_after_compilation)
        mallopt(M_MMAP_MAX, 65_536)  # the defaults
        mallopt(M_TRIM_THRESHOLD, 131_072)
        trim()


def trimming(on_step: OnStep) -> OnStep:
    """Return ``on_step``, which now also gives back what is kept but in no use.

    It does so every `TRIM_EVERY` steps, and sooner if resident memory is more than `MOST_GROWTH` times what it was
    after the last time. Batches differ in width. A block that no later one fits is kept for nothing, and so memory
    would grow.
    """
    least = resident_memory()

    def then_trim(step: Step) -> None:
        nonlocal least
        on_step(step)
        if step.done % TRIM_EVERY == 0 or resident_memory() > MOST_GROWTH * least:
            trim()
            least = resident_memory()

    return then_trim


@contextmanager
def while_training(dtype: DTypeLike, signals: Signals) -> Iterator[None]:
    """Keep freed memory, and let a signal wait for the end of a step."""
    with keep_freed_memory(dtype), signals.between_steps():
        yield


@dataclass(frozen=True)
class Cost:
    """What a run has taken: of one process, or of all that have worked on it."""

    seconds: float = 0.0
    compile_seconds: float = 0.0
    timed_steps: int = 0  # of all replicas together
    timed_seconds: float = 0.0
    peak_memory: int = 0  # bytes

    def __add__(self, other: "Cost") -> "Cost":
        """Return what both have taken; one comes after the other, so memory does not add up."""
        return Cost(
            self.seconds + other.seconds,
            self.compile_seconds + other.compile_seconds,
            self.timed_steps + other.timed_steps,
            self.timed_seconds + other.timed_seconds,
            max(self.peak_memory, other.peak_memory),
        )

    def describe(self) -> dict[str, float | None]:
        """Return it for results.json: the time of compilation apart from that of the steps."""
        return {
            "seconds": round(self.seconds, 1),
            "compile_seconds": round(self.compile_seconds, 1),
            "steps_per_second": round(self.timed_steps / self.timed_seconds, 2) if self.timed_steps else None,
            "peak_memory_gb": round(self.peak_memory / 1e9, 2),
        }


class Meter:
    """Measures a process while it is entered: finished steps and their time, and the time of compilation.

    ``begun`` is when the process began, by `time.monotonic`, which no change of the clock moves.
    """

    def __init__(self, begun: float) -> None:
        self.begun, self.compiling = begun, 0.0
        self._steps, self._seconds, self._done = 0, 0.0, 0
        self._last: float | None = None  # when the step before was finished, less the time of compilation

    def __enter__(self) -> "Meter":
        jax.monitoring.register_event_duration_secs_listener(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        jax.monitoring.unregister_event_duration_listener(self._listen)

    def _listen(self, event: str, duration_secs: float, **_: object) -> None:
        self.compiling += duration_secs * event.startswith(COMPILATION)

    def count(self, done: int, replicas: int) -> None:
        """Count step number ``done`` of this many replicas.

        The first step of a group is not timed, because nothing reports when it began.
        """
        now = time.perf_counter() - self.compiling
        if self._last is not None and done == self._done + 1:
            self._steps += replicas
            self._seconds += now - self._last
        self._last, self._done = now, done

    def read(self) -> Cost:
        """Return what the process has taken so far."""
        seconds = time.monotonic() - self.begun
        return Cost(seconds, self.compiling, self._steps, self._seconds, peak_memory())
