"""The two losses, and the one small value in which they differ (paper, Eq. 3 and 4)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from causal_agency.arrays import log_L_do
from neural.data.tokens import Batch
from neural.model.qwen import Qwen2


class Weights(NamedTuple):
    """How often a token counts as evidence, by its author; in the order of `neural.data.tokens.Author`."""

    nobody: float = 0.0
    protocol: float = 1.0
    world: float = 1.0
    agent: float = 1.0


STANDARD = Weights()
INTERVENTIONAL = Weights(agent=0.0)
AGENT_ONLY = Weights(protocol=0.0, world=0.0)  # what a probe scores: the claim in the agent's place


def evidence_of(authors: ArrayLike, weights: Weights | Array) -> Array:
    """How much each token counts: the shape of ``authors``."""
    return jnp.asarray(weights, jnp.float32)[jnp.asarray(authors)]


def target_log_probs(logits: Array, targets: Array) -> Array:
    """log p_θ(target | …) under ``logits`` [..., vocabulary]: the shape of ``targets``."""
    log_probs = jax.nn.log_softmax(logits.astype(jnp.float32))
    return jnp.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]


def token_log_probs(model: Qwen2, batch: Batch) -> Array:
    """log p_θ(z_i | z_{<i}) of the tokens z_i that can be scored: [B, S].

    The product with the vocabulary, by far the widest there is, is taken for them alone.
    """
    ids, columns = jnp.asarray(batch.ids), jnp.asarray(batch.columns)
    before, _ = model.hidden(ids[:, :-1])
    x = jnp.take_along_axis(before, columns[..., None] - 1, axis=1)
    return target_log_probs(model.logits(x), jnp.take_along_axis(ids, columns, axis=1))


def loss_do(log_probs: Array, evidence: Array) -> Array:
    """𝓛^do = −(1 / |{i: γ_i = 0}|) Σ_{γ_i = 0} log p_θ(z_i | z_{<i}, c)   (Eq. 4).

    With every token of the history as evidence it is 𝓛^obs, Eq. 3: the bystander's loss. 0 where nothing counts.
    """
    counted = evidence.sum()
    return -log_L_do(log_probs, evidence).sum() / jnp.where(counted > 0, counted, 1.0)
