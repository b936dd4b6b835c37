import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given

from causal_agency import Gate, L_do
from causal_agency.arrays import log_L_do, log_posterior, log_trajectory, posterior, trajectory
from causal_agency.history import symbols
from causal_agency.testing import histories, mixtures

pytestmark = pytest.mark.no_nans

FIVE = histories(min_size=5, max_size=5)  # one shape, to compile once


@given(mixtures(smallest=1), FIVE)
def test_log_L_do_is_the_logarithm_of_L_do(mix, history):
    past = symbols(history)
    log_probs = np.log([[float(p.nu(z, past[:i])) for i, z in enumerate(past)] for p in mix.prior])
    evidence = np.array([slot.gate == Gate.WORLD for slot in history])
    expected = np.log([float(L_do(p, history)) for p in mix.prior])
    np.testing.assert_allclose(jax.jit(log_L_do)(log_probs, evidence), expected, rtol=1e-5, atol=1e-5)


def test_an_impossible_action_is_left_out():
    log_probs = jnp.array([-jnp.inf, -0.5])
    assert log_L_do(log_probs, jnp.array([False, True])) == -0.5
    assert log_L_do(log_probs, jnp.array([True, True])) == -jnp.inf
    gradient = jax.grad(log_L_do)(log_probs, jnp.array([False, True]))
    assert gradient.tolist() == [0.0, 1.0]
    by_weight = jax.grad(log_L_do, argnums=1)(log_probs, jnp.array([0.0, 1.0]))
    assert by_weight.tolist() == [0.0, -0.5]


def test_weights_count_slots_more_than_once_or_in_part():
    assert log_L_do(jnp.array([-1.0, -1.0]), jnp.array([0.5, 2.0])) == -2.5


@pytest.mark.parametrize("counts", [np.array([True, False]), np.array([1, 0]), np.array([1.0, 0.0], np.float32)])
@pytest.mark.parametrize("precision", [jnp.bfloat16, jnp.float32])
def test_log_L_do_has_the_precision_of_the_logarithms(counts, precision):
    total = log_L_do(jnp.array([-2.0, -jnp.inf], precision), counts)
    assert total.dtype == precision
    assert total == -2


def test_log_L_do_under_jit_and_vmap():
    log_probs, evidence = -jnp.ones((3, 4)), jnp.arange(4) > 0
    assert jax.jit(jax.vmap(log_L_do, in_axes=(0, None)))(log_probs, evidence).tolist() == [-3.0, -3.0, -3.0]


@given(mixtures(smallest=1), FIVE)
def test_log_trajectory_is_the_logarithm_of_the_trajectory(mix, history):
    past = symbols(history)
    log_probs = np.log([[float(p.nu(z, past[:i])) for i, z in enumerate(past)] for p in mix.prior])
    evidence = np.array([slot.gate == Gate.WORLD for slot in history])
    got = jax.jit(log_trajectory)(np.log([float(w) for w in mix.prior.values()]), log_probs, evidence)
    expected = np.log([[float(w) for w in posterior.values()] for posterior in mix.trajectory(history)])
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


def test_posterior_and_trajectory_are_the_exponentials():
    log_prior, log_probs, evidence = np.log([0.35, 0.65]), np.log([[0.2, 0.8], [0.9, 0.1]]), np.array([False, True])
    got = trajectory(log_prior, log_probs, evidence)
    np.testing.assert_allclose(got, [[0.35, 0.65], [0.35, 0.65], [56 / 69, 13 / 69]], rtol=1e-6)
    np.testing.assert_array_equal(got, jnp.exp(log_trajectory(log_prior, log_probs, evidence)))
    np.testing.assert_allclose(posterior(log_prior, log_probs[:, 1]), got[-1], rtol=1e-6)
    assert posterior(jnp.zeros(2), jnp.full(2, -jnp.inf)).tolist() == [0.0, 0.0]


def test_a_history_of_no_slots_leaves_the_prior():
    log_w = log_trajectory(jnp.log(jnp.array([0.25, 0.75])), jnp.zeros((2, 0)), jnp.zeros(0, bool))
    np.testing.assert_allclose(jnp.exp(log_w), [[0.25, 0.75]], rtol=1e-6)


