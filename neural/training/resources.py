"""What the machine has, and what training takes of it: memory and disk."""

import shutil
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
import psutil
from jax.typing import DTypeLike

from neural.errors import BadInput
from neural.training.control_groups import free_in_groups

COPIES_PER_REPLICA = 5.25  # of the parameters: parameters, gradients, two moments, and memory to work with
COPIES_FROZEN = 1.25  # of parameters that are not trained
PROCESS = 700 * 10**6  # bytes of the interpreter, the libraries and the compiled programs
USABLE = 3 / 4  # of the free memory: other programs need some too


def free_memory() -> int:
    """Return the bytes that are free for arrays: the device's own, or the machine's, as far as a container may go."""
    stats = jax.local_devices()[0].memory_stats() if jax.default_backend() != "cpu" else None
    if stats:
        return stats["bytes_limit"] - stats["bytes_in_use"]
    return int(min(psutil.virtual_memory().available, free_in_groups()))


def resident_memory() -> int:
    """Return how many bytes of the machine's memory this process has now."""
    return psutil.Process().memory_info().rss


def peak_memory() -> int:
    """Return the peak number of bytes in use so far."""
    stats = jax.local_devices()[0].memory_stats() if jax.default_backend() != "cpu" else None
    if stats:
        return stats["peak_bytes_in_use"]
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset
    import resource  # which only POSIX systems have

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def replica_memory(params: Any, dtype: DTypeLike, frozen: Any = (), batch: int = 0) -> int:
    """Return about how many bytes a replica takes in training, from the shapes of ``params``.

    Of what is ``frozen`` there is a copy, without gradients and moments. ``batch`` is what a batch takes.
    """
    cpu = jax.default_backend() == "cpu"
    width = 4 if cpu else np.dtype(dtype).itemsize  # on CPUs XLA widens bfloat16 to compute
    trained, still = map(count_numbers, (params, frozen))
    return int(width * (COPIES_PER_REPLICA * trained + COPIES_FROZEN * still)) + batch


def count_numbers(tree: Any) -> int:
    """Return how many numbers the arrays of ``tree`` have."""
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def run_memory(model: Any, params: Any, dtype: DTypeLike, replicas: int, frozen: Any = (), batch: int = 0) -> int:
    """Return about how many bytes a run takes that trains ``replicas`` together, before it starts.

    They are the process, the ``model`` that it starts from, in single precision for the probes, and the replicas.
    """
    start = PROCESS + 4 * count_numbers(model)
    return start + replicas * replica_memory(params, dtype, frozen, batch)


def check_memory(needed: float, free: float, dtype: DTypeLike) -> None:
    """Raise BadInput if more bytes are ``needed`` than ``free``."""
    if needed > free:
        gpu = jax.default_backend() != "cpu"
        advice = "; bfloat16 (the precision as-published) takes half" if gpu and np.dtype(dtype).itemsize == 4 else ""
        need, have = f"{needed / 1e9:.3g} GB", f"{free / 1e9:.3g} GB"
        raise BadInput(f"training needs about {need} of memory, but {have} are free{advice}")


def replicas_at_once(params: Any, dtype: DTypeLike, replicas: int, frozen: Any = (), batch: int = 0) -> int:
    """Return how many replicas to train together: as many as fit into the usable memory.

    Each takes ``batch`` bytes for what it reads.

    On CPUs there is one for each device: two on a core take more than twice as long as one, for want of cache.
    Raise BadInput if not even one fits.
    """
    cpu = jax.default_backend() == "cpu"
    needed, free = replica_memory(params, dtype, frozen, batch), free_memory()
    check_memory(needed, free, dtype)
    most = len(jax.devices()) if cpu else replicas
    return max(1, min(replicas, most, int(USABLE * free / needed)))


def check_disk(model: Any, params: Any, dtype: DTypeLike, replicas: int, at_once: int, folder: Path) -> None:
    """Raise BadInput if the trained models and the checkpoints do not fit on the disk of ``folder``.

    A trained ``model`` is written whole. A checkpoint holds what is trained, ``params``, and two moments. Two are kept
    of each replica that is trained at once, and one is written before the oldest goes.
    """
    numbers = replicas * count_numbers(model) + 3 * (2 * at_once + 1) * count_numbers(params)
    needed = numbers * np.dtype(dtype).itemsize
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise BadInput(
            f"trained models and checkpoints take {needed / 1e9:.3g} GB, but {free / 1e9:.3g} GB are free there: "
            "choose a folder on a larger disk"
        )
