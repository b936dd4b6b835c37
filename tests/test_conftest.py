"""The settings that tests run with find what they are there to find."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest


def test_an_implicit_promotion_is_an_error():
    with pytest.raises(jax.dtypes.TypePromotionError):
        jnp.ones(2) * jnp.arange(2)


@pytest.mark.no_nans
@pytest.mark.parametrize("run", [lambda f: f, jax.jit])
def test_a_nan_is_an_error_where_it_arises(run):
    with pytest.raises(FloatingPointError):
        run(jnp.log)(jnp.float32(-1))


def test_elsewhere_a_program_may_return_nan():
    assert np.isnan(jax.jit(jnp.log)(jnp.float32(-1)))
