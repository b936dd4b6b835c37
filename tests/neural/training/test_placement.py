import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neural.errors import BadInput
from neural.training import placement
from neural.training.batching import pad
from neural.training.placement import Placement, agree, collect, make_mesh, put_batch, spread

ROOT = Path(__file__).parents[3]
BASE = {"w": jnp.zeros((1000, 1000))}  # 21 MB in training

CURVES = """
import json, sys
import jax, numpy as np
from pathlib import Path
from models import random_model
from neural.dialogue.authors import INTERVENTIONAL
from neural.dialogue.render import Example
from neural.training.batching import Replica
from neural.training.checkpoints import Checkpoints
from neural.training.config import TrainConfig
from neural.training.loop import Hooks, train
from neural.training.placement import Placement, make_mesh

assert len(jax.devices()) == 8
rng = np.random.default_rng(5)
rows = [
    Example(rng.integers(0, 61, 16).astype(np.int32), np.r_[[0, 1], rng.integers(1, 4, 14)].astype(np.int8))
    for _ in range(12)
]
_, graph, params = random_model("untied")
config = TrainConfig(learning_rate=1e-3, epochs=2, batch_size=6)  # two devices get padding alone
mesh = make_mesh(jax.devices())
one, copies, parts = Placement(make_mesh(jax.devices()[:1])), Placement(mesh), Placement(mesh, split=True)


def run(place, checkpoints=None):
    replicas = {"model": Replica(rows, INTERVENTIONAL, (0,))}
    ((_, trained),) = train((graph, params), replicas, config, Hooks(checkpoints=checkpoints), place)
    return trained.losses.tolist()


saved = Checkpoints(Path(sys.argv[1]), every=1)
curves = {"one": run(one), "copies": run(copies), "parts": run(parts, saved)}
saved.find("model")[0].unlink()  # so the step before the last one leads on
curves["from parts to copies"] = run(copies, saved)
print(json.dumps(curves))
"""


def test_eight_devices_give_the_losses_of_one(tmp_path):
    """With a copy on each, split over them, and going on in the other way from a checkpoint."""
    environment = os.environ | {
        "XLA_FLAGS": "--xla_force_host_platform_device_count=8",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests" / "neural")]),
    }
    command = [sys.executable, "-c", CURVES, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    curves = json.loads(done.stdout)
    assert list(curves) == ["one", "copies", "parts", "from parts to copies"]
    assert curves["one"][0] - curves["one"][3] > 0.1  # there is something to get wrong
    for curve in curves.values():
        np.testing.assert_allclose(curve, curves["one"], atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "split", "part"),
    [
        ((3, 8, 6), True, (3, 4, 6)),
        ((3, 6, 6), True, (3, 6, 3)),
        ((3, 5), True, (3, 5)),
        ((), True, ()),
        ((8,), False, (8,)),
    ],
)
def test_an_array_is_split_along_its_longest_axis_that_divides(shape, split, part):
    where = Placement(make_mesh(jax.devices()), split).find(np.zeros(shape))
    assert where.shard_shape(shape) == part


@pytest.mark.parametrize(("megabytes", "split"), [(60, False), (50, True), (22, True)])
def test_what_does_not_fit_as_copies_is_split(monkeypatch, megabytes, split):
    """Two devices of a CPU share its memory; a quarter of it is left alone."""
    monkeypatch.setattr(placement, "free_memory", lambda: megabytes * 10**6)
    place = spread(BASE, jnp.float32)
    assert (place.mesh.size, place.split) == (2, split)


def test_what_does_not_fit_in_parts_is_refused(monkeypatch):
    monkeypatch.setattr(placement, "free_memory", lambda: 20 * 10**6)
    with pytest.raises(BadInput, match=r"needs about 0\.0105 GB of memory, but 0\.01 GB are free"):
        spread(BASE, jnp.float32)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_a_batch_is_padded_to_rows_for_all_devices(rows):
    place = Placement(make_mesh(jax.devices()))
    example = placement.EMPTY._replace(ids=np.arange(4, dtype=np.int32), authors=np.full(4, 2, np.int8))
    before = pad([example] * rows, 8, 8)
    after = put_batch(before, place.rows)
    assert {array.shape[0] for array in after} == {rows + rows % 2}
    for whole, part in zip(after, before, strict=True):
        np.testing.assert_array_equal(whole[:rows], part)
    assert not np.asarray(after.authors[rows:]).any()


def test_alone_a_process_agrees_with_itself_and_keeps_its_arrays():
    assert agree(True, False) == (True, False)
    assert collect([BASE["w"]])[0] is BASE["w"]
