import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest

from models import CONFIGS, random_model
from neural.training.config import TrainConfig
from neural.training.forecast import forecast
from neural.training.placement import Placement, make_mesh

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def parameters():
    _, _, params = random_model("untied")
    return 4 * sum(leaf.size for leaf in jax.tree.leaves(params))


def test_a_copy_takes_the_whole_on_each_device_and_parts_their_share(parameters):
    config, mesh = TrainConfig(batch_size=3), make_mesh(jax.devices())
    whole, part = (forecast(CONFIGS["untied"], config, 32, Placement(mesh, split)) for split in (False, True))
    assert whole.parameters == whole.gradients == parameters
    assert whole.moments == pytest.approx(2 * parameters, abs=8)  # and the number of the step
    assert whole.batch == part.batch == 2 * (32 * 4 + 31 * 4 + 31)  # of four rows, one of them padding
    assert parameters / 2 <= part.parameters <= 0.51 * parameters  # the vocabulary of 61 is split by width
    assert part.moments == pytest.approx(2 * part.parameters, abs=8)
    assert whole.activations > whole.batch


def test_the_command_prints_a_plan_without_parameters_or_tokenizer(tmp_path):
    CONFIGS["tied"].save_pretrained(tmp_path)
    command = [sys.executable, "neural/train.py", "--model", str(tmp_path), "--plan", "4", "--max-tokens", "16"]
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "4 devices, 1 x 16 tokens at a time" in done.stdout
    assert all(f"│ {name}" in done.stdout for name in ("parameters", "gradients", "moments", "activations", "together"))
