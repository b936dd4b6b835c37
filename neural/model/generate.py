"""Greedy decoding to the end of the line, many prompts at once, with a cache of keys and values."""

from collections.abc import Sequence
from functools import lru_cache, partial

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Bool, Float, Int
from transformers import PreTrainedTokenizerBase

from neural.model.decoder import Cache, Decoder

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
    return turn_ends(tokenizer) | np.array(["\n" in text for text in texts])


def turn_ends(tokenizer: PreTrainedTokenizerBase) -> Bool[np.ndarray, " vocabulary"]:
    """Return which tokens end a reply of several lines: control tokens, such as a chat template ends a turn with."""
    control = [i for i, token in tokenizer.added_tokens_decoder.items() if token.special]
    return np.isin(np.arange(len(tokenizer)), control)


def write_lines(
    model: Decoder,
    x: Float[Array, "B P width"],
    positions: Int[Array, "B P"],
    visible: Bool[Array, "B P columns"],
    cache: Cache,
    ends: Bool[Array, " vocabulary"],
    max_new_tokens: int,
) -> Int[Array, "B P max_new_tokens"]:
    """Continue P lines in each row of ``cache`` with the likeliest tokens until all have ended; −1 after an end.

    Ids beyond the tokenizer, which some embeddings have, are never chosen.

    Args:
        model: the decoder.
        x: what `Decoder.hidden` returned for the last token of each line.
        positions: of the first new token of each line.
        visible: the columns of ``cache`` that each line sees, besides its own new tokens.
        cache: keys and values, with room for P more columns a step.
        ends: which tokens end a line.
        max_new_tokens: of a line.
    """
    lines, columns = x.shape[1], visible.shape[2]

    def likeliest(x: Array) -> Array:
        return jnp.argmax(model.logits(x)[..., : len(ends)], axis=-1)

    def unfinished(state: tuple) -> Array:
        i, _, _, ended, _, _ = state
        return (i < max_new_tokens) & ~ended.all()

    def write(state: tuple) -> tuple:
        i, written, token, ended, visible, cache = state
        visible |= jnp.arange(columns) == cache.filled + jnp.arange(lines)[:, None]
        x, cache = model.attend(token, positions + i - 1, visible, cache)
        token = likeliest(x)
        written = written.at[..., i].set(jnp.where(ended, -1, token))
        return i + 1, written, token, ended | ends[token], visible, cache

    first = likeliest(x)
    written = jnp.full((*first.shape, max_new_tokens), -1).at[..., 0].set(first)
    return jax.lax.while_loop(unfinished, write, (1, written, first, ends[first], visible, cache))[1]


@partial(jax.jit, static_argnames=("graph", "max_new_tokens"))
def greedy(
    graph: nnx.GraphDef,
    params: nnx.State,
    ids: Int[Array | np.ndarray, "B T"],
    starts: Int[Array | np.ndarray, " B"],
    ends: Bool[Array | np.ndarray, " vocabulary"],
    max_new_tokens: int,
) -> Int[Array, "B max_new_tokens"]:
    """Return the likeliest continuation of each prompt, up to its end; −1 after it (`write_lines`)."""
    model = nnx.merge(graph, params)
    batch, width = ids.shape
    x, cache = model.hidden(ids, starts, model.empty_cache(batch, width + max_new_tokens))
    columns, starts = jnp.arange(width + max_new_tokens), jnp.asarray(starts)[:, None]
    visible = (columns >= starts[..., None]) & (columns < width)
    return write_lines(model, x[:, -1:], width - starts, visible, cache, jnp.asarray(ends), max_new_tokens)[:, 0]


def read_reply(tokenizer: PreTrainedTokenizerBase, ids: Int[np.ndarray, " max_new_tokens"]) -> str:
    """Return the text of one row of `greedy`, up to the end of its first line."""
    return str(tokenizer.decode(ids[ids >= 0], skip_special_tokens=True)).split("\n")[0].strip()


def read_turn(tokenizer: PreTrainedTokenizerBase, ids: Int[np.ndarray, " max_new_tokens"]) -> str:
    """Return the whole text of one row of `greedy`, with all its lines."""
    return str(tokenizer.decode(ids[ids >= 0], skip_special_tokens=True)).strip()
