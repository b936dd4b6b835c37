from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from neural.dialogue.authors import ASSISTANT_ONLY, INTERVENTIONAL, STANDARD, Author, evidence
from neural.dialogue.render import Example
from neural.training import replicas
from neural.training.batching import Replica, batches, pad
from neural.training.config import TrainConfig
from neural.training.loop import Feed, fit
from neural.training.objective import loss_do, target_log_probs
from neural.training.replicas import begin, losses, make_step, put_leaves, share_devices, share_rows, take_leaves

RNG = np.random.default_rng(5)
ROWS = [
    Example(RNG.integers(0, 61, n).astype(np.int32), np.r_[[0, 1], RNG.integers(1, 4, n - 2)].astype(np.int8))
    for n in (9, 12, 17, 20, 30)
]
LOSS = jax.jit(losses, static_argnames="graph")
ARMS = {"standard": STANDARD, "interventional": INTERVENTIONAL}
CONFIG = TrainConfig(learning_rate=1e-3)
OPTIMIZER = CONFIG.optimizer(1)
STEPS = 4


def stream(weights):
    """Two epochs over rows of one length, so that there is one program to compile."""
    return batches(Replica(ROWS[2:4], weights, (0,)), 2)


def train(model, weights, precision="float32-master"):
    """Train on `stream` in production's way."""
    feeds = {name: Feed(each, stream(each)) for name, each in weights.items()}
    return fit(model[1:], feeds, replace(CONFIG, precision=precision), STEPS)


def train_alone(model, weights):
    """Train one arm in the plainest way: return its losses and parameters."""
    _, graph, params = model

    @jax.jit
    def step(params, state, batch):
        (loss, _), gradients = jax.value_and_grad(losses, has_aux=True)(params, graph, batch, jnp.array(weights))
        updates, state = OPTIMIZER.update(gradients, state, params)
        return optax.apply_updates(params, updates), state, loss

    state, history = OPTIMIZER.init(params), []
    for batch in stream(weights):
        params, state, loss = step(params, state, batch)
        history.append(loss)
    return history, params


def assert_close(one, other, atol):
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(a, b, atol=atol)


@pytest.mark.parametrize("replicas", [1, 2, 3, 4])
def test_each_replica_has_one_device(replicas):
    """However many rows its batch has, and whoever is trained beside it."""
    shared = share_devices(replicas)
    assert [[device.id for device in place.mesh.devices.flat] for place in shared] == [[0], [1], [0], [1]][:replicas]


@pytest.mark.parametrize(("rows", "devices"), [(1, None), (2, [0, 1]), (3, None), (4, [0, 1])])
def test_the_rows_of_a_single_replica_are_shared_evenly(rows, devices):
    place = share_rows(rows)
    assert (place and [device.id for device in place.mesh.devices.flat]) == devices


def test_a_replica_begins_with_a_copy(tied):
    """What is trained can be overwritten in place; the start stays as it was."""
    _, _, params = tied
    before = jax.tree.map(np.array, params)
    state = begin(params, STANDARD, OPTIMIZER, share_devices(1)[0])
    for leaf in state.leaves:
        leaf.delete()
    assert_close(params, before, atol=0)


@pytest.mark.parametrize(("rows", "devices"), [(1, [[0], [1]]), (2, [[0, 1]])])
def test_all_of_a_replica_lies_on_its_own_devices(tied, rows, devices):
    """From its beginning, and if it goes on from leaves that were saved."""
    _, _, params = tied
    places = share_devices(2) if rows == 1 else [share_rows(rows)]
    for place, ids in zip(places, devices, strict=True):
        state = begin(params, STANDARD, OPTIMIZER, place)
        assert [leaf.shape for leaf in state.gradients] == [leaf.shape for leaf in state.leaves]
        again = put_leaves(state, [jnp.array(np.asarray(leaf)) for leaf in take_leaves(state)])
        for leaf in jax.tree.leaves((state[:4], again[:4])):
            assert sorted(device.id for device in leaf.devices()) == ids
        assert state.rows.shard_shape((rows, 24)) == (1, 24)


