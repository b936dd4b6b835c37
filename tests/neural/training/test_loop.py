from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from neural.dialogue.authors import INTERVENTIONAL, STANDARD
from neural.dialogue.render import Example
from neural.errors import BadInput, Diverged
from neural.training import loop
from neural.training.batching import Replica, batches, order, pad
from neural.training.config import TrainConfig
from neural.training.loop import Feed, Hooks, Step, fit, train
from neural.training.replicas import share_rows

RNG = np.random.default_rng(5)
ROWS = [
    Example(RNG.integers(0, 61, n).astype(np.int32), np.r_[[0, 1], RNG.integers(1, 4, n - 2)].astype(np.int8))
    for n in (17, 20)
]
ARMS = {"standard": STANDARD, "interventional": INTERVENTIONAL}
CONFIG = TrainConfig(learning_rate=1e-3, epochs=2)
REPLICAS = {name: Replica(ROWS, weights, (0,)) for name, weights in ARMS.items()}


class Recorded:
    """A stream that counts the batches drawn from it."""

    def __init__(self, stream):
        self.stream, self.drawn = iter(stream), 0

    def __iter__(self):
        return self

    def __next__(self):
        batch = next(self.stream)
        self.drawn += 1
        return batch


def fit_arms(model, streams, total, on_step=None):
    feeds = {name: Feed(weights, streams[name]) for name, weights in ARMS.items()}
    return fit(model[1:], feeds, CONFIG, total, Hooks(on_step))


def read(epochs):
    """Return the stream of each arm."""
    return {name: batches(replica, epochs) for name, replica in REPLICAS.items()}


@pytest.mark.no_nans
def test_every_finished_step_is_reported_once_and_in_order(tied):
    steps, ahead, streams = [], [], {name: Recorded(stream) for name, stream in read(epochs=3).items()}

    def on_step(step):
        steps.append(step)
        ahead.extend(stream.drawn - step.done for stream in streams.values())

    trained = fit_arms(tied, streams, 5, on_step)
    assert [(step.done, step.total) for step in steps] == [(done, 5) for done in range(1, 6)]
    for name in ARMS:
        assert [step.losses[name] for step in steps] == trained[name].losses.tolist()
        assert trained[name].losses.shape == trained[name].agent_losses.shape == (5,)
    assert set(ahead) == {0}, "no step is queued before the one before it is reported"
    assert [stream.drawn for stream in streams.values()] == [5, 5]


def test_any_iterable_of_batches_is_read_from_its_beginning_once(tied):
    from_list = fit_arms(tied, {name: list(stream) for name, stream in read(epochs=1).items()}, 2)
    from_stream = fit_arms(tied, read(epochs=1), 2)
    for name in ARMS:
        np.testing.assert_array_equal(from_list[name].losses, from_stream[name].losses)


def test_the_loss_of_a_step_is_the_mean_over_its_replicas():
    assert Step(1, 2, {"a": 1.0, "b": 3.0}).loss == 2.0


@pytest.mark.parametrize("spoiled", ["parameters", "rate"])
def test_a_loss_that_is_not_finite_is_bad_input(tied, spoiled):
    _, graph, params = tied
    reported = []
    rate = CONFIG.learning_rate
    if spoiled == "parameters":
        params = jax.tree.map(lambda leaf: leaf * jnp.nan, params)
    else:
        rate = 1e38
    config = replace(CONFIG, learning_rate=rate)
    feeds = {name: Feed(ARMS[name], stream) for name, stream in read(epochs=2).items()}
    with pytest.raises(Diverged, match=r"standard, step [12]: the loss or its gradient is not a number"):
        fit((graph, params), feeds, config, 4, Hooks(reported.append))
    assert len(reported) == (0 if spoiled == "parameters" else 1)
    assert all(np.isfinite(list(step.losses.values())).all() for step in reported)


def test_a_step_reads_what_is_left_of_a_feed_until_one_is_empty():
    feeds = {"long": Feed(STANDARD, ["a", "b", "c", "d", "e"]), "short": Feed(STANDARD, ["f", "g", "h"])}
    assert list(loop.bundle(feeds, 2)) == [
        {"long": ["a", "b"], "short": ["f", "g"]},
        {"long": ["c", "d"], "short": ["h"]},
    ]


def test_replicas_with_different_numbers_of_examples_are_refused(tied):
    uneven = {**REPLICAS, "short": Replica(ROWS[:1], STANDARD, (0,))}
    with pytest.raises(BadInput, match="all replicas need the same number of examples"):
        next(train(tied[1:], uneven, CONFIG))


