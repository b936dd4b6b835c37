import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

from neural import process
from neural.process import TRIM_EVERY, Cost, Meter, keep_freed_memory, prepare, trimming
from neural.training.loop import Step


def test_a_meter_separates_steps_from_compilation(monkeypatch):
    meter = Meter(0.0)
    clock = iter([0.0, 1.0, 3.0])
    monkeypatch.setattr(process.time, "perf_counter", lambda: next(clock))
    with meter:
        meter.count(1, replicas=2)
        jax.jit(lambda x: jnp.sin(x) @ x)(jnp.ones((50, 50))).block_until_ready()
        meter.compiling = min(meter.compiling, 0.5)
        compiling = meter.compiling
        meter.count(2, replicas=2)
        meter.count(3, replicas=2)
    read = meter.read().describe()
    assert read.keys() == {"seconds", "compile_seconds", "steps_per_second", "peak_memory_gb"}
    assert compiling > 0
    assert read["steps_per_second"] == round(4 / (3.0 - compiling), 2)


def test_the_first_step_of_a_group_is_not_timed(monkeypatch):
    clock = iter([0.0, 1.0, 100.0, 102.0])
    monkeypatch.setattr(process.time, "perf_counter", lambda: next(clock))
    meter = Meter(0.0)
    for done in (1, 2, 1, 2):
        meter.count(done, replicas=3)
    assert meter.read().describe()["steps_per_second"] == 2.0


def test_a_meter_without_two_steps_has_no_speed():
    with Meter(0.0) as meter:
        meter.count(1, replicas=2)
    assert meter.read().describe()["steps_per_second"] is None


def test_a_clock_that_is_set_changes_no_time(monkeypatch):
    """Whether it jumps forward, back, or to the beginning of time."""
    meter = Meter(process.time.monotonic() - 5)
    for jump in (1e9, -1e9, 0):
        monkeypatch.setattr(process.time, "time", lambda jump=jump: 1.7e9 + jump)
        assert 5 <= meter.read().seconds < 60


def test_what_several_processes_took_adds_up_but_for_memory():
    one, other = Cost(10.0, 2.0, 4, 1.0, 3 * 10**9), Cost(20.0, 1.0, 2, 2.0, 10**9)
    total = {"seconds": 30.0, "compile_seconds": 3.0, "steps_per_second": 2.0, "peak_memory_gb": 3.0}
    assert (one + other).describe() == total
    assert (one + Cost()) == one


def test_a_meter_that_is_left_listens_no_longer():
    with Meter(0.0) as meter:
        pass
    before = meter.compiling
    jax.jit(lambda x: jnp.cos(x) @ x)(jnp.ones((51, 51))).block_until_ready()
    assert meter.compiling == before


def test_what_a_compilation_leaves_behind_is_given_back_while_freed_memory_is_kept(monkeypatch):
    trimmed = []
    monkeypatch.setattr(process, "trim", lambda: trimmed.append(None))
    for i, inside in enumerate((False, True, False)):
        with keep_freed_memory("float32" if inside else "bfloat16"):
            trimmed.clear()
            jax.jit(lambda x, i=i: jnp.sin(x) @ x + i)(jnp.ones((52 + i, 52 + i))).block_until_ready()
            assert bool(trimmed) == inside


def test_what_the_steps_leave_in_pieces_is_given_back_after_some_of_them(monkeypatch):
    trimmed, told = [], []
    monkeypatch.setattr(process, "resident_memory", lambda: 100)
    on_step = trimming(told.append)
    for done in range(1, 2 * TRIM_EVERY + 1):
        monkeypatch.setattr(process, "trim", lambda done=done: trimmed.append(done))
        on_step(Step(done, 2 * TRIM_EVERY, {}))
    assert trimmed == [TRIM_EVERY, 2 * TRIM_EVERY]
    assert [step.done for step in told] == [*range(1, 2 * TRIM_EVERY + 1)]


def test_memory_that_grows_faster_is_given_back_sooner(monkeypatch):
    resident, trimmed = [100], []
    monkeypatch.setattr(process, "resident_memory", lambda: resident[0])
    monkeypatch.setattr(process, "trim", lambda: trimmed.append(resident.pop()) or resident.append(100))
    on_step = trimming(lambda _: None)
    for done, size in enumerate((124, 125, 126, 125, 140), 1):
        resident[0] = size
        on_step(Step(done, 5, {}))
    assert trimmed == [126, 140]


@pytest.mark.parametrize(
    ("cores", "replicas", "devices"), [(2, 2, 2), (2, 1, 1), (2, 3, 2), (2, 24, 2), (4, 6, 4), (8, 2, 2)]
)
def test_a_device_for_each_replica_up_to_the_cores(monkeypatch, cores, replicas, devices):
    updates = {}
    monkeypatch.setattr(process.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(process.jax.config, "update", updates.__setitem__)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "/somewhere")
    prepare(replicas)
    assert updates == {"jax_num_cpu_devices": devices}


def test_compiled_programs_are_kept_in_the_users_cache(monkeypatch, tmp_path):
    updates = {}
    monkeypatch.setattr(process.jax.config, "update", updates.__setitem__)
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    prepare(2)
    assert updates["jax_compilation_cache_dir"] == str(tmp_path / "causal_agency")


FAULTS = """
import ctypes, resource
import numpy as np
from neural.process import keep_freed_memory

malloc, free, memset = (getattr(ctypes.CDLL(None), name) for name in ("malloc", "free", "memset"))
malloc.restype = ctypes.c_void_p


def faults(size):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = ctypes.c_void_p(malloc(ctypes.c_size_t(size)))
    memset(block, 1, ctypes.c_size_t(size))
    free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


with keep_freed_memory(np.float32):
    print(faults(10**8), faults(10**8))
print(faults(10**8), faults(10**8))
with keep_freed_memory(np.float16):
    print(faults(10**8), faults(10**8))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a setting of glibc")
def test_freed_memory_is_kept_for_a_while_in_float32_and_then_given_back():
    run = subprocess.run([sys.executable, "-c", FAULTS], check=True, capture_output=True, text=True)
    first, second, *after = map(int, run.stdout.split())
    assert first > 20
    assert second < first / 10
    assert min(after) > 20
