"""The objective: one loss, and the author weights in which the arms differ (paper, Eq. 3 and 4)."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike
from jaxtyping import Float, Int

from causal_agency.arrays import log_L_do
from neural.dialogue.authors import Author
from neural.model.decoder import Decoder
from neural.training.batching import Batch


def target_log_probs(
    logits: Float[Array, "*B vocabulary"], targets: Int[Array | np.ndarray, "*B"]
) -> Float[Array, "*B"]:
    """Return log p_θ(target | …) in nats."""
    log_probs = jax.nn.log_softmax(logits.astype(jnp.float32))
    return jnp.take_along_axis(log_probs, jnp.asarray(targets)[..., None], axis=-1)[..., 0]


def token_log_probs(model: Decoder, batch: Batch) -> Float[Array, "B S"]:
    """Return log p_θ(z_i | z_{<i}, c), in nats, of the tokens z_i that can be scored.

    The product with the vocabulary, by far the widest in the model, is computed for these tokens alone.
    """
    ids, columns = jnp.asarray(batch.ids), jnp.asarray(batch.columns)
    before, _ = model.hidden(ids[:, :-1])
    x = jnp.take_along_axis(before, columns[..., None] - 1, axis=1)
    return target_log_probs(model.logits(x), jnp.take_along_axis(ids, columns, axis=1))


def loss_do(
    log_probs: Float[Array, "*B"], evidence: Float[Array | np.ndarray, "*B"], elsewhere: Float[ArrayLike, ""] = 0.0
) -> Float[Array, ""]:
    """𝓛^do = −(1 / |{i: γ_i = 0}|) Σ_{γ_i = 0} log p_θ(z_i | z_{<i}, c), in nats per token that counts   (Eq. 4).

    If every token of the history is evidence, this is 𝓛^obs (Eq. 3), the loss of a bystander. If no token is evidence,
    it is 0. If these tokens are a part of those that are averaged over, ``elsewhere`` is the evidence in all other
    parts; the losses of the parts then add up to the mean over all.
    """
    count = jnp.sum(evidence) + elsewhere
    return -log_L_do(log_probs, evidence).sum() / jnp.where(count > 0, count, 1.0)


def sum_by_author(log_probs: Float[Array, "*B"], authors: Int[Array | np.ndarray, "*B"]) -> Float[Array, " authors"]:
    """Return Σ log p_θ(z_i | z_{<i}, c) over the tokens of each author, in nats."""
    return jnp.stack([log_L_do(log_probs, authors == author).sum() for author in Author])