def test_the_error_says_which_dialogue_was_read(tied, monkeypatch):
    """The third step reads the first dialogue of the second epoch's order."""

    def fit(*_):
        raise Diverged("interventional", 3)

    monkeypatch.setattr(loop, "fit", fit)
    read = order(2, (0,), 1)[0] + 1
    with pytest.raises(Diverged, match=rf"interventional, step 3, dialogue {read} of 2: the loss or its gradient"):
        next(train(tied[1:], REPLICAS, CONFIG))
    read = ", ".join(str(i + 1) for i in order(2, (0,), 2))
    with pytest.raises(Diverged, match=rf"interventional, step 3, dialogues {read} of 2: the loss or its gradient"):
        next(train(tied[1:], REPLICAS, replace(CONFIG, epochs=3, batch_size=2)))


def test_two_devices_that_share_the_rows_of_a_batch_compute_what_one_does(tied, monkeypatch):
    """The layout of pretraining: one replica, two rows."""

    def run():
        feeds = {"base": Feed(STANDARD, [pad(ROWS, 24, 24)] * 5)}
        return fit(tied[1:], feeds, CONFIG, 5, place=share_rows(2))["base"]

    assert share_rows(2).mesh.shape == {"row": 2}
    two = run()
    devices = jax.devices()
    monkeypatch.setattr(jax, "devices", lambda: devices[:1])
    assert share_rows(2) is None
    one = run()
    np.testing.assert_allclose(two.losses, one.losses, atol=1e-5)
    np.testing.assert_allclose(two.agent_losses, one.agent_losses, atol=1e-5)
    for a, b in zip(jax.tree.leaves(two.params), jax.tree.leaves(one.params), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)


def test_replicas_are_trained_in_groups_and_yielded_in_order(tied, monkeypatch):
    """Every group reports its own steps."""
    _, graph, params = tied
    trained, steps = {}, {}
    for at_once in (1, 2):
        monkeypatch.setattr(loop, "replicas_at_once", lambda *_, at_once=at_once: at_once)
        steps[at_once] = []
        trained[at_once] = dict(train((graph, params), REPLICAS, CONFIG, Hooks(steps[at_once].append)))
        assert [*trained[at_once]] == [*REPLICAS]
    assert [step.done for step in steps[1]] == [1, 2, 3, 4] * 2
    assert [[*step.losses] for step in steps[1]] == [["standard"]] * 4 + [["interventional"]] * 4
    assert [step.done for step in steps[2]] == [1, 2, 3, 4]
    assert [[*step.losses] for step in steps[2]] == [[*REPLICAS]] * 4


@pytest.mark.parametrize("batch_size", [1, 2])
def test_how_many_are_trained_at_once_does_not_matter_to_the_bit(tied, monkeypatch, batch_size):
    """Free memory decides that, and of a run that goes on one may be left; its rows are no reason to spread out."""
    config, trained = replace(CONFIG, batch_size=batch_size), []
    for at_once in (2, 1):
        monkeypatch.setattr(loop, "replicas_at_once", lambda *_, at_once=at_once: at_once)
        trained.append(dict(train(tied[1:], REPLICAS, config)))
    for name, each in trained[0].items():
        for a, b in zip(jax.tree.leaves(each._asdict()), jax.tree.leaves(trained[1][name]._asdict()), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.usefixtures("usual_promotion")
@pytest.mark.parametrize(("precision", "dtype"), [("float32-master", "float32"), ("as-published", "bfloat16")])
def test_training_leaves_the_model_unchanged_and_keeps_to_its_settings(tied, precision, dtype):
    _, graph, params = tied
    before = jax.tree.map(np.array, params)
    config = TrainConfig(learning_rate=1e-3, max_steps=3, precision=precision)
    ((name, trained),) = train((graph, params), {"one": REPLICAS["standard"]}, config)
    assert name == "one"
    assert trained.losses.shape == (3,)
    assert {leaf.dtype for leaf in jax.tree.leaves(trained.params)} == {jnp.dtype(dtype)}
    assert isinstance(nnx.merge(graph, trained.params)(ROWS[0].ids[None])[0], jax.Array)
    for a, b in zip(jax.tree.leaves(before), jax.tree.leaves(params), strict=True):
        np.testing.assert_array_equal(a, b)


def test_too_little_memory_for_one_replica_is_bad_input(tied, monkeypatch):
    _, graph, params = tied
    monkeypatch.setattr("neural.training.resources.free_memory", lambda: 10**3)
    with pytest.raises(BadInput, match="training needs about"):
        next(train((graph, params), REPLICAS, CONFIG))
