"""What the machine has, and what training takes of it: memory, disk and time."""

import ctypes
import os
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np
import psutil
from jax.typing import DTypeLike

from neural.errors import BadInput

COPIES = 5  # of the parameters for each replica: parameters, gradients, two moments, and one to work with
M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # of malloc.h
COMPILATION = "/jax/core/compile/backend_compile_duration"


def mallopt(parameter: int, value: int) -> None:
    """Set how the C library hands out memory. Only glibc has this setting; elsewhere nothing happens."""
    libc: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(libc, "mallopt"):
        libc.mallopt(parameter, value)
        libc.malloc_trim(0)  # gives back what is free now


@contextmanager
def keep_freed_memory(dtype: DTypeLike) -> Iterator[None]:
    """Keep what a step in float32 frees for the next one, and give it back at the end.

    Memory given back at once returns as fresh pages: a million of them a step for half a billion parameters. In
    bfloat16 a step allocates blocks so large and so different on CPUs that the kept memory would grow without bound.
    """
    if dtype != np.float32:
        yield
        return
    mallopt(M_MMAP_MAX, 0)
    mallopt(M_TRIM_THRESHOLD, -1)
    try:
        yield
    finally:
        mallopt(M_MMAP_MAX, 65_536)  # the defaults
        mallopt(M_TRIM_THRESHOLD, 131_072)


def free_memory() -> int:
    """Return the bytes that are free for arrays: the device's own, or the machine's."""
    stats = jax.devices()[0].memory_stats() if jax.default_backend() != "cpu" else None
    return stats["bytes_limit"] - stats["bytes_in_use"] if stats else psutil.virtual_memory().available


def peak_memory() -> int:
    """Return the most bytes that were in use at a time so far."""
    stats = jax.devices()[0].memory_stats() if jax.default_backend() != "cpu" else None
    return stats["peak_bytes_in_use"] if stats else 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def replicas_at_once(params: Any, dtype: DTypeLike, replicas: int) -> int:
    """Return how many replicas to train together: as many as fit into half of the memory.

    On CPUs there is one for each device: two on a core take more than twice as long as one, for want of cache.
    BadInput says that not even one fits.
    """
    cpu = jax.default_backend() == "cpu"
    width = 4 if cpu else np.dtype(dtype).itemsize  # on CPUs XLA widens bfloat16 to compute
    needed = COPIES * sum(leaf.size for leaf in jax.tree.leaves(params)) * width
    free = free_memory()
    if needed > free:
        advice = "; bfloat16 (the precision as-published) takes half" if width == 4 and not cpu else ""
        need, have = f"{needed / 1e9:.0f} GB", f"{free / 1e9:.0f} GB"
        raise BadInput(f"training needs about {need} of memory, but {have} are free{advice}")
    most = len(jax.devices()) if cpu else replicas
    return max(1, min(replicas, most, int(free / 2 / needed)))


def check_disk(params: Any, dtype: DTypeLike, replicas: int, folder: Path) -> None:
    """Raise BadInput if the trained parameters of all replicas do not fit on the disk of ``folder``."""
    needed = replicas * sum(leaf.size for leaf in jax.tree.leaves(params)) * np.dtype(dtype).itemsize
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise BadInput(
            f"the trained models take {needed / 1e9:.3g} GB, but {free / 1e9:.3g} GB are free there: "
            "choose a folder on a larger disk"
        )


def prepare(replicas: int) -> None:
    """Set up JAX for a program that trains ``replicas`` models, before JAX is first used. For programs only.

    Each replica gets a host device, or fewer if the cores share them evenly. Compiled programs are kept on disk for the
    next run, in the user's cache or in JAX_COMPILATION_CACHE_DIR.
    """
    cores = os.cpu_count() or 1
    even = (n for n in range(cores, replicas) if replicas % n == 0)
    jax.config.update("jax_num_cpu_devices", next(even, replicas))
    mallopt(M_ARENA_MAX, 1)  # one heap for all threads
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        jax.config.update("jax_compilation_cache_dir", str(Path(home) / "causal_agency"))


class Meter:
    """Measures a run while it is entered: finished steps and their time, and the time of compilation."""

    def __init__(self) -> None:
        self.compiling = 0.0
        self._steps, self._seconds = 0, 0.0
        self._last: float | None = None  # when the step before was finished, less the time of compilation

    def __enter__(self) -> "Meter":
        jax.monitoring.register_event_duration_secs_listener(self._listen)
        return self

    def __exit__(self, *_: object) -> None:
        jax.monitoring.unregister_event_duration_listener(self._listen)

    def _listen(self, event: str, duration_secs: float, **_: object) -> None:
        self.compiling += duration_secs * (event == COMPILATION)

    def count(self, done: int, replicas: int) -> None:
        """Count step number ``done`` of this many replicas.

        The first step of a group is not timed, since nobody tells when it began.
        """
        now = time.perf_counter() - self.compiling
        if done > 1 and self._last is not None:
            self._steps += replicas
            self._seconds += now - self._last
        self._last = now

    def read(self) -> dict[str, float | None]:
        """Return what the run took, for results.json: steps of all replicas together, compilation apart."""
        speed = round(self._steps / self._seconds, 2) if self._steps else None
        return {
            "seconds": round(time.time() - psutil.Process().create_time(), 1),
            "compile_seconds": round(self.compiling, 1),
            "steps_per_second": speed,
            "peak_memory_gb": round(peak_memory() / 1e9, 2),
        }
