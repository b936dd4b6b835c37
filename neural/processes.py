"""Several processes that train one model, each on devices of its own: who they are, how they meet, how a run ends."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from neural.cli import Command
from neural.errors import BadInput, summarize

NAMES = "JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"  # in the environment
HEARTBEAT = 30  # seconds without a sign of a process after which JAX ends the others
SHUTDOWN = 3600  # seconds for which the others wait at the end for the first, which writes and measures


def name_process() -> dict[str, Any] | None:
    """Return what the environment says of this process among those of a run; None if it is the only one.

    JAX finds the rest out itself under SLURM. Raise BadInput if only some of `NAMES` are set.
    """
    given = {name: os.environ[name] for name in NAMES if name in os.environ}
    if not given:
        several = "SLURM_STEP_NODELIST" in os.environ and os.environ.get("SLURM_NTASKS", "1") != "1"
        return {} if several else None
    if missing := [name for name in NAMES if name not in given]:
        raise BadInput(f"{next(iter(given))} is set, but {missing[0]} is not: set {', '.join(NAMES)}")
    address, *numbers = given.values()
    if not all(number.isdecimal() for number in numbers):
        raise BadInput(f"{' and '.join(NAMES[1:])} must be whole numbers, but are {' and '.join(numbers)}")
    count, number = map(int, numbers)
    return {"coordinator_address": address, "num_processes": count, "process_id": number} if count > 1 else None


def join(named: dict[str, Any]) -> bool:
    """Join the other processes of the run, before JAX is first used; return whether this one is the first.

    Raise BadInput if they are not there.
    """
    import jax

    if named:
        named = {**named, "cluster_detection_method": "deactivate"}
    times: dict[str, Any] = {"heartbeat_timeout_seconds": HEARTBEAT, "shutdown_timeout_seconds": SHUTDOWN}
    jax.config.update("jax_enable_preemption_service", False)  # it would take SIGTERM away from our handler
    try:
        jax.distributed.initialize(**named, **times)
    except (RuntimeError, ValueError) as problem:
        raise BadInput(f"cannot join the other processes of this run: {summarize(problem)}") from None
    return jax.process_index() == 0


@contextmanager
def together(command: Command, left: Callable[[], str]) -> Iterator[bool]:
    """Join the other processes of this run, if the environment names any; yield whether this one keeps its folder.

    If it has trouble or another is gone, end at once with one line: an orderly exit would wait for the others. ``left``
    says how to go on.
    """
    if (named := name_process()) is None:
        yield True
        return
    from jax.errors import JaxRuntimeError

    try:
        yield join(named)
    except BadInput as problem:
        command.end(2, str(problem))
    except (JaxRuntimeError, ValueError) as problem:  # JAX raises either where a connection breaks
        command.end(1, f"another process of this run has ended ({summarize(problem)}); {left()}")
