"""GGUF files: a model's configuration, tokenizer and tensors in one file, quantized or not (llama.cpp's format).

Tensors are dequantized to float32. Nothing here needs PyTorch.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from gguf import MODEL_ARCH_NAMES, GGUFReader, GGUFValueType, ReaderTensor, dequantize, get_tensor_name_map
from jax import Array
from jaxtyping import Float
from transformers import LlamaConfig, PreTrainedTokenizerBase, Qwen2Config, Qwen3Config

from neural.errors import BadInput, summarize
from neural.model.architecture import (
    Architecture,
    Config,
    base_frequencies,
    check_architecture,
    check_sizes,
    find_architecture,
    llama3_divisors,
)
from neural.model.gguf_tokenizer import make_tokenizer
from neural.model.names import NAMES
from neural.model.tokenizer import check_tokenizer

CONFIGS: dict[str, Callable[..., Config]] = {"llama": LlamaConfig, "qwen2": Qwen2Config, "qwen3": Qwen3Config}
INTERLEAVED = {"llama"}  # architectures whose q and k have the two rows of a rotary pair next to each other
EMBEDDING, HEAD = "token_embd.weight", "output.weight"
ROPE_DIVISORS = "rope_freqs.weight"  # the tensor that holds Llama 3's scaling of RoPE
LLAMA3 = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}

# transformers' name : the file's, which the architecture precedes
SETTINGS = {
    "hidden_size": "embedding_length",
    "intermediate_size": "feed_forward_length",
    "num_hidden_layers": "block_count",
    "num_attention_heads": "attention.head_count",
    "max_position_embeddings": "context_length",
    "rms_norm_eps": "attention.layer_norm_rms_epsilon",
}
SIZES = {**SETTINGS, "head_dim": "attention.key_length", "num_key_value_heads": "attention.head_count_kv"}
BIASES = {"attention_bias": "blk.0.attn_q.bias", "mlp_bias": "blk.0.ffn_gate.bias"}
TOKENS = {"bos_token_id": "bos_token_id", "eos_token_id": "eos_token_id", "pad_token_id": "padding_token_id"}


class Index(NamedTuple):
    """What a file says of itself, and its tensors, which stay on disk until they are used."""

    fields: Mapping[str, Any]
    tensors: Mapping[str, ReaderTensor]


class Reader(GGUFReader):
    """A reader that stops where the file does; the library's own reads nothing there, as often as it is told to."""

    def _get(self, offset: int, dtype: Any, count: Any = 1, override_order: Any = None) -> Any:
        part = super()._get(offset, dtype, count, override_order)
        if len(part) < count:
            raise ValueError("it ends too early")
        return part

    def _get_field_parts(self, orig_offs: int, raw_type: Any) -> Any:
        if raw_type == GGUFValueType.ARRAY and self._get(orig_offs + 4, np.uint64)[0] > len(self.data):
            raise ValueError("it has a list that is longer than the file")
        return super()._get_field_parts(orig_offs, raw_type)


def read_index(path: Path) -> Index:
    """Read the index of a file; raise BadInput if it is damaged, cut short or from a machine of another byte order."""
    try:
        reader = Reader(path)
        fields = {name: field.contents() for name, field in reader.fields.items()}
    except Exception as problem:  # a damaged file can raise anything
        raise BadInput(f"{path} is no GGUF file, or is damaged or cut short: {summarize(problem)}") from None
    if reader.byte_order != "I":
        raise BadInput(f"{path} has the byte order of another machine, which is not supported")
    return Index(fields, {tensor.name: tensor for tensor in reader.tensors})


@contextmanager
def blame(path: Path, otherwise: str) -> Iterator[None]:
    """Name the file in an error that is raised inside; one that is not BadInput says what ``otherwise`` is wrong."""
    try:
        yield
    except BadInput as problem:
        raise BadInput(f"{path} {problem}") from None
    except Exception as problem:  # a damaged value can raise anything
        raise BadInput(f"{path} {otherwise}: {summarize(problem)}") from None


@dataclass(frozen=True)
class GGUFFile:
    """The model in a GGUF file."""

    path: Path

    @cached_property
    def index(self) -> Index:
        """The index of the file."""
        return read_index(self.path)

    def config(self) -> Config:
        """Return the configuration; raise BadInput if this project cannot compute it."""
        index = self.index
        with blame(self.path, "has settings that do not fit together"):
            config = make_config(index)
        return check_architecture(config, self.path)

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Return the tokenizer; raise BadInput if it is of an unknown kind or does not fit."""
        fields = self.index.fields
        with blame(self.path, "has no readable tokenizer"):
            tokenizer = make_tokenizer(fields)
        return check_tokenizer(tokenizer, self.config(), self.path)

    def tensors(self) -> dict[str, Array]:
        """Return the dequantized tensors, under Hugging Face's names."""
        config = self.config()
        of, theirs = find_architecture(config), find_names(config)
        read = {theirs.get(name, name): self._read(tensor) for name, tensor in self.index.tensors.items()}
        read.pop(ROPE_DIVISORS, None)
        return {name: unpermute(name, x, of) for name, x in read.items()} if config.model_type in INTERLEAVED else read

    def _read(self, tensor: ReaderTensor) -> Array:
        """Dequantize a tensor."""
        try:
            return jnp.array(dequantize(tensor.data, tensor.tensor_type))
        except NotImplementedError:
            kind = tensor.tensor_type.name
            raise BadInput(f"{self.path} quantizes {tensor.name} as {kind}, which is not supported") from None


