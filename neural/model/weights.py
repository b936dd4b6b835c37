"""Hugging Face folders of the Qwen2 architecture: one table of names, read in both directions."""

import copy
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from safetensors import SafetensorError
from safetensors.numpy import save_file
from transformers import PreTrainedTokenizerBase, Qwen2Config

from causal_agency.cli import BadInput
from neural.model.folder import read_config, read_tensors, read_tokenizer
from neural.model.qwen import Qwen2

# Hugging Face's name : ours. "{}" is the number of a block; ours are stacked. A kernel is the transposed weight.
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
    "model.layers.{}.post_attention_layernorm.weight": "layers.post_attention_layernorm.scale",
    "model.layers.{}.mlp.gate_proj.weight": "layers.mlp.gate_proj.kernel",
    "model.layers.{}.mlp.up_proj.weight": "layers.mlp.up_proj.kernel",
    "model.layers.{}.mlp.down_proj.weight": "layers.mlp.down_proj.kernel",
    "model.norm.weight": "norm.scale",
    "lm_head.weight": "lm_head.kernel",
}


DTYPES = "bfloat16", "float16", "float32"
MOST = 8  # tensors that an error names


class Checkpoint(NamedTuple):
    """What a folder holds."""

    model: Qwen2
    config: Qwen2Config
    tokenizer: PreTrainedTokenizerBase


def to_tensors(params: nnx.State, layers: int) -> dict[str, Array]:
    """Our parameters under Hugging Face's names."""
    ours = {".".join(map(str, path)): leaf[...] for path, leaf in nnx.to_flat_state(params)}
    ours = {name: x.mT if name.endswith("kernel") else x for name, x in ours.items()}
    tensors: dict[str, Array] = {}
    for theirs, name in NAMES.items():
        if "{}" in theirs:
            tensors |= {theirs.format(i): ours[name][i] for i in range(layers)}
        elif name in ours:
            tensors[theirs] = ours[name]
    return tensors


def from_tensors(tensors: dict[str, Array], layers: int) -> dict[str, Array]:
    """Hugging Face's tensors under our names."""
    ours = {}
    for theirs, name in NAMES.items():
        if "{}" in theirs:
            ours[name] = jnp.stack([tensors[theirs.format(i)] for i in range(layers)])
        elif theirs in tensors:
            ours[name] = tensors[theirs]
    return {name: x.mT if name.endswith("kernel") else x for name, x in ours.items()}


def outline(config: Qwen2Config) -> Qwen2:
    """A model of shapes, without any weights."""
    return nnx.eval_shape(lambda: Qwen2(config, nnx.Rngs(0)))


def check(config: Qwen2Config, tensors: dict[str, Array]) -> None:
    """BadInput, with every tensor that is missing, surplus or misshapen, or in no precision that is known here."""

    def wanted():
        return to_tensors(nnx.state(Qwen2(config, nnx.Rngs(0)), nnx.Param), config.num_hidden_layers)

    shapes = {name: x.shape for name, x in jax.eval_shape(wanted).items()}
    problems = [f"{name} is missing" for name in shapes.keys() - tensors.keys()]
    problems += [f"{name} is surplus" for name in tensors.keys() - shapes.keys()]
    for name in shapes.keys() & tensors.keys():
        if tensors[name].shape != shapes[name]:
            problems.append(f"{name} is {tensors[name].shape}, not {shapes[name]}")
        elif tensors[name].dtype not in DTYPES:
            problems.append(f"{name} is {tensors[name].dtype}, not of {', '.join(DTYPES)}")
    if problems:
        more = [f"and {len(problems) - MOST} more"] if len(problems) > MOST else []
        raise BadInput("; ".join(sorted(problems)[:MOST] + more))


def build(config: Qwen2Config, tensors: dict[str, Array]) -> Qwen2:
    """A model with these weights, in their own precision. Nothing is initialised at random on the way."""
    check(config, tensors)
    model = outline(config)
    ours = from_tensors(tensors, config.num_hidden_layers)
    state = nnx.state(model, nnx.Param)
    for path, leaf in nnx.to_flat_state(state):
        leaf.set_value(ours[".".join(map(str, path))])
    nnx.update(model, state)
    return model


def load(folder: Path) -> Checkpoint:
    """Model, configuration and tokenizer of a Hugging Face folder, or BadInput."""
    config = read_config(folder)
    tokenizer = read_tokenizer(folder, config)
    tensors = read_tensors(folder)
    head = tensors.pop("lm_head.weight", None) if config.tie_word_embeddings else None  # some write the embedding twice
    try:
        model = build(config, tensors)
    except BadInput as problem:
        raise BadInput(f"the weights in {folder} are not what its config.json says: {problem}") from None
    if head is not None and not jnp.array_equal(head, tensors["model.embed_tokens.weight"]):
        raise BadInput(f"{folder} has a lm_head.weight of its own, but its config.json says tie_word_embeddings")
    return Checkpoint(model, config, tokenizer)


def save(folder: Path, model: Qwen2, config: Qwen2Config, tokenizer: PreTrainedTokenizerBase) -> None:
    """Write a folder that ``transformers`` and common servers load as it is, in the precision of the weights."""
    tensors = to_tensors(nnx.state(model, nnx.Param), config.num_hidden_layers)
    config = copy.deepcopy(config)
    config.dtype = str(tensors["model.embed_tokens.weight"].dtype)
    config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    # a transposed view would be written as it lies in memory
    whole = {name: np.ascontiguousarray(x) for name, x in tensors.items()}
    try:
        save_file(whole, folder / "model.safetensors", metadata={"format": "pt"})
    except SafetensorError as problem:  # a full disk, above all
        raise OSError(str(problem)) from None
