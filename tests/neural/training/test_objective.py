import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from causal_agency.arrays import log_L_do
from neural.dialogue.authors import INTERVENTIONAL, STANDARD, Author, evidence
from neural.training.batching import Batch
from neural.training.objective import loss_do, target_log_probs, token_log_probs

pytestmark = pytest.mark.no_nans

AUTHORS = np.array([[Author.PROTOCOL, Author.WORLD, Author.PROTOCOL, Author.AGENT, Author.AGENT]])
TARGETS = np.array([[1, 4, 1, 5, 8]])


@pytest.fixture(scope="module")
def logits():
    return jax.random.normal(jax.random.key(0), (1, 5, 9))


def test_target_log_probs_are_of_a_distribution(logits):
    every = [target_log_probs(logits, np.full((1, 5), token)) for token in range(9)]
    np.testing.assert_allclose(jnp.exp(jnp.stack(every)).sum(axis=0), 1.0, rtol=1e-6)


def test_equation_4_by_hand():
    log_probs = jnp.log(jnp.array([[0.5, 0.25, 0.5, 0.1, 0.1]]))
    loss = loss_do(log_probs, evidence(AUTHORS, INTERVENTIONAL))
    assert float(loss) == pytest.approx(-np.log(0.5 * 0.25 * 0.5) / 3)


def test_equation_3_is_equation_4_for_a_bystander(logits):
    log_probs = target_log_probs(logits, TARGETS)
    bystander = np.where(AUTHORS == Author.AGENT, Author.WORLD, AUTHORS)
    standard = loss_do(log_probs, evidence(AUTHORS, STANDARD))
    assert standard == loss_do(log_probs, evidence(bystander, INTERVENTIONAL))
    assert float(standard) == pytest.approx(-float(log_probs.mean()))


def test_it_is_the_exact_librarys_sum(logits):
    log_probs = target_log_probs(logits, TARGETS)
    counted = evidence(AUTHORS, INTERVENTIONAL)
    assert loss_do(log_probs, counted) == -log_L_do(log_probs, counted)[0] / 3


def test_the_loss_is_a_mean_also_over_less_than_one_token():
    """Eq. 4 is a mean: a token that counts a quarter costs by itself what it costs if it counts whole."""
    log_probs = jnp.log(jnp.array([[0.5, 0.1]]))
    for weight in (0.25, 1.0, 3.0):
        assert float(loss_do(log_probs, np.array([[weight, 0.0]], np.float32))) == pytest.approx(np.log(2))


def test_without_evidence_the_loss_and_its_gradient_are_0():
    nothing = np.zeros((1, 5), np.float32)
    loss, gradient = jax.value_and_grad(lambda log_probs: loss_do(log_probs, nothing))(jnp.full((1, 5), -2.0))
    assert loss == 0
    assert not gradient.any()


def test_labels_of_agent_tokens_have_exactly_no_influence_on_the_interventional_gradient(logits):
    def gradient(weights, targets):
        return jax.grad(lambda x: loss_do(target_log_probs(x, targets), evidence(AUTHORS, weights)))(logits)

    agents = AUTHORS == Author.AGENT
    others = np.where(agents, (TARGETS + 2) % 9, TARGETS)
    np.testing.assert_array_equal(gradient(INTERVENTIONAL, TARGETS), gradient(INTERVENTIONAL, others))
    assert not gradient(INTERVENTIONAL, TARGETS)[agents].any()
    assert (gradient(STANDARD, TARGETS) != gradient(STANDARD, others)).any()


def test_a_token_is_scored_by_what_the_model_says_before_it(tied):
    _, graph, params = tied
    model = nnx.merge(graph, params)
    ids = np.array([[5, 9, 2, 44]])
    log_probs = token_log_probs(model, Batch(ids, np.array([[1, 3]]), AUTHORS[:, :2]))
    expected = jax.nn.log_softmax(model(ids)[0])[0, [0, 2], [9, 44]]
    np.testing.assert_allclose(log_probs[0], expected, atol=1e-5)