def make_config(index: Index) -> Config:
    """Return transformers' configuration of the model in a file; raise BadInput, which says what the file lacks."""
    kind = index.fields.get("general.architecture")
    if kind not in CONFIGS:
        raise BadInput(f"holds a model of type {kind}; {', '.join(CONFIGS)} are supported")
    if index.fields.get("split.count", 1) > 1:
        raise BadInput("is a part of a model: make one file of all parts with `llama-gguf-split --merge`")
    own = {name.removeprefix(f"{kind}."): shorten(value) for name, value in index.fields.items()}
    check_sizes({name: own.get(key) for name, key in SIZES.items()}, "the file")
    last = f"blk.{own.get(SETTINGS['num_hidden_layers'], 1) - 1}.attn_norm.weight"
    missing = [name for name in SETTINGS.values() if name not in own]
    missing += [name for name in (EMBEDDING, last) if name not in index.tensors]
    if missing:
        raise BadInput(f"is not complete: {missing[0]} is missing")
    if own.get("expert_count"):
        raise BadInput("needs experts, which are not supported")
    heads = own[SETTINGS["num_attention_heads"]]
    head_dim = own.get("attention.key_length", own["embedding_length"] // heads)
    return CONFIGS[kind](
        **{name: own[key] for name, key in SETTINGS.items()},
        **{name: own.get(f"tokenizer.ggml.{key}") for name, key in TOKENS.items()},
        head_dim=head_dim,
        num_key_value_heads=own.get("attention.head_count_kv", heads),
        vocab_size=int(index.tensors[EMBEDDING].shape[1]),
        tie_word_embeddings=HEAD not in index.tensors,
        **{name: tensor in index.tensors for name, tensor in BIASES.items() if hasattr(CONFIGS[kind], name)},
        rope_parameters=make_rope(own, index.tensors.get(ROPE_DIVISORS), head_dim),
        dtype="float32",
    )


def shorten(value: Any) -> Any:
    """Return a number of 32 bits as it was written: 1e-05, not 9.999999747378752e-06."""
    return float(str(np.float32(value))) if isinstance(value, float) else value


def make_rope(own: Mapping[str, Any], divisors: ReaderTensor | None, head_dim: int) -> dict[str, Any]:
    """Return transformers' parameters of RoPE.

    Of Llama 3's scaling, a file has only the divisors of the frequencies. Their factor is the largest of them, and the
    other parameters are those that every Llama 3 has, if they give these divisors; otherwise raise BadInput.
    """
    theta = own.get("rope.freq_base", 10_000.0)
    scaling, factor = own.get("rope.scaling.type", "none"), own.get("rope.scaling.factor", 1.0)
    if scaling not in ("none", "linear"):
        raise BadInput(f"needs RoPE of type {scaling}, which is not supported")
    if own.get("rope.dimension_count", head_dim) != head_dim:
        raise BadInput("needs RoPE on a part of each head, which is not supported")
    if divisors is None:
        linear = {"rope_type": "linear", "factor": factor}
        return {"rope_theta": theta, **(linear if scaling == "linear" and factor != 1 else {"rope_type": "default"})}
    rope = {"rope_theta": theta, "rope_type": "llama3", "factor": float(divisors.data.max()), **LLAMA3}
    if not np.allclose(llama3_divisors(base_frequencies(theta, head_dim), rope), divisors.data, rtol=1e-4):
        raise BadInput(f"scales RoPE by {ROPE_DIVISORS} in another way than Llama 3, which is not supported")
    return rope


def find_names(config: Config) -> dict[str, str]:
    """Return Hugging Face's name of every tensor that a file of this model may have."""
    kind = {name: arch for arch, name in MODEL_ARCH_NAMES.items()}[config.model_type]
    table = get_tensor_name_map(kind, config.num_hidden_layers)
    blocks = range(config.num_hidden_layers)
    theirs = [name.format(i) for name in NAMES for i in (blocks if "{}" in name else [0])]
    return {str(table.get_name(name, try_suffixes=(".weight", ".bias"))): name for name in theirs}


def unpermute(name: str, x: Float[Array, "rows ..."], of: Architecture) -> Float[Array, "rows ..."]:
    """Return the rows of queries and keys in Hugging Face's order: first halves of all rotary pairs, then second ones.

    The file has the two of a pair next to each other. Other tensors are returned as they are.
    """
    heads = of.heads if ".q_proj." in name else of.kv_heads if ".k_proj." in name else 0
    return x.reshape(heads, -1, 2, *x.shape[1:]).swapaxes(1, 2).reshape(x.shape) if heads else x
