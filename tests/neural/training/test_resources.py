import subprocess
import sys
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import pytest

from neural.errors import BadInput
from neural.training import resources
from neural.training.resources import Meter, check_disk, free_memory, peak_memory, prepare, replicas_at_once

BASE = {"w": jnp.zeros((1000, 1000))}


@pytest.mark.parametrize(
    ("megabytes", "dtype", "replicas", "expected"),
    [(1000, jnp.float32, 2, 2), (1000, jnp.float32, 99, 25), (50, jnp.float32, 2, 1), (50, jnp.bfloat16, 2, 2)],
)
def test_as_many_replicas_are_trained_as_fit(monkeypatch, megabytes, dtype, replicas, expected):
    monkeypatch.setattr(resources, "free_memory", lambda: megabytes * 10**6)
    monkeypatch.setattr(resources.jax, "default_backend", lambda: "gpu")
    assert replicas_at_once(BASE, dtype, replicas) == expected


def test_on_cpus_a_replica_has_a_device_of_its_own():
    assert replicas_at_once(BASE, jnp.float32, 99) == len(jax.devices()) == 2


@pytest.mark.parametrize(
    ("backend", "dtype", "advice"),
    [
        ("gpu", jnp.float32, "; bfloat16 (the precision as-published) takes half"),
        ("gpu", jnp.bfloat16, ""),
        ("cpu", jnp.float32, ""),
        ("cpu", jnp.bfloat16, ""),
    ],
)
def test_if_not_even_one_fits_the_error_says_how_much_it_needs(monkeypatch, backend, dtype, advice):
    monkeypatch.setattr(resources, "free_memory", lambda: 10**6)
    monkeypatch.setattr(resources.jax, "default_backend", lambda: backend)
    with pytest.raises(BadInput) as problem:
        replicas_at_once(BASE, dtype, 2)
    assert str(problem.value) == f"training needs about 0 GB of memory, but 0 GB are free{advice}"


def test_on_cpus_bfloat16_takes_as_much_as_float32(monkeypatch):
    monkeypatch.setattr(resources, "free_memory", lambda: 15 * 10**6)  # enough for 5 copies of 10^6 values in 2 bytes
    with pytest.raises(BadInput, match="training needs about"):
        replicas_at_once(BASE, jnp.bfloat16, 1)


@pytest.mark.parametrize(
    ("megabytes", "dtype", "enough"),
    [(9, jnp.float32, True), (7, jnp.float32, False), (7, jnp.bfloat16, True), (3, jnp.bfloat16, False)],
)
def test_a_disk_too_small_for_all_trained_models_is_refused(monkeypatch, tmp_path, megabytes, dtype, enough):
    monkeypatch.setattr(resources.shutil, "disk_usage", lambda folder: SimpleNamespace(free=megabytes * 10**6))
    if enough:
        check_disk(BASE, dtype, 2, tmp_path)
    else:
        with pytest.raises(BadInput, match=r"^the trained models take 0\.00\d GB, but 0\.00\d GB are free there: "):
            check_disk(BASE, dtype, 2, tmp_path)


def test_memory_is_counted_in_bytes():
    assert free_memory() > 10**8
    assert peak_memory() > 10**8


def test_a_meter_separates_steps_from_compilation(monkeypatch):
    meter = Meter()
    clock = iter([0.0, 1.0, 3.0])
    monkeypatch.setattr(resources.time, "perf_counter", lambda: next(clock))
    with meter:
        meter.count(1, replicas=2)
        jax.jit(lambda x: jnp.sin(x) @ x)(jnp.ones((50, 50))).block_until_ready()
        meter.compiling = min(meter.compiling, 0.5)
        compiling = meter.compiling
        meter.count(2, replicas=2)
        meter.count(3, replicas=2)
    read = meter.read()
    assert read.keys() == {"seconds", "compile_seconds", "steps_per_second", "peak_memory_gb"}
    assert compiling > 0
    assert read["steps_per_second"] == round(4 / (3.0 - compiling), 2)


def test_the_first_step_of_a_group_is_not_timed(monkeypatch):
    clock = iter([0.0, 1.0, 100.0, 102.0])
    monkeypatch.setattr(resources.time, "perf_counter", lambda: next(clock))
    meter = Meter()
    for done in (1, 2, 1, 2):
        meter.count(done, replicas=3)
    assert meter.read()["steps_per_second"] == 2.0


def test_a_meter_without_two_steps_has_no_speed():
    with Meter() as meter:
        meter.count(1, replicas=2)
    assert meter.read()["steps_per_second"] is None


def test_a_meter_that_is_left_listens_no_longer():
    with Meter() as meter:
        pass
    before = meter.compiling
    jax.jit(lambda x: jnp.cos(x) @ x)(jnp.ones((51, 51))).block_until_ready()
    assert meter.compiling == before


@pytest.mark.parametrize(
    ("cores", "replicas", "devices"), [(2, 2, 2), (2, 1, 1), (2, 3, 3), (2, 24, 2), (4, 6, 6), (8, 2, 2)]
)
def test_a_device_for_each_replica_up_to_the_cores(monkeypatch, cores, replicas, devices):
    updates = {}
    monkeypatch.setattr(resources.os, "cpu_count", lambda: cores)
    monkeypatch.setattr(resources.jax.config, "update", updates.__setitem__)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "/somewhere")
    prepare(replicas)
    assert updates == {"jax_num_cpu_devices": devices}


def test_compiled_programs_are_kept_in_the_users_cache(monkeypatch, tmp_path):
    updates = {}
    monkeypatch.setattr(resources.jax.config, "update", updates.__setitem__)
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    prepare(2)
    assert updates["jax_compilation_cache_dir"] == str(tmp_path / "causal_agency")


FAULTS = """
import ctypes, resource
import numpy as np
from neural.training.resources import keep_freed_memory

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
