"""The names of parameters: one table, read in both directions, between Hugging Face's folders and our modules."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array

# Hugging Face's name : ours. "{}" is the number of a block; ours are stacked. A kernel is the transposed weight.
# A model has some of them: `Parts` says which biases, and whether queries and keys are normed.
NAMES = {
    "model.embed_tokens.weight": "embed_tokens.embedding",
    "model.layers.{}.input_layernorm.weight": "layers.input_layernorm.scale",
    "model.layers.{}.self_attn.q_proj.weight": "layers.self_attn.q_proj.kernel",
    "model.layers.{}.self_attn.q_proj.bias": "layers.self_attn.q_proj.bias",
    "model.layers.{}.self_attn.k_proj.weight": "layers.self_attn.k_proj.kernel",
    "model.layers.{}.self_attn.k_proj.bias": "layers.self_attn.k_proj.bias",
    "model.layers.{}.self_attn.v_proj.weight": "layers.self_attn.v_proj.kernel",
    "model.layers.{}.self_attn.v_proj.bias": "layers.self_attn.v_proj.bias",
    "model.layers.{}.self_attn.o_proj.weight": "layers.self_attn.o_proj.kernel",
    "model.layers.{}.self_attn.o_proj.bias": "layers.self_attn.o_proj.bias",
    "model.layers.{}.self_attn.q_norm.weight": "layers.self_attn.q_norm.scale",
    "model.layers.{}.self_attn.k_norm.weight": "layers.self_attn.k_norm.scale",
    "model.layers.{}.post_attention_layernorm.weight": "layers.post_attention_layernorm.scale",
    "model.layers.{}.mlp.gate_proj.weight": "layers.mlp.gate_proj.kernel",
    "model.layers.{}.mlp.gate_proj.bias": "layers.mlp.gate_proj.bias",
    "model.layers.{}.mlp.up_proj.weight": "layers.mlp.up_proj.kernel",
    "model.layers.{}.mlp.up_proj.bias": "layers.mlp.up_proj.bias",
    "model.layers.{}.mlp.down_proj.weight": "layers.mlp.down_proj.kernel",
    "model.layers.{}.mlp.down_proj.bias": "layers.mlp.down_proj.bias",
    "model.norm.weight": "norm.scale",
    "lm_head.weight": "lm_head.kernel",
}


def to_tensors(params: nnx.State, layers: int) -> dict[str, Array | np.ndarray]:
    """Return our parameters under Hugging Face's names, one tensor for each block."""
    ours = {".".join(map(str, path)): leaf[...] for path, leaf in nnx.to_flat_state(params)}
    ours = {name: x.mT if name.endswith("kernel") else x for name, x in ours.items()}
    tensors: dict[str, Array | np.ndarray] = {}
    for theirs, name in NAMES.items():
        if name in ours:
            stacked = "{}" in theirs
            tensors |= {theirs.format(i): ours[name][i] for i in range(layers)} if stacked else {theirs: ours[name]}
    return tensors


def from_tensors(tensors: Mapping[str, Array | np.ndarray], layers: int) -> dict[str, Array | np.ndarray]:
    """Return Hugging Face's tensors under our names, blocks stacked."""
    ours: dict[str, Array | np.ndarray] = {}
    for theirs, name in NAMES.items():
        if theirs.format(0) in tensors and "{}" in theirs:
            ours[name] = jnp.stack([tensors[theirs.format(i)] for i in range(layers)])
        elif theirs in tensors:
            ours[name] = tensors[theirs]
    return {name: x.mT if name.endswith("kernel") else x for name, x in ours.items()}
