"""Small random decoders of every kind, for texts of at most 64 tokens."""

from flax import nnx
from transformers import LlamaConfig, Qwen2Config, Qwen3Config

from neural.model.decoder import Decoder

SIZES = {
    "vocab_size": 61, "hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 3, "num_attention_heads": 6,
    "num_key_value_heads": 2, "rms_norm_eps": 1e-5, "max_position_embeddings": 64,
}  # fmt: skip
LLAMA3 = {
    "rope_type": "llama3", "rope_theta": 1e3, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}  # fmt: skip

# Grouped heads, several layers, and a RoPE base and epsilon unlike the defaults, for every kind of decoder.
CONFIGS = {
    "tied": Qwen2Config(**SIZES, rope_theta=1e6, tie_word_embeddings=True),
    "untied": Qwen2Config(**SIZES, rope_theta=1e6, tie_word_embeddings=False),
    "llama": LlamaConfig(**SIZES, rope_theta=1e5, tie_word_embeddings=True),
    "llama3": LlamaConfig(
        **SIZES, rope_parameters=LLAMA3, attention_bias=True, mlp_bias=True, tie_word_embeddings=False
    ),
    "qwen3": Qwen3Config(**SIZES, rope_theta=1e6, head_dim=16, tie_word_embeddings=True),
}
FAMILIES = "llama", "llama3", "qwen3"


def random_model(kind: str):
    config = CONFIGS[kind]
    return config, *nnx.split(Decoder(config, nnx.Rngs(7)), nnx.Param)
