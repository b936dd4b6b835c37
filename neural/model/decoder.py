"""The architecture of Qwen2, Llama and Qwen3 in Flax NNX, on one page.

A decoder-only transformer: RMSNorm before each half of a block, rotary positions, grouped-query attention, a SwiGLU
MLP, and an output head that may share its parameters with the embedding. Biases, and norms of queries and keys, are
there if the `Architecture` says so.

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

from neural.model.architecture import Architecture, Config, find_architecture

Ids = Int[Array | np.ndarray, "B T"]


class Cache(NamedTuple):
    """The keys and values of every block, and the number of columns that are filled."""

    keys: Float[Array, "*layers B columns K D"]
    values: Float[Array, "*layers B columns K D"]
    filled: Int[Array, ""]


def rotate(
    x: Float[Array, "B T H D"], positions: Int[Array, "B T"], frequencies: tuple[float, ...]
) -> Float[Array, "B T H D"]:
    """Apply RoPE: rotate the pair (x_j, x_{j + D/2}) by the angle position · frequency_j."""
    half = x.shape[-1] // 2
    angles = positions[..., None].astype(jnp.float32) * jnp.array(frequencies, jnp.float32)
    cos, sin = (f(angles)[:, :, None].astype(x.dtype) for f in (jnp.cos, jnp.sin))
    a, b = x[..., :half], x[..., half:]
    return jnp.concatenate([a * cos - b * sin, b * cos + a * sin], axis=-1)


def flat(f: Callable[[Array], Array], x: Float[Array, "... width"]) -> Float[Array, "... out"]:
    """Return the product f(x), computed with all tokens on one axis: over two, its gradient would transpose a copy."""
    y = f(x.reshape(-1, x.shape[-1]))
    return y.reshape(*x.shape[:-1], y.shape[-1])


def head_norm(of: Architecture, rngs: nnx.Rngs) -> Callable[[Array], Array]:
    """Return the norm of each head's queries or keys."""
    return nnx.RMSNorm(of.head_dim, epsilon=of.epsilon, rngs=rngs) if of.parts.qk_norm else nnx.identity


class Attention(nnx.Module):
    """Causal self-attention; several query heads share one key-value head."""

    def __init__(self, of: Architecture, rngs: nnx.Rngs):
        self.frequencies, self.head_dim, parts = of.frequencies, of.head_dim, of.parts
        self.q_proj = nnx.Linear(of.width, of.heads * of.head_dim, use_bias=parts.qkv_bias, rngs=rngs)
        self.k_proj = nnx.Linear(of.width, of.kv_heads * of.head_dim, use_bias=parts.qkv_bias, rngs=rngs)
        self.v_proj = nnx.Linear(of.width, of.kv_heads * of.head_dim, use_bias=parts.qkv_bias, rngs=rngs)
        self.o_proj = nnx.Linear(of.heads * of.head_dim, of.width, use_bias=parts.output_bias, rngs=rngs)
        self.q_norm, self.k_norm = head_norm(of, rngs), head_norm(of, rngs)

    def __call__(
        self,
        x: Float[Array, "B T width"],
        positions: Int[Array, "B T"],
        visible: Bool[Array, "B T keys"],
        past: Cache | None,
    ) -> tuple[Float[Array, "B T width"], tuple[Array, Array]]:
        """Return the output, and the keys and values that were attended to."""
        q, k, v = (flat(f, x).reshape(*x.shape[:2], -1, self.head_dim) for f in (self.q_proj, self.k_proj, self.v_proj))
        q = rotate(self.q_norm(q), positions, self.frequencies)
        k = rotate(self.k_norm(k), positions, self.frequencies)
        if past is not None:
            k = jax.lax.dynamic_update_slice_in_dim(past.keys, k, past.filled, axis=1)
            v = jax.lax.dynamic_update_slice_in_dim(past.values, v, past.filled, axis=1)
        y = jax.nn.dot_product_attention(q, k, v, mask=visible[:, None])
        return flat(self.o_proj, y.reshape(*x.shape[:2], -1)), (k, v)


class MLP(nnx.Module):
    """SwiGLU: down(silu(gate x) · up x)."""

    def __init__(self, of: Architecture, rngs: nnx.Rngs):
        self.gate_proj = nnx.Linear(of.width, of.inner, use_bias=of.parts.mlp_bias, rngs=rngs)
        self.up_proj = nnx.Linear(of.width, of.inner, use_bias=of.parts.mlp_bias, rngs=rngs)
        self.down_proj = nnx.Linear(of.inner, of.width, use_bias=of.parts.mlp_bias, rngs=rngs)

    def __call__(self, x: Float[Array, "B T width"]) -> Float[Array, "B T width"]:
        """Return the output."""
        return flat(self.down_proj, jax.nn.silu(flat(self.gate_proj, x)) * flat(self.up_proj, x))


class Block(nnx.Module):
    """Attention and MLP, each behind a norm and added to the residual stream."""

    def __init__(self, of: Architecture, rngs: nnx.Rngs):
        self.input_layernorm = nnx.RMSNorm(of.width, epsilon=of.epsilon, rngs=rngs)
        self.self_attn = Attention(of, rngs)
        self.post_attention_layernorm = nnx.RMSNorm(of.width, epsilon=of.epsilon, rngs=rngs)
        self.mlp = MLP(of, rngs)

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

    def __init__(self, config: Config, rngs: nnx.Rngs):
        of = find_architecture(config)
        self.embed_tokens = nnx.Embed(of.vocabulary, of.width, rngs=rngs)
        # Compute in the parameters' precision, as everywhere else; flax's default here is float32.
        self.embed_tokens.dtype = None
        self.layers = nnx.split_rngs(splits=of.layers)(nnx.vmap(lambda rngs: Block(of, rngs)))(rngs)
        self.norm = nnx.RMSNorm(of.width, epsilon=of.epsilon, rngs=rngs)
        self.lm_head = None if of.tied else nnx.Linear(of.width, of.vocabulary, use_bias=False, rngs=rngs)

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
        return self.attend(ids, columns - starts[:, None], visible, cache)

    def attend(
        self, ids: Ids, positions: Int[Array, "B T"], visible: Bool[Array, "B T keys"], cache: Cache | None = None
    ) -> tuple[Float[Array, "B T width"], Cache | None]:
        """Return what `hidden` returns, of tokens that stand at ``positions`` and see the ``visible`` keys."""

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
