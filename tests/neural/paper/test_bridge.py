from functools import reduce

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from causal_agency import Hypothesis, as_bystander, do, memoryless, see
from causal_agency import Mixture as Exact
from neural.dialogue.authors import INTERVENTIONAL, STANDARD, Author
from neural.model.decoder import Decoder
from neural.paper import bridge as bridge_module
from neural.paper.bridge import (
    LOSSES,
    MARKS,
    POLICIES,
    Design,
    Mixture,
    architecture,
    bridge,
    compare,
    divergence,
    exact_predictive,
    know,
    make_batch,
    random_mixture,
    sample,
    write,
    write_tests,
)
from neural.seeds import random_stream

pytestmark = pytest.mark.no_nans

SMALL = Design(hypotheses=3, symbols=4, slots=6, batch_size=2, steps=2, tests=20)
MIXTURE = random_mixture(SMALL, np.random.default_rng(0))


def small_decoder(design):
    return nnx.split(Decoder(architecture(design), nnx.Rngs(0)), nnx.Param)


def exact_library():
    hypotheses = [Hypothesis(f"p{i}", memoryless(dict(enumerate(nu)))) for i, nu in enumerate(MIXTURE.kernels)]
    return Exact(dict(zip(hypotheses, MIXTURE.prior.tolist(), strict=True)))


@pytest.mark.parametrize("bystander", [False, True])
def test_the_predictives_are_those_of_the_exact_library(bystander):
    streams = write(MIXTURE, sample, 5, 6, np.random.default_rng(1))
    got, mix = exact_predictive(MIXTURE, streams, bystander), exact_library()
    for row, symbols, evidence in zip(got, *streams, strict=True):
        history = [see(int(z)) if seen else do(int(z)) for z, seen in zip(symbols, evidence, strict=True)]
        history = as_bystander(history) if bystander else history
        for t in range(len(history)):
            expected = [mix.predict(token, history[:t]) for token in range(SMALL.symbols)]
            np.testing.assert_allclose(jnp.exp(row[t]), expected, rtol=1e-4)


