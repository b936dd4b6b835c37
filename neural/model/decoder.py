"""The Qwen2 architecture in Flax NNX, on one page.

A decoder-only transformer: RMSNorm before each half of a block, rotary positions, grouped-query attention with biases
on query, key and value only, a SwiGLU MLP, and an output head that may share its parameters with the embedding.

In the shapes, B is the rows, T the tokens, H the query heads, K the key-value heads and D the width of a head.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Bool, Float, Int
from transformers import Qwen2Config

Ids = Int[Array | np.ndarray, "B T"]


class Cache(NamedTuple):
    """The keys and values of every block, and the number of columns that are filled."""

    keys: Float[Array, "*layers B columns K D"]
    values: Float[Array, "*layers B columns K D"]
    filled: Int[Array, ""]


def rotate(x: Float[Array, "B T H D"], positions: Int[Array, "B T"], theta: float) -> Float[Array, "B T H D"]:
    """Apply RoPE: rotate the pair (x_j, x_{j + D/2}) by the angle position · theta^(−2j/D)."""
    half = x.shape[-1] // 2
    angles = positions[..., None] * theta ** (-jnp.arange(half, dtype=jnp.float32) / half)
    cos, sin = (f(angles)[:, :, None].astype(x.dtype) for f in (jnp.cos, jnp.sin))
    a, b = x[..., :half], x[..., half:]
    return jnp.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


def flat(f: Callable[[Array], Array], x: Float[Array, "... width"]) -> Float[Array, "... out"]:
    """Return the product f(x), computed with all tokens on one axis: over two, its gradient would transpose a copy."""
    y = f(x.reshape(-1, x.shape[-1]))
    return y.reshape(*x.shape[:-1], y.shape[-1])


class Attention(nnx.Module):
    """Causal self-attention; several query heads share one key-value head."""

    def __init__(self, config: Qwen2Config, rngs: nnx.Rngs):
        width, heads = config.hidden_size, config.num_attention_heads
        kv_heads = config.num_key_value_heads or heads
        self.theta = dict(config.rope_parameters or {})["rope_theta"]
        self.head_dim = width // heads
        self.q_proj = nnx.Linear(width, heads * self.head_dim, rngs=rngs)
        self.k_proj = nnx.Linear(width, kv_heads * self.head_dim, rngs=rngs)
        self.v_proj = nnx.Linear(width, kv_heads * self.head_dim, rngs=rngs)
        self.o_proj = nnx.Linear(heads * self.head_dim, width, use_bias=False, rngs=rngs)

    def __call__(
        self,
        x: Float[Array, "B T width"],
        positions: Int[Array, "B T"],
        visible: Bool[Array, "B T keys"],
        past: Cache | None,
    ) -> tuple[Float[Array, "B T width"], tuple[Array, Array]]:
        """Return the output, and the keys and values that were attended to."""
        q, k, v = (flat(f, x).reshape(*x.shape[:2], -1, self.head_dim) for f in (self.q_proj, self.k_proj, self.v_proj))
        q, k = rotate(q, positions, self.theta), rotate(k, positions, self.theta)
        if past is not None:
            k = jax.lax.dynamic_update_slice_in_dim(past.keys, k, past.filled, axis=1)
            v = jax.lax.dynamic_update_slice_in_dim(past.values, v, past.filled, axis=1)
        y = jax.nn.dot_product_attention(q, k, v, mask=visible[:, None])
        return flat(self.o_proj, y.reshape(*x.shape[:2], -1)), (k, v)


class MLP(nnx.Module):
    """SwiGLU: down(silu(gate x) · up x)."""

    def __init__(self, config: Qwen2Config, rngs: nnx.Rngs):
        width, inner = config.hidden_size, config.intermediate_size
        self.gate_proj = nnx.Linear(width, inner, use_bias=False, rngs=rngs)
        self.up_proj = nnx.Linear(width, inner, use_bias=False, rngs=rngs)
        self.down_proj = nnx.Linear(inner, width, use_bias=False, rngs=rngs)

    def __call__(self, x: Float[Array, "B T width"]) -> Float[Array, "B T width"]:
        """Return the output."""
        return flat(self.down_proj, jax.nn.silu(flat(self.gate_proj, x)) * flat(self.up_proj, x))


class Block(nnx.Module):
    """Attention and MLP, each behind a norm and added to the residual stream."""

    def __init__(self, config: Qwen2Config, rngs: nnx.Rngs):
        self.input_layernorm = nnx.RMSNorm(config.hidden_size, epsilon=config.rms_norm_eps, rngs=rngs)
        self.self_attn = Attention(config, rngs)
        self.post_attention_layernorm = nnx.RMSNorm(config.hidden_size, epsilon=config.rms_norm_eps, rngs=rngs)
        self.mlp = MLP(config, rngs)

    def __call__(
        self,
        x: Float[Array, "B T width"],
        positions: Int[Array, "B T"],
        visible: Bool[Array, "B T keys"],
        past: Cache | None,
    ) -> tuple[Float[Array, "B T width"], tuple[Array, Array]]:
        """Return the residual stream after this block, and the keys and values."""
        y, kv = self.self_attn(self.input_layernorm(x), positions, visible, past)
        x = x + y
        return x + self.mlp(self.post_attention_layernorm(x)), kv


class Decoder(nnx.Module):
    """p_θ, from token ids to logits. The parameters of all blocks are stacked on a leading axis and scanned over."""

    def __init__(self, config: Qwen2Config, rngs: nnx.Rngs):
        self.embed_tokens = nnx.Embed(config.vocab_size, config.hidden_size, rngs=rngs)
        # Compute in the parameters' precision, as everywhere else; flax's default here is float32.
        self.embed_tokens.dtype = None
        stack = nnx.split_rngs(splits=config.num_hidden_layers)(nnx.vmap(lambda rngs: Block(config, rngs)))
        self.layers = stack(rngs)
        self.norm = nnx.RMSNorm(config.hidden_size, epsilon=config.rms_norm_eps, rngs=rngs)
        self.lm_head = (
            None
            if config.tie_word_embeddings
            else nnx.Linear(config.hidden_size, config.vocab_size, use_bias=False, rngs=rngs)
        )

    def __call__(
        self, ids: Ids, starts: Int[Array, " B"] | None = None, cache: Cache | None = None
    ) -> tuple[Float[Array, "B T vocabulary"], Cache | None]:
        """Return the logits, and the cache with these T columns filled in."""
        x, cache = self.hidden(ids, starts, cache)
        return self.logits(x), cache

    def logits(self, x: Float[Array, "... width"]) -> Float[Array, "... vocabulary"]:
        """Return the logits of what `hidden` returned: by far the widest product in the model."""
        return flat(self.embed_tokens.attend if self.lm_head is None else self.lm_head, x)

    def hidden(
        self, ids: Ids, starts: Int[Array, " B"] | None = None, cache: Cache | None = None
    ) -> tuple[Float[Array, "B T width"], Cache | None]:
        """Return the residual stream after the last norm, and the cache with these T columns filled in.

        ``starts`` holds the column at which each row begins, for rows that are padded on the left.
        """
        starts = jnp.zeros(ids.shape[0], jnp.int32) if starts is None else starts
        columns = jnp.arange(ids.shape[1]) + (0 if cache is None else cache.filled)
        keys = columns if cache is None else jnp.arange(cache.keys.shape[2])
        visible = (keys <= columns[:, None]) & (keys >= starts[:, None, None])  # [B, T, keys]
        positions = columns - starts[:, None]

        def apply(x: Array, layer: tuple) -> tuple[Array, tuple[Array, Array]]:
            block, *past = layer
            return block(x, positions, visible, Cache(past[0], past[1], cache.filled) if cache else None)

        layers = (self.layers, cache.keys, cache.values) if cache else (self.layers,)
        x, (keys, values) = jax.lax.scan(apply, self.embed_tokens(jnp.asarray(ids)), layers)
        return self.norm(x), cache and Cache(keys, values, cache.filled + ids.shape[1])

    def empty_cache(self, batch: int, columns: int) -> Cache:
        """Return a cache with room for ``columns`` tokens in each of ``batch`` rows."""
        k_proj = self.layers.self_attn.k_proj.kernel
        shape = (k_proj.shape[0], batch, columns, -1, self.layers.self_attn.head_dim)
        zeros = jnp.zeros((k_proj.shape[0], batch, columns, k_proj.shape[-1]), k_proj.dtype).reshape(shape)
        return Cache(zeros, zeros, jnp.int32(0))