def test_a_step_overwrites_what_it_was_given(tied):
    """A second copy of parameters, moments or gradients would not fit where one just does."""
    _, graph, params = tied
    before = begin(params, STANDARD, OPTIMIZER, share_devices(1)[0])
    after, _ = make_step(graph, jax.tree.structure(params), OPTIMIZER)(before, next(stream(STANDARD)))
    for part in before[:3]:
        assert all(leaf.is_deleted() for leaf in jax.tree.leaves(part))
    assert [leaf.shape for leaf in after.gradients] == [leaf.shape for leaf in after.leaves]
    assert after.rows == before.rows


@pytest.mark.parametrize("spoiled", ["loss", "gradient"])
def test_a_step_that_is_not_finite_changes_nothing(tied, monkeypatch, spoiled):
    _, graph, params = tied
    good = next(stream(STANDARD))
    state = begin(params, STANDARD, OPTIMIZER, share_devices(1)[0])
    step = make_step(graph, jax.tree.structure(params), OPTIMIZER)
    state, both = step(state, good)
    assert np.isfinite(both).all()
    before = jax.tree.map(np.array, (state.leaves, state.optimizer))

    def spoil(params, *_):
        zero = sum(jnp.sum(leaf) for leaf in jax.tree.leaves(params)) * 0
        return (zero + jnp.inf if spoiled == "loss" else jnp.sqrt(zero)), zero  # the root's slope at 0 is infinite

    monkeypatch.setattr(replicas, "losses", spoil)
    state, both = make_step(graph, jax.tree.structure(params), OPTIMIZER)(state, good)
    assert np.isnan(both).all()
    assert_close((state.leaves, state.optimizer), before, atol=0)


def test_padding_does_not_change_the_loss(tied):
    _, graph, params = tied
    both = [LOSS(params, graph, pad(ROWS, *size), jnp.array(STANDARD)) for size in ((30, 29), (43, 40))]
    np.testing.assert_allclose(both[0], both[1], atol=1e-6)


def test_both_arms_get_the_same_batches_in_the_same_order(tied):
    """Two arms of equal weights stay equal to the bit; so the real arms differ through their weights alone."""
    twins = train(tied, {"a": STANDARD, "b": STANDARD})
    np.testing.assert_array_equal(twins["a"].losses, twins["b"].losses)
    assert_close(twins["a"].params, twins["b"].params, atol=0)


@pytest.mark.no_nans
def test_the_arms_are_what_two_separate_runs_would_be(tied):
    together = train(tied, ARMS)
    for name, weights in ARMS.items():
        history, params = train_alone(tied, weights)
        np.testing.assert_allclose(together[name].losses, history, rtol=1e-4)
        assert_close(together[name].params, params, atol=1e-4)
    assert np.abs(together["standard"].losses[1:] - together["interventional"].losses[1:]).max() > 1e-3


@pytest.mark.parametrize("group", [["standard"], ["interventional", "standard"], ["a", "standard", "interventional"]])
def test_who_is_trained_beside_a_replica_does_not_matter_to_the_bit(tied, group):
    """Alone, on another device, or sharing one with others: losses and parameters have the same bytes."""
    together, other = train(tied, ARMS), train(tied, {name: ARMS.get(name, ASSISTANT_ONLY) for name in group})
    for name in set(group) & set(ARMS):
        np.testing.assert_array_equal(other[name].losses, together[name].losses)
        np.testing.assert_array_equal(other[name].agent_losses, together[name].agent_losses)
        assert_close(other[name].params, together[name].params, atol=0)