def test_a_policy_that_knows_writes_as_the_world_does_and_one_set_from_outside_does_not():
    sure = Mixture(np.array([0.5, 0.5]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    streams = write(sure, know, 400, 8, np.random.default_rng(2))
    assert (streams.symbols == streams.symbols[:, :1]).all()
    outside = write_tests(Design(slots=8, tests=400), sure, np.random.default_rng(2))
    disagree = np.array([len(set(row)) == 2 for row in outside.symbols])
    assert 0.35 < disagree.mean() < 0.6


def test_a_policy_that_sees_the_history_learns_from_the_world_alone():
    """With two sure hypotheses the agent follows the world's first symbol, and before that it flips a coin."""
    sure = Mixture(np.array([0.5, 0.5]), np.array([[1.0, 0.0], [0.0, 1.0]]))
    symbols, evidence = write(sure, sample, 2000, 6, np.random.default_rng(3))
    told = np.cumsum(evidence, axis=1) > 0
    truth = reduce(lambda best, t: np.where(evidence[:, t], symbols[:, t], best), range(6), np.full(2000, -1))
    agent_after = told & ~evidence
    assert (symbols == truth[:, None])[agent_after].all()
    before = ~told & (truth >= 0)[:, None]
    assert abs((symbols == truth[:, None])[before].mean() - 0.5) < 0.05


def test_a_stream_as_a_batch():
    streams = write(MIXTURE, know, 2, 6, np.random.default_rng(4))
    batch = make_batch(streams)
    assert batch.ids.shape == (2, 12)
    assert (np.take_along_axis(batch.ids, batch.columns, axis=1) - MARKS == streams.symbols).all()
    assert ((batch.authors == Author.WORLD) == streams.evidence).all()
    assert ((batch.ids[:, ::2] == 0) == streams.evidence).all()


def test_divergence_by_hand():
    exact = jnp.log(jnp.array([[[0.5, 0.5], [0.9, 0.1]], [[0.5, 0.5], [0.5, 0.5]]]))
    model = jnp.log(jnp.full((2, 2, 2), 0.5))
    slots = np.array([[True, True], [True, False]])
    kl = 0.9 * np.log(0.9 / 0.5) + 0.1 * np.log(0.1 / 0.5)
    np.testing.assert_allclose(divergence(exact, model, slots), [0.0, kl], atol=1e-6)


def test_the_whole_design_in_small():
    steps = []
    results = bridge(SMALL, 1, steps.append)
    assert [(each.seed, each.provenance, each.loss) for each in results] == [
        (1, policy, loss) for policy in POLICIES for loss in LOSSES
    ]
    for each in results:
        for author in ("world", "agent"):
            kl = getattr(each, author)
            assert kl.keys() == {"interventional", "bystander"}
            for exact in kl:
                assert len(kl[exact]) == SMALL.slots
                assert np.min(kl[exact]) >= -1e-6
    assert [(step.done, step.total) for step in steps] == [(1, 2), (2, 2)]


def test_policies_and_losses_have_the_names_of_what_they_do():
    assert {"knows the hypothesis": know, "sees the history": sample} == POLICIES
    assert LOSSES == {"every symbol": STANDARD, "the world's symbols": INTERVENTIONAL}


@pytest.mark.parametrize(("observer", "bystander"), [("interventional", False), ("bystander", True)])
def test_a_model_that_predicts_as_one_observer_does_diverges_from_the_other_alone(monkeypatch, observer, bystander):
    design = Design(tests=300, slots=6)
    mixture = random_mixture(design, np.random.default_rng(0))
    streams = write_tests(design, mixture, random_stream("tests", 7))
    monkeypatch.setattr(bridge_module, "model_predictive", lambda *_: exact_predictive(mixture, streams, bystander))
    got = compare(design, *small_decoder(design), mixture, 7)
    (other,) = {"interventional", "bystander"} - {observer}
    for author in ("world", "agent"):
        assert np.abs(got[author][observer]).max() < 1e-6
        assert np.max(got[author][other]) > 0.01


def test_the_slots_of_each_author_are_compared_apart(monkeypatch):
    """A model that is exact but for a uniform guess in the agent's slots diverges there alone."""
    design = Design(tests=300, slots=6)
    mixture = random_mixture(design, np.random.default_rng(0))
    streams = write_tests(design, mixture, random_stream("tests", 7))
    exact = exact_predictive(mixture, streams, False)
    worse = jnp.where(streams.evidence[..., None], exact, -jnp.log(design.symbols))
    monkeypatch.setattr(bridge_module, "model_predictive", lambda *_: worse)
    got = compare(design, *small_decoder(design), mixture, 7)
    assert np.abs(got["world"]["interventional"]).max() < 1e-6
    assert np.min(got["agent"]["interventional"]) > 0.05


def test_every_replica_is_trained_on_its_streams_by_its_loss(monkeypatch):
    seen = {}

    def fit(model, feeds, config, total, hooks):
        seen.update({name: (reader.weights, next(reader.batches)) for name, reader in feeds.items()})
        assert total == SMALL.steps
        raise InterruptedError

    monkeypatch.setattr(bridge_module, "fit", fit)
    with pytest.raises(InterruptedError):
        bridge(SMALL, 3)
    assert [*seen] == [(policy, loss) for policy in POLICIES for loss in LOSSES]
    mixture = random_mixture(SMALL, random_stream("mixture", 3))
    for (policy, loss), (weights, batch) in seen.items():
        assert weights == LOSSES[loss]
        rng = random_stream("streams", 3, list(POLICIES).index(policy))
        expected = make_batch(write(mixture, POLICIES[policy], SMALL.batch_size, SMALL.slots, rng))
        for part, read in zip(expected, batch, strict=True):
            np.testing.assert_array_equal(read, part)
