import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given

from causal_agency import Gate, L_do
from causal_agency.arrays import log_L_do
from causal_agency.history import symbols
from strategies import histories, mixtures


@given(mixtures(smallest=1), histories.filter(len))
def test_log_L_do_is_the_logarithm_of_L_do(mix, history):
    past = symbols(history)
    log_probs = np.log([[float(p.nu(z, past[:i])) for i, z in enumerate(past)] for p in mix.prior])
    evidence = np.array([slot.gate == Gate.WORLD for slot in history])
    expected = np.log([float(L_do(p, history)) for p in mix.prior])
    np.testing.assert_allclose(log_L_do(log_probs, evidence), expected, rtol=1e-5, atol=1e-5)


def test_an_impossible_action_is_left_out():
    log_probs = jnp.array([-jnp.inf, -0.5])
    assert log_L_do(log_probs, jnp.array([False, True])) == -0.5
    assert log_L_do(log_probs, jnp.array([True, True])) == -jnp.inf
    gradient = jax.grad(log_L_do)(log_probs, jnp.array([False, True]))
    assert gradient.tolist() == [0.0, 1.0]
    by_weight = jax.grad(log_L_do, argnums=1)(log_probs, jnp.array([0.0, 1.0]))
    assert by_weight.tolist() == [0.0, -0.5]


def test_weights_count_slots_more_or_less():
    assert log_L_do(jnp.array([-1.0, -1.0]), jnp.array([0.5, 2.0])) == -2.5


def test_it_is_one_stream_to_jit_and_vmap():
    log_probs, evidence = -jnp.ones((3, 4)), jnp.arange(4) > 0
    assert jax.jit(jax.vmap(log_L_do, in_axes=(0, None)))(log_probs, evidence).tolist() == [-3.0, -3.0, -3.0]