def test_log_posterior_is_normalized_and_never_nan():
    log_w = log_posterior(jnp.log(jnp.array([0.35, 0.65])), jnp.log(jnp.array([0.8, 0.1])))
    np.testing.assert_allclose(jnp.exp(log_w), [56 / 69, 13 / 69], rtol=1e-6)
    some = log_posterior(jnp.array([0.0, -jnp.inf]), jnp.array([-1e30, 0.0]))
    assert some.tolist() == [0.0, -np.inf]
    none = log_posterior(jnp.log(jnp.array([[0.5, 0.5], [0.5, 0.5]])), jnp.array([[-jnp.inf, -jnp.inf], [0.0, 0.0]]))
    assert none[0].tolist() == [-np.inf, -np.inf]
    np.testing.assert_allclose(none[1], np.log(0.5))
    gradient = jax.grad(lambda log_L: log_posterior(jnp.zeros(2), log_L)[0])(jnp.array([-1.0, -jnp.inf]))
    assert np.isfinite(gradient).all()


def test_an_excluded_hypothesis_stays_excluded_and_an_impossible_action_excludes_none():
    log_probs = jnp.log(jnp.array([[0.5, 0.0, 0.5, 0.5], [0.5, 0.5, 0.5, 0.0]]))
    log_w = log_trajectory(jnp.log(jnp.array([0.5, 0.5])), log_probs, jnp.array([True, True, True, False]))
    np.testing.assert_allclose(jnp.exp(log_w), [[0.5, 0.5], [0.5, 0.5], [0, 1], [0, 1], [0, 1]])


def test_single_precision_stays_right_on_long_streams():
    """A million terms that cancel: without compensation the sum drifts."""
    rng = np.random.default_rng(0)
    log_probs = np.log(rng.uniform(0.2, 0.8, (2, 1_000_000)).astype(np.float32))
    got = jax.jit(log_trajectory)(jnp.log(jnp.array([0.5, 0.5])), log_probs, np.ones(1_000_000, bool))[-1]
    right = np.diff(log_probs.astype(np.float64).sum(axis=1))
    assert got.dtype == jnp.float32
    assert abs(float(got[1]) - float(got[0]) - right[0]) < 1e-3


@pytest.mark.parametrize(
    ("shape", "evidence", "problem"),
    [
        ((3, 2), [True] * 3, r"^log_probs \[P, T\] must have the shape \(2, 3\), not \(3, 2\)$"),
        ((2, 3), [True], r"^log_probs \[P, T\] must have the shape \(2, 1\), not \(2, 3\)$"),
        ((2, 3), [1.0] * 3, r"^evidence must be true and false: gates == Gate.WORLD$"),
        ((2, 2), [1, 0], r"^evidence must be true and false: gates == Gate.WORLD$"),
    ],
)
@pytest.mark.usefixtures("without_shape_checks")
def test_shapes_that_do_not_fit_are_rejected(shape, evidence, problem):
    with pytest.raises(ValueError, match=problem):
        log_trajectory(jnp.zeros(2), jnp.zeros(shape), jnp.array(evidence))


def test_many_streams_by_vmap():
    log_prior, log_probs = jnp.log(jnp.array([0.5, 0.5])), jnp.log(jnp.array([[[0.2], [0.4]], [[0.9], [0.1]]]))
    log_w = jax.jit(jax.vmap(log_trajectory, in_axes=(None, 0, None)))(log_prior, log_probs, jnp.array([True]))
    np.testing.assert_allclose(jnp.exp(log_w[:, 1]), [[1 / 3, 2 / 3], [0.9, 0.1]], rtol=1e-6)


@given(mixtures(smallest=1), FIVE)
def test_one_orientation_serves_all_functions(mix, history):
    """Hypotheses × slots, also where there are as many of both: the sums are those of the trajectory's last row."""
    past = symbols(history)
    log_probs = np.log([[float(p.nu(z, past[:i])) for i, z in enumerate(past)] for p in mix.prior])
    log_prior, evidence = (
        np.log([float(w) for w in mix.prior.values()]),
        np.array([s.gate == Gate.WORLD for s in history]),
    )
    last = log_posterior(log_prior, log_L_do(log_probs, evidence))
    np.testing.assert_allclose(jax.jit(log_trajectory)(log_prior, log_probs, evidence)[-1], last, rtol=1e-4, atol=1e-4)


def test_masked_arrays_are_refused():
    with pytest.raises(ValueError, match="masked"):
        log_L_do(np.ma.masked_array([-1.0, -2.0], [True, False]), np.array([True, True]))
