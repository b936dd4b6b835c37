"""The same sums over arrays, in JAX: for any kernels, many hypotheses and streams, and the loss of a neural network.

Each function is for one stream and is safe under ``jit``, ``vmap`` and ``grad`` in its arguments. (The gradient of
``jnp.log`` at 0 is not finite even where the slot is left out: replace such a probability before taking its logarithm.)
None can raise for what it finds in the arrays: where no hypothesis is left, every log-weight is −∞.
"""

import jax
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


def log_posterior(log_prior: ArrayLike, log_L: ArrayLike) -> Array:
    """log w_t(p) = log w_0(p) + log L(p) − log Σ_{p'} w_0(p') L(p'): [..., P] → [..., P]   (sections 3.2 and 3.3)."""
    weights = jnp.asarray(log_prior) + jnp.asarray(log_L)
    some = jnp.isfinite(weights).any(axis=-1, keepdims=True)
    return jnp.where(some, jax.nn.log_softmax(jnp.where(some, weights, 0.0), axis=-1), -jnp.inf)


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """a + b as floats have it, and what rounding took off it (Knuth's), 0 where the sum is infinite."""
    total = a + b
    of_b = total - a
    error = (a - (total - of_b)) + (b - of_b)
    return total, jnp.where(jnp.isfinite(total), error, 0.0)


def log_trajectory(log_prior: ArrayLike, log_probs: ArrayLike, evidence: ArrayLike) -> Array:
    """log w_0 … log w_T: ``log_prior`` [P], ``log_probs`` [T, P], ``evidence`` [T] → [T + 1, P]   (section 3.3).

    ``log_probs[i, p]`` = log ν_p(z_i | h_{<i}), of kernels that may look at the whole past; ``evidence`` is true or
    false. The largest weight is kept at 0 and what rounding takes off is carried along: long sums are as right as the
    numbers that go in, in single precision too. ValueError where the shapes do not fit.
    """

    def step(carry, factors):
        log_w, lost = carry
        log_w, error = two_sum(log_w, factors)
        top = jnp.max(log_w)
        log_w, more = two_sum(log_w, -jnp.where(jnp.isfinite(top), top, 0.0))
        lost = lost + error + more
        return (log_w, lost), log_w + lost

    log_prior = jnp.asarray(log_prior)
    log_probs, evidence = jnp.asarray(log_probs), jnp.asarray(evidence)
    if log_probs.shape != (*evidence.shape, *log_prior.shape) or evidence.dtype != bool:
        expected = (*evidence.shape, *log_prior.shape)
        raise ValueError(f"log_probs [T, P] must be {expected}, not {log_probs.shape}; evidence true or false")
    factors = jnp.where(evidence[:, None], log_probs, 0.0)
    _, log_w = jax.lax.scan(step, (log_prior, jnp.zeros_like(log_prior)), factors)
    return log_posterior(jnp.concatenate([log_prior[None], log_w]), 0.0)
