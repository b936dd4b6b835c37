from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from tqdm import tqdm

from neural.data.tokens import Author, Tokens
from neural.study.arms import Recipe, batches, bucket_lengths, dialogue_losses, order, step, train
from neural.study.loss import AGENT_ONLY, INTERVENTIONAL, STANDARD, evidence_of, loss_do, target_log_probs

RNG = np.random.default_rng(5)
ROWS = [
    Tokens(RNG.integers(0, 61, n).astype(np.int32), np.r_[[0, 1], RNG.integers(1, 4, n - 2)].astype(np.int8))
    for n in (9, 12, 17, 20, 30)
]
LOSS = jax.jit(dialogue_losses, static_argnames="graph")
ARMS = {"standard": STANDARD, "interventional": INTERVENTIONAL}


def stream():
    """Two epochs over rows of one length, so that there is one program to compile."""
    return tqdm(batches(ROWS[2:4], 2, (0,)), disable=True)


def test_the_order_is_a_function_of_seed_and_epoch():
    assert order(50, (1,), 2).tolist() == order(50, (1,), 2).tolist()
    assert sorted(order(50, (1,), 2)) == list(range(50))
    assert order(50, (1,), 2).tolist() != order(50, (1,), 3).tolist() != order(50, (2,), 3).tolist()


def test_batches_hold_every_dialogue_once_an_epoch_padded_to_few_lengths():
    seen = list(batches(ROWS, epochs=2, seed=(0,)))
    assert bucket_lengths(ROWS) == [24, 32]
    assert {batch.ids.shape for batch in seen} == {(1, 24), (1, 32)}
    for epoch in (seen[:5], seen[5:]):
        texts = {tuple(batch.ids[0][batch.authors[0] != Author.NOBODY]) for batch in epoch}
        assert texts == {tuple(row.ids[1:]) for row in ROWS}


def test_padding_does_not_change_the_loss(tied):
    _, graph, params = tied
    batch = next(batches(ROWS, 1, (0,)))
    longer = Tokens(*(np.pad(part, ((0, 0), (0, 13))) for part in batch))
    losses = [LOSS(params, graph, *tokens, jnp.array(STANDARD)) for tokens in (batch, longer)]
    np.testing.assert_allclose(losses[0], losses[1], atol=1e-6)


def test_both_arms_get_the_same_batches_in_the_same_order(tied):
    """Two arms of equal weights stay equal to the bit; so all that parts the real arms is their weights."""
    _, graph, params = tied
    optimizer = Recipe(1e-3).optimizer()
    twins, losses = train(graph, params, {"a": STANDARD, "b": STANDARD}, optimizer, stream())
    np.testing.assert_array_equal(losses["a"], losses["b"])
    for a, b in zip(*(jax.tree.leaves(arm) for arm in twins.values()), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_arms_are_what_two_separate_runs_would_be(tied):
    _, graph, params = tied
    optimizer = Recipe(1e-3).optimizer()
    together, losses = train(graph, params, ARMS, optimizer, stream())
    for name, weights in ARMS.items():
        advance = jax.jit(partial(step, graph, optimizer))
        alone, state, mean_losses = params, optimizer.init(params), []
        for batch in stream():
            alone, state, loss = advance(alone, state, *batch, jnp.array(weights))
            mean_losses.append(loss)
        np.testing.assert_allclose(losses[name], mean_losses, rtol=1e-4)
        for a, b in zip(jax.tree.leaves(together[name]), jax.tree.leaves(alone), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-4)
    assert np.abs(losses["standard"][1:] - losses["interventional"][1:]).max() > 1e-3


def test_agent_labels_have_exactly_no_influence_on_the_interventional_gradient_of_the_model(tied):
    _, graph, params = tied
    batch = next(batches(ROWS, 1, (0,)))
    inputs, targets = batch.ids[:, :-1], batch.ids[:, 1:]
    agents = batch.authors[:, 1:] == Author.AGENT
    forged = np.where(agents, (targets + 7) % 61, targets)

    @jax.jit
    def gradient(targets, weights):
        def loss(params):
            logits, _ = nnx.merge(graph, params)(inputs)
            return loss_do(target_log_probs(logits, targets), evidence_of(batch.authors, weights))

        return jax.tree.leaves(jax.grad(loss)(params))

    def gradients(weights):
        return zip(*(gradient(labels, jnp.array(weights)) for labels in (targets, forged)), strict=True)

    assert agents.any()
    for a, b in gradients(INTERVENTIONAL):
        np.testing.assert_array_equal(a, b)
    assert any((a != b).any() for a, b in gradients(STANDARD))


def test_agent_tokens_are_still_read(tied):
    """Masked from the loss, not from the context: another agent text changes what the world's tokens cost."""
    _, graph, params = tied
    ids, authors = next(batches(ROWS, 1, (0,)))
    changed = np.where(authors == Author.AGENT, (ids + 7) % 61, ids)
    weights = jnp.array(INTERVENTIONAL)
    before, after = (LOSS(params, graph, said, authors, weights)[0] for said in (ids, changed))
    assert before != after


def test_the_agents_tokens_are_measured_in_every_arm(tied):
    _, graph, params = tied
    batch = next(batches(ROWS, 1, (0,)))
    measured = [LOSS(params, graph, *batch, jnp.array(weights)) for weights in (STANDARD, INTERVENTIONAL, AGENT_ONLY)]
    assert measured[0][1] == measured[1][1] == measured[2][1] == measured[2][0]
    assert len({float(trained) for trained, _ in measured}) == 3


def test_in_half_precision_all_of_the_state_is_in_half_precision(tied):
    _, graph, params = tied
    trained, losses = train(graph, params, ARMS, Recipe(1e-3).optimizer(), stream(), jnp.bfloat16)
    assert {leaf.dtype for leaf in jax.tree.leaves(trained)} == {jnp.dtype("bfloat16")}
    assert np.isfinite(losses["standard"]).all()


def test_the_recipe_is_the_papers():
    recipe = Recipe(learning_rate=3e-4)
    assert (recipe.dialogues, recipe.p_lie, recipe.epochs, recipe.clip, recipe.steps) == (480, 0.6, 4, 1.0, 1920)
    params = {"w": jnp.array([3.0, 4.0])}
    optimizer = recipe.optimizer()
    updates, _ = optimizer.update({"w": jnp.array([300.0, 400.0])}, optimizer.init(params), params)
    first_step = -recipe.learning_rate * (1.0 + recipe.weight_decay * params["w"])
    np.testing.assert_allclose(optax.apply_updates(params, updates)["w"], params["w"] + first_step, rtol=1e-6)
