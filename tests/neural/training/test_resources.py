import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

from causal_agency.cli import BadInput
from neural.study import machine
from neural.study.machine import Meter, arms_at_once, memory, peak_memory, prepare

BASE = {"w": jnp.zeros((1000, 1000))}


@pytest.mark.parametrize(
    ("megabytes", "dtype", "arms", "expected"),
    [(1000, jnp.float32, 2, 2), (1000, jnp.float32, 99, 25), (50, jnp.float32, 2, 1), (50, jnp.bfloat16, 2, 2)],
)
def test_as_many_arms_as_fit(monkeypatch, megabytes, dtype, arms, expected):
    monkeypatch.setattr(machine, "memory", lambda: megabytes * 10**6)
    monkeypatch.setattr(machine.jax, "default_backend", lambda: "gpu")
    assert arms_at_once(BASE, dtype, arms) == expected


def test_on_cpus_an_arm_has_a_device_of_its_own():
    assert arms_at_once(BASE, jnp.float32, 99) == len(jax.devices()) == 2


@pytest.mark.parametrize(
    ("backend", "dtype", "advice"),
    [
        ("gpu", jnp.float32, "; --precision as-published takes half"),
        ("gpu", jnp.bfloat16, ""),
        ("cpu", jnp.float32, ""),
        ("cpu", jnp.bfloat16, ""),
    ],
)
def test_where_not_even_one_fits_it_says_how_much_it_takes(monkeypatch, backend, dtype, advice):
    monkeypatch.setattr(machine, "memory", lambda: 10**6)
    monkeypatch.setattr(machine.jax, "default_backend", lambda: backend)
    with pytest.raises(BadInput) as problem:
        arms_at_once(BASE, dtype, 2)
    assert str(problem.value) == f"an arm needs about 0 GB of memory, but 0 are free{advice}"


def test_on_cpus_bfloat16_takes_as_much_as_float32(monkeypatch):
    monkeypatch.setattr(machine, "memory", lambda: 15 * 10**6)  # enough for 5 copies of 10^6 weights in 2 bytes
    with pytest.raises(BadInput, match="an arm needs"):
        arms_at_once(BASE, jnp.bfloat16, 1)


def test_memory_is_counted_in_bytes():
    assert memory() > 10**8
    assert peak_memory() > 10**8


def test_a_meter_tells_steps_from_compilation():
    meter = Meter()
    with meter.steps(10):
        jax.jit(lambda x: jnp.sin(x) @ x)(jnp.ones((50, 50))).block_until_ready()
    read = meter.read()
    assert read.keys() == {"seconds", "compile_seconds", "steps_per_second", "peak_memory_gb"}
    assert meter.compiling > 0
    assert read["steps_per_second"] > 0


@pytest.mark.parametrize(
    ("cores", "cells", "devices"), [(2, 2, 2), (2, 1, 1), (2, 3, 3), (2, 24, 2), (4, 6, 6), (8, 2, 2)]
)
def test_a_device_for_each_cell_up_to_the_cores(monkeypatch, cores, cells, devices):
    updates = {}
    monkeypatch.setattr(machine.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(machine.jax.config, "update", updates.__setitem__)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "/somewhere")
    prepare(cells)
    assert updates == {"jax_num_cpu_devices": devices}


def test_what_is_compiled_is_kept_in_the_users_cache(monkeypatch, tmp_path):
    updates = {}
    monkeypatch.setattr(machine.jax.config, "update", updates.__setitem__)
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    prepare(2)
    assert updates["jax_compilation_cache_dir"] == str(tmp_path / "causal_agency")


FAULTS = """
import ctypes, resource
import numpy as np
from neural.study.machine import freed_memory_kept

malloc, free, memset = (getattr(ctypes.CDLL(None), name) for name in ("malloc", "free", "memset"))
malloc.restype = ctypes.c_void_p


def faults(size):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    block = ctypes.c_void_p(malloc(ctypes.c_size_t(size)))
    memset(block, 1, ctypes.c_size_t(size))
    free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


with freed_memory_kept(np.float32):
    print(faults(10**8), faults(10**8))
print(faults(10**8), faults(10**8))
with freed_memory_kept(np.float16):
    print(faults(10**8), faults(10**8))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's alone")
def test_memory_that_was_freed_is_kept_for_a_while_in_float32_and_then_given_back():
    run = subprocess.run([sys.executable, "-c", FAULTS], check=True, capture_output=True, text=True)
    first, second, *after = map(int, run.stdout.split())
    assert first > 20
    assert second < first / 10
    assert min(after) > 20
