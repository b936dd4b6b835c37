import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from neural.dialogue.authors import INTERVENTIONAL, STANDARD, Author, AuthorLosses
from neural.dialogue.render import Example
from neural.errors import BadInput
from neural.training.batching import Replica
from neural.training.config import TrainConfig
from neural.training.held_out import held_out_batches, hold_out, make_measure, to_measured, to_rows
from neural.training.loop import Hooks, train
from neural.training.replicas import begin, share_devices

RNG = np.random.default_rng(5)
ROWS = [
    Example(RNG.integers(0, 61, n).astype(np.int32), np.r_[[0, 1], RNG.integers(1, 4, n - 2)].astype(np.int8))
    for n in (17, 20, 12, 9, 18)
]
CONFIG = TrainConfig(learning_rate=1e-3, epochs=3, measure_every=2)


def measure(model, rows, each):
    """Measure a model on examples, so many rows at a time."""
    _, graph, params = model
    state = begin(params, STANDARD, CONFIG.optimizer(1), share_devices(1)[0])
    return make_measure(graph, jax.tree.structure(params))(state, held_out_batches(rows, each), 7)


def token_by_token(model, rows):
    """Return the mean of −log p of each author's tokens, one row at a time, in double precision."""
    _, graph, params = model
    said = {author: [] for author in Author}
    for row in rows:
        logits = np.asarray(nnx.merge(graph, params)(row.ids[None])[0][0], float)
        log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        for i in range(1, len(row.ids)):
            said[row.authors[i]].append(-log_probs[i - 1, row.ids[i]])
    return [np.mean(said[author]) for author in (Author.PROTOCOL, Author.WORLD, Author.AGENT)]


@pytest.mark.parametrize("each", [1, 3, 8])
def test_what_is_measured_is_the_mean_over_each_authors_tokens(tied, each):
    step, *losses = measure(tied, ROWS, each)
    assert step == 7
    np.testing.assert_allclose(losses, token_by_token(tied, ROWS), rtol=1e-5)


def test_the_mean_over_no_token_is_not_a_number(tied):
    world = Example(ROWS[0].ids, np.full(17, Author.WORLD, np.int8))
    _, protocol, found, agent = measure(tied, [world], 1)
    assert np.isnan([protocol, found, agent]).tolist() == [True, False, True]


def test_a_share_is_held_out_by_seed_and_equal_examples_stay_together():
    rows = [*ROWS, *ROWS[::-1], *ROWS]
    kept, held = hold_out(rows, 0.4, seed=0)
    texts = [{row.ids.tobytes() for row in side} for side in (kept, held)]
    assert [len(kept), len(held)] == [9, 6]
    assert not texts[0] & texts[1]
    assert [row.ids.tobytes() for row in kept] == [x.ids.tobytes() for x in rows if x.ids.tobytes() in texts[0]]
    again = [[{row.ids.tobytes() for row in hold_out(rows, 0.4, seed)[1]}] for seed in range(6)]
    assert again[0] == [texts[1]]
    assert any(each != again[0] for each in again)


@pytest.mark.parametrize(("share", "held"), [(0.01, 1), (0.5, 2), (0.99, 4)])
def test_something_is_held_out_and_something_is_left(share, held):
    assert len(hold_out(ROWS, share, seed=0)[1]) == held


def test_nothing_can_be_held_out_of_one_text():
    with pytest.raises(BadInput, match="nothing can be held out: all dialogues are the same"):
        hold_out(ROWS[:1] * 3, 0.5, seed=0)
    with pytest.raises(BadInput, match="nothing can be held out: there is only one dialogue"):
        hold_out(ROWS[:1], 0.5, seed=0)


def test_it_is_measured_before_after_and_in_between_and_changes_no_training(tied):
    arms = {"standard": STANDARD, "interventional": INTERVENTIONAL}
    watched = {name: Replica(ROWS[:3], weights, (0,), ROWS[3:]) for name, weights in arms.items()}
    told = []
    trained = dict(train(tied[1:], watched, CONFIG, Hooks(on_held_out=lambda *each: told.append(each))))
    alone = dict(train(tied[1:], {name: each._replace(held_out=()) for name, each in watched.items()}, CONFIG))
    for name, each in trained.items():
        assert [losses.step for losses in each.held_out] == [0, 2, 4, 6, 8, 9]
        assert list(each.held_out) == [losses for who, losses in told if who == name]
        assert alone[name].held_out == ()
        for a, b in zip(jax.tree.leaves(each.params), jax.tree.leaves(alone[name].params), strict=True):
            np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(each.held_out[0][1:], token_by_token(tied, ROWS[3:]), rtol=1e-5)
        after = (*tied[:2], jax.tree.map(jnp.asarray, each.params))
        np.testing.assert_allclose(each.held_out[-1][1:], token_by_token(after, ROWS[3:]), rtol=1e-5)


def test_what_was_measured_is_saved_as_an_array():
    measured = [AuthorLosses(0, 0.5, 1.5, 2.5), AuthorLosses(100_000, 0.25, float("nan"), 3.0)]
    assert str(to_measured(to_rows(measured))) == str(measured)
    assert to_measured(to_rows([])) == []
