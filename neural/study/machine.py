"""What the machine has, and what a run takes of it: memory, compilation, steps a second."""

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
import psutil
from jax.typing import DTypeLike

from causal_agency.cli import BadInput

COPIES = 5  # of the weights for each arm: weights, gradients, two moments, and one to work with
M_TRIM_THRESHOLD, M_MMAP_MAX, M_ARENA_MAX = -1, -4, -8  # of malloc.h
COMPILATION = "/jax/core/compile/backend_compile_duration"


def prepare(cells: int) -> None:
    """Before jax is first used: a host device for each of so many cells, or for as few as the cores share evenly.

    What is compiled is kept on disk for the next run, in the user's cache or in JAX_COMPILATION_CACHE_DIR.
    """
    cores = os.cpu_count() or 1
    even = (n for n in range(cores, cells) if cells % n == 0)
    jax.config.update("jax_num_cpu_devices", next(even, cells))
    mallopt(M_ARENA_MAX, 1)  # one heap for all threads
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        jax.config.update("jax_compilation_cache_dir", str(Path(home) / "causal_agency"))


def mallopt(parameter: int, value: int) -> None:
    """Tell the C library how to hand out memory, where it can be told: glibc's alone."""
    libc: Any = ctypes.CDLL(None) if sys.platform == "linux" else None
    if hasattr(libc, "mallopt"):
        libc.mallopt(parameter, value)
        libc.malloc_trim(0)  # gives back what is free now


@contextmanager
def freed_memory_kept(dtype: DTypeLike) -> Iterator[None]:
    """What a step in float32 sets free is kept for the next one, and given back in the end.

    Given back at once it comes in fresh pages, a million of them a step for half a billion parameters. A step in
    bfloat16 takes, on CPUs, blocks so large and so different that ever more would be kept.
    """
    if dtype != jax.numpy.float32:
        yield
        return
    mallopt(M_MMAP_MAX, 0)
    mallopt(M_TRIM_THRESHOLD, -1)
    try:
        yield
    finally:
        mallopt(M_MMAP_MAX, 65_536)  # the defaults
        mallopt(M_TRIM_THRESHOLD, 131_072)


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
    cpu = jax.default_backend() == "cpu"
    width = 4 if cpu else jax.numpy.dtype(dtype).itemsize  # on CPUs XLA widens bfloat16 to work with it
    needed = COPIES * sum(leaf.size for leaf in jax.tree.leaves(base)) * width
    if needed > memory():
        advice = "; --precision as-published takes half" if width == 4 and not cpu else ""
        raise BadInput(f"an arm needs about {needed / 1e9:.0f} GB of memory, but {memory() / 1e9:.0f} are free{advice}")
    most = len(jax.devices()) if cpu else arms
    return max(1, min(arms, most, int(memory() / 2 / needed)))


def room_on_disk(base, dtype: DTypeLike, arms: int, folder: Path) -> None:
    """BadInput where the weights of all arms do not fit on the disk of ``folder``."""
    needed = arms * sum(leaf.size for leaf in jax.tree.leaves(base)) * jax.numpy.dtype(dtype).itemsize
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise BadInput(
            f"the trained models take {needed / 1e9:.3g} GB, but {free / 1e9:.3g} GB are free there: "
            "name another folder with --out"
        )


class Meter:
    """Counts steps, their time, and the time that compilation takes, from its making on; the whole from the start."""

    def __init__(self):
        self.done, self.training, self.compiling = 0, 0.0, 0.0
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
            "seconds": round(time.time() - psutil.Process().create_time(), 1),
            "compile_seconds": round(self.compiling, 1),
            "steps_per_second": round(self.done / self.training, 2),
            "peak_memory_gb": round(peak_memory() / 1e9, 2),
        }
