import pytest
from flax import nnx
from transformers import Qwen2Config

from neural.model.checkpoint import Checkpoint, load
from neural.model.decoder import Decoder


@pytest.fixture(scope="session")
def base() -> Checkpoint:
    """The embedded checkpoint."""
    return load("embedded")


@pytest.fixture(scope="session")
def tokenizer(base):
    return base.tokenizer


def small_config(tied: bool, vocabulary: int = 61) -> Qwen2Config:
    """Grouped heads, several layers, and a RoPE base and epsilon unlike the defaults."""
    return Qwen2Config(
        vocab_size=vocabulary, hidden_size=48, intermediate_size=80, num_hidden_layers=3, num_attention_heads=6,
        num_key_value_heads=2, rope_theta=1e6, rms_norm_eps=1e-5, tie_word_embeddings=tied, max_position_embeddings=64,
    )  # fmt: skip


def random_model(tied: bool):
    config = small_config(tied)
    return config, *nnx.split(Decoder(config, nnx.Rngs(7)), nnx.Param)


@pytest.fixture(scope="session", params=[True, False], ids=["tied", "untied"])
def small(request):
    """A random small model of either kind: its configuration, graph and parameters."""
    return random_model(request.param)


@pytest.fixture(scope="session")
def tied():
    """A random small model with a tied head: its configuration, graph and parameters."""
    return random_model(tied=True)


@pytest.fixture(scope="session")
def checkpoint(tokenizer) -> Checkpoint:
    """A random small model with the embedded tokenizer, for texts of at most 64 tokens."""
    config = small_config(tied=True, vocabulary=len(tokenizer))
    return Checkpoint(Decoder(config, nnx.Rngs(0)), config, tokenizer)
