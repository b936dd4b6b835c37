"""The Qwen2 architecture in Flax NNX, on one page.

A decoder-only transformer: RMSNorm before each half of a block, rotary positions, grouped-query attention with
biases on query, key and value only, a SwiGLU MLP, and a head that may share its weights with the embedding.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax import Array
from transformers import Qwen2Config


class Cache(NamedTuple):
    """Keys and values of every block, [layers, B, columns, kv_heads, head_dim], and how many columns are filled."""

    keys: Array
    values: Array
    filled: Array


def rotate(x: Array, positions: Array, theta: float) -> Array:
    """RoPE: turn the pair (x_j, x_{j + d/2}) of x [B, T, heads, d] by position · theta^(−2j/d)."""
    half = x.shape[-1] // 2
    angles = positions[..., None] * theta ** (-jnp.arange(half, dtype=jnp.float32) / half)
    cos, sin = (f(angles)[:, :, None].astype(x.dtype) for f in (jnp.cos, jnp.sin))
    a, b = x[..., :half], x[..., half:]
    return jnp.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


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

    def __call__(self, x: Array, positions: Array, visible: Array, past: Cache | None):
        """x [B, T, width] → the same shape, and the keys and values that it attended to."""
        q, k, v = (f(x).reshape(*x.shape[:2], -1, self.head_dim) for f in (self.q_proj, self.k_proj, self.v_proj))
        q, k = rotate(q, positions, self.theta), rotate(k, positions, self.theta)
        if past is not None:
            k = jax.lax.dynamic_update_slice_in_dim(past.keys, k, past.filled, axis=1)
            v = jax.lax.dynamic_update_slice_in_dim(past.values, v, past.filled, axis=1)
        y = jax.nn.dot_product_attention(q, k, v, mask=visible[:, None])
        return self.o_proj(y.reshape(*x.shape[:2], -1)), (k, v)


class MLP(nnx.Module):
    """SwiGLU: down(silu(gate x) · up x)."""

    def __init__(self, config: Qwen2Config, rngs: nnx.Rngs):
        width, inner = config.hidden_size, config.intermediate_size
        self.gate_proj = nnx.Linear(width, inner, use_bias=False, rngs=rngs)
        self.up_proj = nnx.Linear(width, inner, use_bias=False, rngs=rngs)
        self.down_proj = nnx.Linear(inner, width, use_bias=False, rngs=rngs)

    def __call__(self, x: Array) -> Array:
        """x [B, T, width] → the same shape."""
        return self.down_proj(jax.nn.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nnx.Module):
    """Attention and MLP, each behind a norm and added to the stream."""

    def __init__(self, config: Qwen2Config, rngs: nnx.Rngs):
        self.input_layernorm = nnx.RMSNorm(config.hidden_size, epsilon=config.rms_norm_eps, rngs=rngs)
        self.self_attn = Attention(config, rngs)
        self.post_attention_layernorm = nnx.RMSNorm(config.hidden_size, epsilon=config.rms_norm_eps, rngs=rngs)
        self.mlp = MLP(config, rngs)

    def __call__(self, x: Array, positions: Array, visible: Array, past: Cache | None):
        """x [B, T, width] → the same shape, and the keys and values."""
        y, kv = self.self_attn(self.input_layernorm(x), positions, visible, past)
        x = x + y
        return x + self.mlp(self.post_attention_layernorm(x)), kv


class Qwen2(nnx.Module):
    """p_θ: token ids to logits. The blocks' weights are stacked on a leading axis and scanned over."""

    def __init__(self, config: Qwen2Config, rngs: nnx.Rngs):
        self.embed_tokens = nnx.Embed(config.vocab_size, config.hidden_size, rngs=rngs)
        self.embed_tokens.dtype = None  # that of its weights, as everywhere else; flax would have it float32 for good
        stack = nnx.split_rngs(splits=config.num_hidden_layers)(nnx.vmap(lambda r: Block(config, r)))
        self.layers = stack(rngs)
        self.norm = nnx.RMSNorm(config.hidden_size, epsilon=config.rms_norm_eps, rngs=rngs)
        self.lm_head = (
            None
            if config.tie_word_embeddings
            else nnx.Linear(config.hidden_size, config.vocab_size, use_bias=False, rngs=rngs)
        )

    def __call__(self, ids: Array, starts: Array | None = None, cache: Cache | None = None):
        """ids [B, T] → logits [B, T, vocabulary], and the cache with these T columns filled in."""
        x, cache = self.hidden(ids, starts, cache)
        return self.logits(x), cache

    def logits(self, x: Array) -> Array:
        """The stream after the last norm, [..., width] → [..., vocabulary]: by far the widest product there is."""
        return self.embed_tokens.attend(x) if self.lm_head is None else self.lm_head(x)

    def hidden(self, ids: Array, starts: Array | None = None, cache: Cache | None = None):
        """ids [B, T] → what `logits` takes [B, T, width], and the cache with these T columns filled in.

        ``starts`` [B]: the column at which each row begins, if it is padded on the left.
        """
        starts = jnp.zeros(ids.shape[0], jnp.int32) if starts is None else starts
        columns = jnp.arange(ids.shape[1]) + (0 if cache is None else cache.filled)
        keys = columns if cache is None else jnp.arange(cache.keys.shape[2])
        visible = (keys <= columns[:, None]) & (keys >= starts[:, None, None])  # [B, T, keys]
        positions = columns - starts[:, None]

        def through(x, layer):
            block, *past = layer
            return block(x, positions, visible, Cache(past[0], past[1], cache.filled) if cache else None)

        layers = (self.layers, cache.keys, cache.values) if cache else (self.layers,)
        x, (keys, values) = jax.lax.scan(through, self.embed_tokens(ids), layers, unroll=4)
        return self.norm(x), cache and Cache(keys, values, cache.filled + ids.shape[1])

    def empty_cache(self, batch: int, columns: int) -> Cache:
        """Room for ``columns`` tokens in each of ``batch`` rows."""
        k_proj = self.layers.self_attn.k_proj.kernel
        shape = (k_proj.shape[0], batch, columns, -1, self.layers.self_attn.head_dim)
        zeros = jnp.zeros((k_proj.shape[0], batch, columns, k_proj.shape[-1]), k_proj.dtype).reshape(shape)
        return Cache(zeros, zeros, jnp.int32(0))
