from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import psutil
import pytest

from neural.errors import BadInput
from neural.training import resources
from neural.training.resources import (
    check_disk,
    free_memory,
    peak_memory,
    replicas_at_once,
    resident_memory,
    run_memory,
)

BASE = {"w": jnp.zeros((1000, 1000))}


@pytest.mark.parametrize(
    ("megabytes", "dtype", "replicas", "expected"),
    [(1000, jnp.float32, 2, 2), (1000, jnp.float32, 99, 35), (50, jnp.float32, 2, 1), (50, jnp.bfloat16, 2, 2)],
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
    needed = 0.021 if backend == "cpu" or dtype == jnp.float32 else 0.0105
    assert str(problem.value) == f"training needs about {needed} GB of memory, but 0.001 GB are free{advice}"


def test_on_cpus_bfloat16_takes_as_much_as_float32(monkeypatch):
    monkeypatch.setattr(
        resources, "free_memory", lambda: 15 * 10**6
    )  # enough for five copies of 10^6 values in 2 bytes
    with pytest.raises(BadInput, match="training needs about"):
        replicas_at_once(BASE, jnp.bfloat16, 1)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_a_run_takes_the_process_the_model_and_the_replicas(dtype):
    """Of a million parameters on CPUs: 4 MB, and 21 MB for each replica."""
    assert [run_memory(BASE, BASE, dtype, n) for n in (0, 1, 3)] == [704 * 10**6, 725 * 10**6, 767 * 10**6]


@pytest.mark.parametrize(
    ("megabytes", "dtype", "enough"),
    [(69, jnp.float32, True), (67, jnp.float32, False), (35, jnp.bfloat16, True), (33, jnp.bfloat16, False)],
)
def test_a_disk_too_small_for_models_and_checkpoints_is_refused(monkeypatch, tmp_path, megabytes, dtype, enough):
    """Of a million parameters: two models, two checkpoints of each, and the one that is being written."""
    monkeypatch.setattr(resources.shutil, "disk_usage", lambda folder: SimpleNamespace(free=megabytes * 10**6))
    if enough:
        check_disk(BASE, BASE, dtype, 2, 2, tmp_path)
    else:
        with pytest.raises(BadInput, match=r"^trained models and checkpoints take 0\.0\d+ GB, but 0\.0\d+ GB are"):
            check_disk(BASE, BASE, dtype, 2, 2, tmp_path)


def test_the_peak_is_what_this_process_took():
    """At least what it takes now, and far less than 1024 times as much."""
    now = psutil.Process().memory_info().rss
    assert 0.9 * now < peak_memory() < 10 * now


def test_memory_is_counted_in_bytes():
    assert free_memory() > 10**8
    assert peak_memory() > 10**8


def test_resident_memory_is_what_the_process_has_now():
    before = resident_memory()
    whole = np.ones(2**26, np.uint8)
    assert resident_memory() - before > 0.9 * whole.nbytes
