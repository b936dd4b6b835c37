from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from tqdm import tqdm

from neural.data.tokens import Author, Batch, Tokens, batch
from neural.study.arms import Cell, batches, buckets, copies, dialogue_losses, order, step, train
from neural.study.loss import AGENT_ONLY, INTERVENTIONAL, STANDARD, evidence_of, loss_do, target_log_probs
from neural.study.recipe import Recipe

RNG = np.random.default_rng(5)
ROWS = [
    Tokens(RNG.integers(0, 61, n).astype(np.int32), np.r_[[0, 1], RNG.integers(1, 4, n - 2)].astype(np.int8))
    for n in (9, 12, 17, 20, 30)
]
LOSS = jax.jit(dialogue_losses, static_argnames="graph")
ARMS = {"standard": STANDARD, "interventional": INTERVENTIONAL}


def stream():
    """Two epochs over rows of one length, so that there is one program to compile."""
    return tqdm(batches([Cell(ROWS[2:4], (0,), weights) for weights in ARMS.values()], 2), disable=True)


def first():
    """A batch of one cell."""
    return of_cell(0, next(batches([Cell(ROWS, (0,), STANDARD)], 1)))


def of_cell(i, batch):
    return Batch(*(part[i] for part in batch))


def test_the_order_is_a_function_of_seed_and_epoch():
    assert order(50, (1,), 2).tolist() == order(50, (1,), 2).tolist()
    assert sorted(order(50, (1,), 2)) == list(range(50))
    assert order(50, (1,), 2).tolist() != order(50, (1,), 3).tolist() != order(50, (2,), 3).tolist()


def test_batches_hold_every_dialogue_once_an_epoch_padded_to_few_lengths():
    assert buckets(ROWS) == {24: 24, 32: 32}
    seen = list(batches([Cell(ROWS, (0,), STANDARD), Cell(ROWS, (1,), STANDARD)], epochs=2))
    assert {(now.ids.shape, now.columns.shape) for now in seen} == {((2, 1, 24), (2, 1, 24)), ((2, 1, 32), (2, 1, 32))}
    for cell in range(2):
        said = [np.take_along_axis(now.ids, now.columns, axis=-1)[cell][now.authors[cell] > 0] for now in seen]
        for epoch in (said[:5], said[5:]):
            assert {tuple(row) for row in epoch} == {tuple(row.ids[1:]) for row in ROWS}


def test_cells_of_one_seed_read_the_same_and_others_do_not():
    cells = [Cell(ROWS, seed, STANDARD) for seed in ((0,), (0,), (1,))]
    a, b, c = np.stack([now.ids[:, 0, :9] for now in batches(cells, 2)], axis=1)
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def test_padding_does_not_change_the_loss(tied):
    _, graph, params = tied
    losses = [LOSS(params, graph, batch(ROWS, *size), jnp.array(STANDARD)) for size in ((30, 29), (43, 40))]
    np.testing.assert_allclose(losses[0], losses[1], atol=1e-6)


def test_both_arms_get_the_same_batches_in_the_same_order(tied):
    """Two arms of equal weights stay equal to the bit; so all that parts the real arms is their weights."""
    _, graph, params = tied
    optimizer = Recipe(1e-3).optimizer()
    twins, losses = train(graph, copies(params, 2), {"a": STANDARD, "b": STANDARD}, optimizer, stream())
    np.testing.assert_array_equal(losses["a"], losses["b"])
    for a, b in zip(*(jax.tree.leaves(arm) for arm in twins.values()), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_arms_are_what_two_separate_runs_would_be(tied):
    _, graph, params = tied
    optimizer = Recipe(1e-3).optimizer()
    together, losses = train(graph, copies(params, 2), ARMS, optimizer, stream())
    for name, weights in ARMS.items():
        advance = jax.jit(partial(step, graph, optimizer))
        alone, state, mean_losses = params, optimizer.init(params), []
        for now in stream():
            alone, state, loss = advance(alone, state, of_cell(0, now), jnp.array(weights))
            mean_losses.append(loss)
        np.testing.assert_allclose(losses[name], mean_losses, rtol=1e-4)
        for a, b in zip(jax.tree.leaves(together[name]), jax.tree.leaves(alone), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-4)
    assert np.abs(losses["standard"][1:] - losses["interventional"][1:]).max() > 1e-3


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
            return loss_do(target_log_probs(logits, targets), evidence_of(authors, weights))

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
    said = [row._replace(ids=np.where(row.authors == Author.AGENT, (row.ids + shift) % 61, row.ids))
            for row in ROWS[2:3] for shift in (0, 7)]  # fmt: skip
    before, after = (LOSS(params, graph, batch([row], 24, 16), jnp.array(INTERVENTIONAL))[0] for row in said)
    assert before != after


def test_the_agents_tokens_are_measured_in_every_arm(tied):
    _, graph, params = tied
    measured = [LOSS(params, graph, first(), jnp.array(weights)) for weights in (STANDARD, INTERVENTIONAL, AGENT_ONLY)]
    assert measured[0][1] == measured[1][1] == measured[2][1] == measured[2][0]
    assert len({float(trained) for trained, _ in measured}) == 3


def test_in_half_precision_all_of_the_state_is_in_half_precision(tied):
    _, graph, params = tied
    trained, losses = train(graph, copies(params, 2, jnp.bfloat16), ARMS, Recipe(1e-3).optimizer(), stream())
    assert {leaf.dtype for leaf in jax.tree.leaves(trained)} == {jnp.dtype("bfloat16")}
    assert np.isfinite(losses["standard"]).all()
