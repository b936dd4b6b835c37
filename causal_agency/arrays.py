"""Posteriors over arrays, in JAX: for kernels that may look at the whole past, and for the loss of a neural network.

Each function is for one stream and is safe under ``jit``, ``vmap`` and ``grad``. (The gradient of ``jnp.log`` at 0 is
not finite even in a slot that is left out: replace such a probability before you take its logarithm.) None of them can
raise an error for the values in its arrays: if no hypothesis is left, every log-weight is −∞.

Time is the last axis of what goes in, as in `streams`: log-probabilities are [T] or [P, T]. Hypotheses are the last
axis of what comes out.
"""

from causal_agency._extras import optional_import

with optional_import("causal_agency.arrays", extra="arrays"):
    import jax
    import jax.numpy as jnp
    from jax import Array
    from jax.typing import ArrayLike
    from jaxtyping import Bool, Float, Num

__all__ = ["log_L_do", "log_posterior", "log_trajectory", "posterior", "trajectory"]


def log_L_do(
    log_probs: Float[ArrayLike, "*#batch T"], evidence: Bool[ArrayLike, "*#batch T"] | Num[ArrayLike, "*#batch T"]
) -> Float[Array, "..."]:
    """Return log L^do = Σ_{i: γ_i = 0} log ν(z_i | h_{<i}) (section 3.3).

    Slots that are not evidence are left out, not multiplied by zero: an impossible action has log-probability −∞, and
    0 · −∞ is NaN.

    Args:
        log_probs: log ν(z_i | h_{<i}), [..., T], in nats.
        evidence: True where the world wrote the symbol, [T] or [..., T]. A weight w ≥ 0 in place of true or false
            counts the slot w times.

    Returns:
        [...], in nats.

    Example:
        >>> import numpy as np
        >>> from causal_agency.arrays import log_L_do
        >>> print(log_L_do(np.array([-np.inf, -0.5]), np.array([False, True])))
        -0.5
    """
    log_probs = jnp.asarray(log_probs)
    counted = jnp.asarray(evidence).astype(log_probs.dtype)
    return jnp.sum(counted * jnp.where(counted > 0, log_probs, 0.0), axis=-1)


def log_posterior(
    log_prior: Float[ArrayLike, "*#batch P"], log_L: Float[ArrayLike, "*#batch P"]
) -> Float[Array, "*batch P"]:
    """Return log w_t(p) = log w_0(p) + log L(p) − log Σ_{p'} w_0(p') L(p') (sections 3.2 and 3.3).

    Args:
        log_prior: log w_0, [P] or [..., P], in nats.
        log_L: log L^do or log L^obs, [..., P], in nats.

    Returns:
        [..., P], in nats; −∞ throughout if no hypothesis is possible.

    Example:
        >>> import numpy as np
        >>> from causal_agency.arrays import log_posterior
        >>> [f"{log_w:.4f}" for log_w in log_posterior(np.log([0.35, 0.65]), np.log([0.8, 0.1]))]
        ['-0.2088', '-1.6692']
    """
    return _normalize(jnp.asarray(log_prior) + jnp.asarray(log_L))


def posterior(
    log_prior: Float[ArrayLike, "*#batch P"], log_L: Float[ArrayLike, "*#batch P"]
) -> Float[Array, "*batch P"]:
    """Return w_t(p) = w_0(p) L(p) / Σ_{p'} w_0(p') L(p') (sections 3.2 and 3.3).

    Args:
        log_prior: log w_0, [P] or [..., P], in nats.
        log_L: log L^do or log L^obs, [..., P], in nats.

    Returns:
        [..., P]; 0 throughout if no hypothesis is possible.

    Example:
        >>> import numpy as np
        >>> from causal_agency.arrays import posterior
        >>> [f"{w:.4f}" for w in posterior(np.log([0.35, 0.65]), np.log([0.8, 0.1]))]
        ['0.8116', '0.1884']
    """
    return jnp.exp(log_posterior(log_prior, log_L))


