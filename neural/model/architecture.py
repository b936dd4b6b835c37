"""What a configuration says of the decoder: its sizes, the parts that only some families have, and its RoPE.

Everything that tells Qwen2, Llama and Qwen3 apart is in `PARTS`; the forward pass knows no family.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import pi
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from transformers import LlamaConfig, Qwen2Config, Qwen3Config

from neural.errors import BadInput

MAX_SIZES = {"num_hidden_layers": 1000, "num_labels": 1000}  # of what libraries make one by one
MAX_SIZE = 10**7  # of any other dimension, and of the vocabulary
DIMENSIONS = "hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads", "head_dim", "vocab_size"
MAX_SIZES |= dict.fromkeys(DIMENSIONS, MAX_SIZE)
Config = LlamaConfig | Qwen2Config | Qwen3Config


class Parts(NamedTuple):
    """The parts that only some decoders have."""

    qkv_bias: bool  # biases on queries, keys and values
    output_bias: bool  # a bias on the attention's output
    mlp_bias: bool
    qk_norm: bool  # an RMSNorm on each head's queries and keys


PARTS: dict[str, Callable[[Any], Parts]] = {
    "llama": lambda config: Parts(config.attention_bias, config.attention_bias, config.mlp_bias, qk_norm=False),
    "qwen2": lambda _: Parts(qkv_bias=True, output_bias=False, mlp_bias=False, qk_norm=False),
    "qwen3": lambda config: Parts(config.attention_bias, config.attention_bias, mlp_bias=False, qk_norm=True),
}


@dataclass(frozen=True)
class Architecture:
    """Sizes and parts of a decoder; immutable and hashable."""

    vocabulary: int
    width: int
    inner: int  # the width inside the MLP
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    epsilon: float  # of every RMSNorm
    tied: bool  # whether the output head is the embedding
    parts: Parts
    frequencies: tuple[float, ...]  # of RoPE, in radians per position


def find_architecture(config: Config) -> Architecture:
    """Return what ``config`` says of the decoder."""
    heads = config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
    return Architecture(
        vocabulary=config.vocab_size,
        width=config.hidden_size,
        inner=config.intermediate_size,
        layers=config.num_hidden_layers,
        heads=heads,
        kv_heads=config.num_key_value_heads or heads,
        head_dim=head_dim,
        epsilon=config.rms_norm_eps,
        tied=config.tie_word_embeddings,
        parts=PARTS[config.model_type](config),
        frequencies=tuple(rope_frequencies(dict(config.rope_parameters or {}), head_dim).tolist()),
    )


def base_frequencies(theta: float, head_dim: int) -> Float[np.ndarray, " pairs"]:
    """Return θ^(−2j/D) for every pair j of a head: its rotation in radians per position, before any scaling."""
    return theta ** -(np.arange(0, head_dim, 2) / head_dim)


def rope_frequencies(rope: Mapping[str, Any], head_dim: int) -> Float[np.ndarray, " pairs"]:
    """Return the rotation of every pair of a head in radians per position, scaled as ``rope`` says."""
    frequencies = base_frequencies(rope["rope_theta"], head_dim)
    return (frequencies / DIVISORS[rope.get("rope_type", "default")](frequencies, rope)).astype(np.float32)


def llama3_divisors(frequencies: np.ndarray, rope: Mapping[str, Any]) -> np.ndarray:
    """Return Llama 3's divisors: 1 for short wavelengths, the factor for long ones, and a smooth passage between.

    With n(j) = original length / wavelength_j, the number of turns of pair j over the original length, the frequency
    is multiplied by s + (1 − s) / factor, where s rises from 0 to 1 as n rises from the low to the high factor.
    """
    turns = rope["original_max_position_embeddings"] * frequencies / (2 * pi)
    low, high = rope["low_freq_factor"], rope["high_freq_factor"]
    smooth = np.clip((turns - low) / (high - low), 0, 1)
    return 1 / (smooth + (1 - smooth) / rope["factor"])


# by the type of RoPE: from the frequencies and the parameters to what each frequency is divided by
DIVISORS: dict[str, Callable[[np.ndarray, Mapping[str, Any]], Any]] = {
    "default": lambda _, rope: 1.0,
    "linear": lambda _, rope: rope["factor"],
    "llama3": llama3_divisors,
}


def check_sizes(settings: Any, name: object) -> None:
    """Raise BadInput if ``settings``, not yet a configuration, claim sizes that no model has.

    Whoever reads on would first make a list or a table of such a size.
    """
    if not isinstance(settings, Mapping):
        raise BadInput(f"{name} has a configuration that is not a list of settings")
    for key, most in MAX_SIZES.items():
        if isinstance(size := settings.get(key), int | float) and not size <= most:
            raise BadInput(f"{name} has a configuration with {key} above {most:,}")


def check_architecture(config: object, name: object) -> Config:
    """Return ``config`` if this project can compute it; raise BadInput, which says what ``name`` needs, if not."""
    if not isinstance(config, Config):
        kind = getattr(config, "model_type", None)
        raise BadInput(f"{name} holds a model of type {kind}; {', '.join(PARTS)} are supported")
    heads, width = config.num_attention_heads, config.hidden_size
    sizes = heads, width, config.intermediate_size, config.num_hidden_layers, config.vocab_size
    head_dim = getattr(config, "head_dim", None) or (width // heads if heads > 0 else 0)
    kv_heads = config.num_key_value_heads or heads
    if min(*sizes, head_dim, kv_heads) < 1 or heads % kv_heads or head_dim % 2:
        raise BadInput(f"{name} has a configuration with sizes that do not fit together")
    rope = dict(config.rope_parameters or {})
    scaling = rope.get("rope_type", "default")
    for what, unknown in {
        "a sliding window": getattr(config, "use_sliding_window", False)
        or not set(getattr(config, "layer_types", None) or ()) <= {"full_attention"},
        "quantized parameters": hasattr(config, "quantization_config"),
        f"the activation {config.hidden_act}": config.hidden_act != "silu",
        f"RoPE of type {scaling}": scaling not in [*DIVISORS],  # a list, because in a damaged file it may have no hash
        "RoPE on a part of each head": rope.get("partial_rotary_factor", 1) != 1,
    }.items():
        if unknown:
            raise BadInput(f"{name} needs {what}, which is not supported")
    try:
        with np.errstate(all="raise"):
            fit = bool((rope_frequencies(rope, head_dim) > 0).all())
    except (KeyError, TypeError, ValueError, ArithmeticError):
        fit = False
    if not fit:
        raise BadInput(f"{name} has RoPE parameters that do not fit together: {rope}")
    return config
