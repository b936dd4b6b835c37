import math
import subprocess
import sys
from dataclasses import FrozenInstanceError

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from neural.errors import BadInput
from neural.training.config import TrainConfig


def test_the_defaults_are_the_papers():
    config = TrainConfig()
    assert (config.learning_rate, config.clip, config.weight_decay) == (2e-5, 1.0, 0.01)
    assert (config.epochs, config.max_steps, config.seed) == (4, None, 0)
    assert config.steps(480) == 1920


def test_max_steps_stops_early_and_never_adds_steps():
    assert TrainConfig(epochs=2, max_steps=7).steps(5) == 7
    assert TrainConfig(epochs=2, max_steps=10).steps(5) == TrainConfig(epochs=2).steps(5) == 10
    with pytest.raises(BadInput, match="70 steps were asked for, but 5 dialogues in 2 epochs make 10: ask for more ep"):
        TrainConfig(epochs=2, max_steps=70).steps(5)


def test_the_last_step_reads_what_is_left():
    assert [TrainConfig(epochs=2, batch_size=size).steps(5) for size in (1, 2, 3, 4, 10, 11)] == [10, 5, 4, 3, 1, 1]
    with pytest.raises(BadInput, match="4 steps were asked for, but 5 dialogues in 2 epochs and batches of 4 make 3:"):
        TrainConfig(epochs=2, batch_size=4, max_steps=4).steps(5)


def test_the_settings_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        TrainConfig().epochs = 5


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"learning_rate": -1e-3}, "learning_rate is -0.001, but must be a finite number, 0 or greater"),
        ({"learning_rate": float("nan")}, "learning_rate is nan, but must be a finite number, 0 or greater"),
        ({"learning_rate": float("inf")}, "learning_rate is inf, but must be a finite number, 0 or greater"),
        ({"epochs": 0}, "epochs is 0, but must be a whole number of at least 1"),
        ({"max_steps": 0}, "max_steps is 0, but must be a whole number of at least 1"),
        ({"seed": -1}, "seed is -1, but must be a whole number of at least 0"),
        ({"batch_size": 0}, "batch_size is 0, but must be a whole number of at least 1"),
        (
            {"batch_size": 6, "accumulate": 4},
            "a batch of 6 dialogues has no 4 parts of equal size: accumulate must divide batch_size",
        ),
        ({"warmup": -1}, "warmup is -1, but must be a whole number of at least 0"),
        ({"schedule": "step"}, "schedule is 'step', but must be one of constant, linear, cosine"),
        ({"precision": "half"}, "precision is 'half', but must be one of float32-master, as-published"),
    ],
)
def test_a_value_out_of_range_is_refused_with_its_range(wrong, problem):
    with pytest.raises(BadInput, match=f"^{problem}$"):
        TrainConfig(**wrong)


REFUSE = """
from neural import BadInput, TrainConfig

for wrong in {wrong}:
    try:
        TrainConfig(**wrong)
    except BadInput as problem:
        print(problem)
"""


def test_a_value_of_another_type_is_refused_with_its_range():
    """In a process without the type checker of the tests, which would object first."""
    problems = {
        ("learning_rate", "fast"): "learning_rate is 'fast', but must be a finite number, 0 or greater",
        ("clip", None): "clip is None, but must be a finite number, 0 or greater",
        ("weight_decay", ()): "weight_decay is (), but must be a finite number, 0 or greater",
        ("epochs", 1.5): "epochs is 1.5, but must be a whole number of at least 1",
        ("epochs", None): "epochs is None, but must be a whole number of at least 1",
        ("max_steps", 2.0): "max_steps is 2.0, but must be a whole number of at least 1",
        ("seed", "x"): "seed is 'x', but must be a whole number of at least 0",
    }
    code = REFUSE.format(wrong=[{name: value} for name, value in problems])
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == list(problems.values())


def test_the_optimizer_clips_the_gradient_and_decays_the_parameters():
    config = TrainConfig(learning_rate=3e-4)
    params = {"w": jnp.array([3.0, 4.0])}
    optimizer = config.optimizer(1)
    updates, _ = optimizer.update({"w": jnp.array([300.0, 400.0])}, optimizer.init(params), params)
    first_step = -config.learning_rate * (1.0 + config.weight_decay * params["w"])
    np.testing.assert_allclose(optax.apply_updates(params, updates)["w"], params["w"] + first_step, rtol=1e-6)


STEPS, WARMUP = 50, 8


@pytest.mark.parametrize("warmup", [0, WARMUP, STEPS])
@pytest.mark.parametrize(
    ("schedule", "after"),
    [
        ("constant", lambda done: 1.0),
        ("linear", lambda done: 1 - done),
        ("cosine", lambda done: (1 + math.cos(math.pi * done)) / 2),
    ],
)
def test_the_rate_rises_in_a_line_and_then_follows_its_schedule(schedule, after, warmup):
    rate = TrainConfig(learning_rate=3e-4, schedule=schedule, warmup=warmup).rate(STEPS)
    for done in range(STEPS):
        share = done / warmup if done < warmup else after((done - warmup) / (STEPS - warmup))
        assert float(rate(done) if callable(rate) else rate) == pytest.approx(3e-4 * share, rel=1e-5, abs=1e-10)


def test_a_rate_that_rises_for_more_steps_than_there_are_is_refused():
    with pytest.raises(BadInput, match="the rate rises for 9 steps, but there are only 8: choose fewer"):
        TrainConfig(warmup=9).optimizer(8)
