"""GGUF files: a model's configuration, tokenizer and tensors in one file, quantized or not (llama.cpp's format).

Tensors are dequantized to float32. Nothing here needs PyTorch.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from gguf import MODEL_ARCH, MODEL_ARCH_NAMES, GGUFReader, ReaderTensor, dequantize, get_tensor_name_map
from jax import Array
from jaxtyping import Float
from transformers import LlamaConfig, PreTrainedTokenizerBase, Qwen2Config, Qwen3Config

from neural.errors import BadInput
from neural.model.architecture import Config, check_architecture, find_architecture
from neural.model.folder import check_tokenizer, summarize
from neural.model.gguf_tokenizer import make_tokenizer
from neural.model.names import NAMES

CONFIGS = {"llama": LlamaConfig, "qwen2": Qwen2Config, "qwen3": Qwen3Config}
INTERLEAVED = {"llama"}  # architectures whose q and k have the rows of a rotary pair next to each other
ROPE_DIVISORS = "rope_freqs.weight"  # the tensor that holds Llama 3's scaling of RoPE
LLAMA3 = {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}

# transformers' name : the file's, without the architecture that precedes it
SETTINGS = {
    "hidden_size": "embedding_length",
    "intermediate_size": "feed_forward_length",
    "num_hidden_layers": "block_count",
    "num_attention_heads": "attention.head_count",
    "max_position_embeddings": "context_length",
    "rms_norm_eps": "attention.layer_norm_rms_epsilon",
}
TOKENS = {"bos_token_id": "bos_token_id", "eos_token_id": "eos_token_id", "pad_token_id": "padding_token_id"}


class Reader(GGUFReader):
    """A reader that stops where the file does; the library's own would read nothing, over and over."""

    def _get(self, offset: int, dtype: Any, count: Any = 1, override_order: Any = None) -> Any:
        part = super()._get(offset, dtype, count, override_order)
        if len(part) < count:
            raise ValueError("the file ends too early")
        return part


@dataclass(frozen=True)
class GGUFFile:
    """The model in a GGUF file."""

    path: Path

    @cached_property
    def reader(self) -> Reader:
        """The file's index; its tensors stay on disk until they are used."""
        try:
            reader = Reader(self.path)
        except Exception as problem:  # a damaged file can raise anything
            raise BadInput(
                f"{self.path} is not a GGUF file, or is damaged or cut short: {summarize(problem)}"
            ) from None
        if reader.byte_order != "I":
            raise BadInput(f"{self.path} has the byte order of another machine")
        return reader

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """What the file says in addition to its tensors."""
        return {name: field.contents() for name, field in self.reader.fields.items()}

    @cached_property
    def by_name(self) -> Mapping[str, ReaderTensor]:
        """The tensors of the file, still quantized."""
        return {tensor.name: tensor for tensor in self.reader.tensors}

    def config(self) -> Config:
        """Return the configuration; raise BadInput if this project cannot compute it."""
        kind = self.fields.get("general.architecture")
        if kind not in CONFIGS:
            raise BadInput(f"{self.path} holds a model of type {kind}; {', '.join(CONFIGS)} are supported")
        own = {name.removeprefix(f"{kind}."): value for name, value in self.fields.items()}
        missing = [name for name in SETTINGS.values() if name not in own]
        if missing or "token_embd.weight" not in self.by_name:
            raise BadInput(f"{self.path} has no {(missing or ['token_embd.weight'])[0]}")
        try:
            config = CONFIGS[kind](**self._settings(own))
        except Exception as problem:  # a damaged value can raise anything
            raise BadInput(f"{self.path} has settings that do not fit together: {summarize(problem)}") from None
        return check_architecture(config, self.path)

    def _settings(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """Return transformers' settings, from the file's ``own``."""
        heads = own[SETTINGS["num_attention_heads"]]
        return {
            **{name: own[key] for name, key in SETTINGS.items()},
            **{name: own.get(f"tokenizer.ggml.{key}") for name, key in TOKENS.items()},
            "head_dim": own.get("attention.key_length", own["embedding_length"] // heads),
            "num_key_value_heads": own.get("attention.head_count_kv", heads),
            "vocab_size": int(self.by_name["token_embd.weight"].shape[1]),
            "tie_word_embeddings": "output.weight" not in self.by_name,
            "attention_bias": "blk.0.attn_q.bias" in self.by_name,
            "mlp_bias": "blk.0.ffn_gate.bias" in self.by_name,
            "rope_parameters": {"rope_theta": own.get("rope.freq_base", 10_000.0), "rope_type": "default"},
            "dtype": "float32",
        }

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Return the tokenizer; raise BadInput if it has more tokens than the embedding has rows."""
        try:
            tokenizer = make_tokenizer(self.fields)
        except BadInput as problem:
            raise BadInput(f"{self.path} needs {problem}") from None
        except Exception as problem:  # a damaged value can raise anything
            raise BadInput(f"{self.path} has no readable tokenizer: {summarize(problem)}") from None
        return check_tokenizer(tokenizer, self.config(), self.path)

    def tensors(self) -> dict[str, Array]:
        """Return the dequantized tensors, under Hugging Face's names."""
        config = self.config()
        of = find_architecture(config)
        kind = {name: arch for arch, name in MODEL_ARCH_NAMES.items()}[config.model_type]
        ours = names(kind, of.layers)
        tensors = {}
        for name, tensor in self.by_name.items():
            if name != ROPE_DIVISORS:
                tensors[ours.get(name, name)] = jnp.array(self._dequantize(tensor))
        if config.model_type in INTERLEAVED:
            for name, x in tensors.items():
                heads = {"q_proj": of.heads, "k_proj": of.kv_heads}.get(name.split(".")[-2])
                if heads:
                    tensors[name] = x.reshape(heads, -1, 2, *x.shape[1:]).swapaxes(1, 2).reshape(x.shape)
        return tensors

    def _dequantize(self, tensor: ReaderTensor) -> Float[np.ndarray, "..."]:
        try:
            return dequantize(tensor.data, tensor.tensor_type)
        except (NotImplementedError, ValueError):
            kind = tensor.tensor_type.name
            raise BadInput(f"{self.path} quantizes {tensor.name} as {kind}, which is not supported") from None


def names(kind: MODEL_ARCH, layers: int) -> dict[str, str]:
    """Return Hugging Face's name of every tensor that a file may have."""
    table = get_tensor_name_map(kind, layers)
    theirs = [name.format(i) for name in NAMES for i in range(layers if "{}" in name else 1)]
    found = {table.get_name(name, try_suffixes=(".weight", ".bias")): name for name in theirs}
    return {name: theirs for name, theirs in found.items() if name}
