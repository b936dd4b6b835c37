import pytest
from flax import nnx
from transformers import Qwen2Config

from models import SIZES, random_model
from neural.model.checkpoint import Checkpoint, load
from neural.model.decoder import Decoder


@pytest.fixture(scope="session")
def base() -> Checkpoint:
    """The embedded checkpoint."""
    return load("embedded")


@pytest.fixture(scope="session")
def tokenizer(base):
    return base.tokenizer


@pytest.fixture(scope="session", params=["tied", "untied"])
def small(request):
    """A random small model, of Qwen2 or of the kind that the test names: its configuration, graph and parameters."""
    return random_model(request.param)


@pytest.fixture(scope="session")
def tied():
    """A random small model with a tied head: its configuration, graph and parameters."""
    return random_model("tied")


@pytest.fixture(scope="session")
def checkpoint(tokenizer) -> Checkpoint:
    """A random small model with the embedded tokenizer, for texts of at most 64 tokens."""
    config = Qwen2Config(**SIZES | {"vocab_size": len(tokenizer)}, rope_theta=1e6, tie_word_embeddings=True)
    return Checkpoint(Decoder(config, nnx.Rngs(0)), config, tokenizer)
