"""Greedy decoding to the end of the line, many prompts at once, with a cache of keys and values."""

from collections.abc import Sequence
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Bool, Int
from transformers import PreTrainedTokenizerBase

MAX_NEW_TOKENS = 40  # of a reply


def pad_left(prompts: Sequence[np.ndarray], least: int = 0) -> tuple[Int[np.ndarray, "B T"], Int[np.ndarray, " B"]]:
    """Return the prompts' ids, all ending in the last of at least ``least`` columns, and where each prompt starts."""
    width = max(least, *map(len, prompts))
    starts = np.array([width - len(ids) for ids in prompts], np.int32)
    return np.stack([np.pad(ids, (start, 0)) for ids, start in zip(prompts, starts, strict=True)]), starts


@lru_cache(maxsize=4)
def line_ends(tokenizer: PreTrainedTokenizerBase) -> Bool[np.ndarray, " vocabulary"]:
    """Return which tokens end a reply: those that contain a newline, and control tokens (the end of the text)."""
    texts = tokenizer.batch_decode([[i] for i in range(len(tokenizer))])
    control = {i for i, token in tokenizer.added_tokens_decoder.items() if token.special}
    return np.array(["\n" in text or i in control for i, text in enumerate(texts)])


@partial(jax.jit, static_argnames=("graph", "max_new_tokens"))
def greedy(
    graph: nnx.GraphDef,
    params: nnx.State,
    ids: Int[Array | np.ndarray, "B T"],
    starts: Int[Array | np.ndarray, " B"],
    ends: Bool[Array | np.ndarray, " vocabulary"],
    max_new_tokens: int,
) -> Int[Array, "B max_new_tokens"]:
    """Append the likeliest token until every row has ended; −1 after the end of a row.

    Ids beyond the tokenizer, which some embeddings have, are never chosen.
    """
    model = nnx.merge(graph, params)
    batch, width = ids.shape

    def likeliest(x: Array) -> Array:
        return jnp.argmax(model.logits(x[:, -1])[:, : len(ends)], axis=-1)

    def unfinished(state: tuple) -> Array:
        i, _, _, ended, _ = state
        return (i < max_new_tokens) & ~ended.all()

    def write(state: tuple) -> tuple:
        i, reply, token, ended, cache = state
        reply = reply.at[:, i].set(jnp.where(ended, -1, token))
        x, cache = model.hidden(token[:, None], starts, cache)
        return i + 1, reply, likeliest(x), ended | ends[token], cache

    x, cache = model.hidden(ids, starts, model.empty_cache(batch, width + max_new_tokens))
    start = 0, jnp.full((batch, max_new_tokens), -1), likeliest(x), jnp.zeros(batch, bool), cache
    return jax.lax.while_loop(unfinished, write, start)[1]


def read_reply(tokenizer: PreTrainedTokenizerBase, ids: Int[np.ndarray, " max_new_tokens"]) -> str:
    """Return the text of one row of `greedy`, up to the end of its first line."""
    return str(tokenizer.decode(ids[ids >= 0], skip_special_tokens=True)).split("\n")[0].strip()
