"""What the machine has, and what a run takes of it: memory, compilation, steps a second."""

import ctypes
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jax
import psutil
from jax.typing import DTypeLike

from causal_agency.command import BadInput

COPIES = 5  # of the weights for each arm: weights, gradients, two moments, and one to work with
COMPILATION = "/jax/core/compile/backend_compile_duration"


def prepare(cells: int) -> None:
    """Before jax is first used: a host device for each of so many cells, up to the cores that share them evenly.

    What is compiled is kept on disk for the next run, in the user's cache or in JAX_COMPILATION_CACHE_DIR.
    """
    cores = os.cpu_count() or 1
    even = (n for n in range(cores, cells) if cells % n == 0)
    jax.config.update("jax_num_cpu_devices", next(even, cells))
    keep_memory()
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        jax.config.update("jax_compilation_cache_dir", str(Path(home) / "causal_agency"))


def keep_memory() -> None:
    """Memory that a step sets free is kept for the next one, where the C library can be told so.

    Given back and asked for anew it comes in fresh pages, a million of them a step for half a billion parameters.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None  # glibc's alone
    if mallopt:
        mallopt(-4, 0)  # M_MMAP_MAX: nothing is mapped for itself, and unmapped when it is freed
        mallopt(-1, -1)  # M_TRIM_THRESHOLD: the heap is never cut
        mallopt(-8, 1)  # M_ARENA_MAX: one heap for all threads


def memory() -> int:
    """Bytes that are free for arrays: the device's own, or the machine's."""
    stats = jax.devices()[0].memory_stats() if jax.default_backend() != "cpu" else None
    return stats["bytes_limit"] - stats["bytes_in_use"] if stats else psutil.virtual_memory().available


def peak_memory() -> int:
    """The most bytes that were in use at a time so far."""
    stats = jax.devices()[0].memory_stats() if jax.default_backend() != "cpu" else None
    return stats["peak_bytes_in_use"] if stats else 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def arms_at_once(base, dtype: DTypeLike, arms: int) -> int:
    """How many arms are trained together: as many as fit in half of the memory; BadInput where not even one fits.

    On CPUs one for each device: two on a core take more than twice as long as one, for want of cache.
    """
    needed = COPIES * sum(leaf.size for leaf in jax.tree.leaves(base)) * jax.numpy.dtype(dtype).itemsize
    if needed > memory():
        gigabytes = f"{needed / 1e9:.0f} GB, but {memory() / 1e9:.0f} GB are free"
        raise BadInput(f"an arm needs about {gigabytes}; --precision as-published takes half")
    most = len(jax.devices()) if jax.default_backend() == "cpu" else arms
    return max(1, min(arms, most, int(memory() / 2 / needed)))


class Meter:
    """Counts steps, their time, and the time that compilation takes, from its making on."""

    def __init__(self):
        self.start, self.done, self.training, self.compiling = time.perf_counter(), 0, 0.0, 0.0
        jax.monitoring.register_event_duration_secs_listener(self._listen)

    def _listen(self, event: str, duration_secs: float, **_) -> None:
        self.compiling += duration_secs * (event == COMPILATION)

    @contextmanager
    def steps(self, n: int) -> Iterator[None]:
        """A part of the run that takes ``n`` steps."""
        start, compiled = time.perf_counter(), self.compiling
        yield
        self.training += time.perf_counter() - start - (self.compiling - compiled)
        self.done += n

    def read(self) -> dict[str, float]:
        """What a run took, for ``results.json``; steps of all arms together, compilation apart."""
        return {
            "seconds": round(time.perf_counter() - self.start, 1),
            "compile_seconds": round(self.compiling, 1),
            "steps_per_second": round(self.done / self.training, 2),
            "peak_memory_gb": round(peak_memory() / 1e9, 2),
        }
