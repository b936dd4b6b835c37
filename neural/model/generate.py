"""Greedy decoding to the end of the line, many prompts at once, with a cache of keys and values."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from transformers import PreTrainedTokenizerBase

from neural.data.tokens import Tokens


def padded_left(prompts: list[Tokens]) -> tuple[np.ndarray, np.ndarray]:
    """Prompts as ids [B, T] that all end in the last column, and the column at which each one starts [B]."""
    width = max(len(prompt.ids) for prompt in prompts)
    starts = np.array([width - len(prompt.ids) for prompt in prompts], np.int32)
    ids = np.stack([np.pad(prompt.ids, (start, 0)) for prompt, start in zip(prompts, starts, strict=True)])
    return ids, starts


def ends_line(tokenizer: PreTrainedTokenizerBase) -> np.ndarray:
    """Which tokens end a reply: those with a newline in them, and the end of the text. [vocabulary] bool."""
    texts = tokenizer.batch_decode([[i] for i in range(len(tokenizer))])
    return np.array(["\n" in text or i == tokenizer.eos_token_id for i, text in enumerate(texts)])


@partial(jax.jit, static_argnames=("graph", "new"))
def greedy(graph: nnx.GraphDef, params: nnx.State, ids: Array, starts: Array, ends: Array, new: int) -> Array:
    """The likeliest next token, ``new`` times or until all rows have ended: [B, new], with -1 after the end of a row.

    Ids beyond the tokenizer, which some models' embeddings have, are never chosen.
    """
    model = nnx.merge(graph, params)
    batch, width = ids.shape

    def likeliest(x):
        return jnp.argmax(model.logits(x[:, -1])[:, : len(ends)], axis=-1)

    def going_on(state):
        i, _, _, ended, _ = state
        return (i < new) & ~ended.all()

    def write(state):
        i, reply, token, ended, cache = state
        reply = reply.at[:, i].set(jnp.where(ended, -1, token))
        x, cache = model.hidden(token[:, None], starts, cache)
        return i + 1, reply, likeliest(x), ended | ends[token], cache

    x, cache = model.hidden(ids, starts, model.empty_cache(batch, width + new))
    start = 0, jnp.full((batch, new), -1), likeliest(x), jnp.zeros(batch, bool), cache
    return jax.lax.while_loop(going_on, write, start)[1]