def test_agent_labels_have_exactly_no_influence_on_the_interventional_gradient_of_the_model(tied):
    _, graph, params = tied
    row = ROWS[2]
    inputs, targets, authors = row.ids[None, :-1], row.ids[None, 1:], row.authors[None, 1:]
    agents = authors == Author.AGENT
    forged = np.where(agents, (targets + 7) % 61, targets)

    @jax.jit
    def gradient(targets, weights):
        def loss(params):
            logits, _ = nnx.merge(graph, params)(inputs)
            return loss_do(target_log_probs(logits, targets), evidence(authors, weights))

        return jax.tree.leaves(jax.grad(loss)(params))

    def gradients(weights):
        return zip(*(gradient(labels, jnp.array(weights)) for labels in (targets, forged)), strict=True)

    assert agents.any()
    for a, b in gradients(INTERVENTIONAL):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in gradients(STANDARD))


def test_agent_tokens_are_still_read(tied):
    """They are left out of the loss, not of the context: another agent text changes what the world's tokens cost."""
    _, graph, params = tied
    said = [row._replace(ids=np.where(row.authors == Author.AGENT, (row.ids + shift) % 61, row.ids))
            for row in ROWS[2:3] for shift in (0, 7)]  # fmt: skip
    before, after = (LOSS(params, graph, pad([row], 24, 16), jnp.array(INTERVENTIONAL))[0] for row in said)
    assert before != after


def test_the_agents_tokens_are_measured_in_every_arm(tied):
    _, graph, params = tied
    batch = next(batches(Replica(ROWS, STANDARD, (0,)), 1))
    measured = [
        LOSS(params, graph, batch, jnp.array(weights)) for weights in (STANDARD, INTERVENTIONAL, ASSISTANT_ONLY)
    ]
    assert measured[0][1] == measured[1][1] == measured[2][1] == measured[2][0]
    assert len({float(trained) for trained, _ in measured}) == 3


@pytest.mark.no_nans
@pytest.mark.usefixtures("usual_promotion")
def test_in_half_precision_all_of_the_state_is_in_half_precision(tied):
    trained = train(tied, ARMS, "as-published")
    assert {leaf.dtype for each in trained.values() for leaf in jax.tree.leaves(each.params)} == {jnp.dtype("bfloat16")}
    assert np.isfinite(trained["standard"].losses).all()


@pytest.mark.parametrize("small", ["untied"], indirect=True)
def test_no_row_of_a_batch_reads_another(small):
    """To the bit, whatever the other rows say; if only one row counts, the tokens of the others get no gradient."""
    _, graph, params = small
    counted = Example(np.arange(1, 18, dtype=np.int32), np.r_[[0], np.full(16, Author.WORLD)].astype(np.int8))

    def read(*others):
        rows = [Example(ids.astype(np.int32), np.zeros(len(ids), np.int8)) for ids in others]
        batch = pad([rows[0], counted, rows[1]], 24, 16)
        return jax.jit(jax.value_and_grad(lambda p: losses(p, graph, batch, jnp.array(STANDARD))[0]))(params)

    (loss, gradients), (again, others) = read(np.arange(20, 44), np.arange(44, 61)), read(np.full(9, 50), np.arange(3))
    assert loss == again
    for a, b in zip(jax.tree.leaves(gradients), jax.tree.leaves(others), strict=True):
        np.testing.assert_array_equal(a, b)
    embedded = np.asarray(gradients["embed_tokens"]["embedding"][...])
    assert not embedded[20:].any()
    assert embedded[1:17].any(axis=1).all()
    alone = LOSS(params, graph, pad([counted], 17, 16), jnp.array(STANDARD))[0]
    np.testing.assert_allclose(loss, alone, rtol=1e-6)


def test_a_step_of_several_parts_overwrites_what_it_was_given(tied):
    """Gradients of later parts are added in place."""
    _, graph, params = tied
    before = begin(params, STANDARD, OPTIMIZER, share_devices(1)[0])
    after, both = make_step(graph, jax.tree.structure(params), OPTIMIZER)(before, *[next(stream(STANDARD))] * 3)
    assert all(leaf.is_deleted() for leaf in jax.tree.leaves(before[:3]))
    assert both.shape == (2,)
    assert [leaf.shape for leaf in after.gradients] == [leaf.shape for leaf in after.leaves]
