"""The same sums over arrays, in JAX: for many hypotheses, many streams, and the loss of a neural network."""

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike


def log_L_do(log_probs: ArrayLike, evidence: ArrayLike) -> Array:
    """log L^do = Σ_{i: γ_i = 0} log ν(z_i | h_{<i})   (section 3.3).

    ``log_probs`` [..., T] in nats; ``evidence`` [T] or [..., T], true where the world wrote the symbol.
    Returns [...]. A weight w ≥ 0 in place of true or false counts a slot w times.

    Slots that are no evidence are left out, not multiplied by zero: an impossible action has
    log-probability −∞, and 0 · −∞ is not a number.
    """
    evidence = jnp.asarray(evidence)
    return jnp.sum(evidence * jnp.where(evidence > 0, log_probs, 0.0), axis=-1)