def log_trajectory(
    log_prior: Float[ArrayLike, " P"], log_probs: Float[ArrayLike, "P T"], evidence: Bool[ArrayLike, " T"]
) -> Float[Array, "T+1 P"]:
    """Return log w_0 … log w_T (section 3.3).

    Rounding errors of the sums are carried along, so long sums are as accurate as the numbers that go in, in single
    precision too.

    Args:
        log_prior: log w_0, [P], in nats.
        log_probs: log ν_p(z_i | h_{<i}), [P, T], in nats.
        evidence: True where the world wrote the symbol, [T].

    Returns:
        [T + 1, P], in nats.

    Raises:
        ValueError: If the shapes do not fit together, or ``evidence`` is not an array of bools.

    Example:
        >>> import numpy as np
        >>> from causal_agency.arrays import log_trajectory
        >>> log_probs = np.log([[0.2, 0.8], [0.9, 0.1]])
        >>> log_w = log_trajectory(np.log([0.35, 0.65]), log_probs, np.array([False, True]))
        >>> [f"{w:.4f}" for w in log_w[-1]]
        ['-0.2088', '-1.6692']
    """
    log_prior, log_probs, evidence = jnp.asarray(log_prior), jnp.asarray(log_probs), jnp.asarray(evidence)
    shape = (*log_prior.shape, *evidence.shape)
    if evidence.dtype != bool:
        raise ValueError("evidence must be true and false: gates == Gate.WORLD")
    if log_probs.shape != shape:
        raise ValueError(f"log_probs [P, T] must have the shape {shape}, not {log_probs.shape}")
    return _normalize(_running_sums(log_prior, jnp.where(evidence, log_probs, 0.0).T))


def trajectory(
    log_prior: Float[ArrayLike, " P"], log_probs: Float[ArrayLike, "P T"], evidence: Bool[ArrayLike, " T"]
) -> Float[Array, "T+1 P"]:
    """Return w_0 … w_T (section 3.3).

    Args:
        log_prior: log w_0, [P], in nats.
        log_probs: log ν_p(z_i | h_{<i}), [P, T], in nats.
        evidence: True where the world wrote the symbol, [T].

    Returns:
        [T + 1, P].

    Example:
        >>> import numpy as np
        >>> from causal_agency.arrays import trajectory
        >>> w = trajectory(np.log([0.35, 0.65]), np.log([[0.2, 0.8], [0.9, 0.1]]), np.array([False, True]))
        >>> [f"{p:.4f}" for p in w[-1]]
        ['0.8116', '0.1884']
    """
    return jnp.exp(log_trajectory(log_prior, log_probs, evidence))


def _normalize(log_w: Float[Array, "*batch P"]) -> Float[Array, "*batch P"]:
    """Subtract log Σ_p w(p) over the last axis, unless every weight is zero."""
    possible = jnp.isfinite(log_w).any(axis=-1, keepdims=True)
    return jnp.where(possible, jax.nn.log_softmax(jnp.where(possible, log_w, 0.0), axis=-1), -jnp.inf)


def _two_sum(a: Float[Array, " P"], b: Float[Array, "#P"]) -> tuple[Float[Array, " P"], Float[Array, " P"]]:
    """Return a + b and its rounding error (Knuth's algorithm), 0 where the sum is infinite."""
    total = a + b
    of_b = total - a
    error = (a - (total - of_b)) + (b - of_b)
    return total, jnp.where(jnp.isfinite(total), error, 0.0)


def _running_sums(start: Float[Array, " P"], terms: Float[Array, "T P"]) -> Float[Array, "T+1 P"]:
    """Return ``start`` and its sums with the first 1 … T terms, each less its largest: compensated for rounding."""

    def step(carry: tuple[Array, Array], term: Array) -> tuple[tuple[Array, Array], Array]:
        log_w, lost = carry
        log_w, error = _two_sum(log_w, term)
        top = jnp.max(log_w, keepdims=True)
        log_w, more = _two_sum(log_w, -jnp.where(jnp.isfinite(top), top, 0.0))
        lost = lost + error + more
        return (log_w, lost), log_w + lost

    _, sums = jax.lax.scan(step, (start, jnp.zeros_like(start)), terms)
    return jnp.concatenate([start[None], sums])
