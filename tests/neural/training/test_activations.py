import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from models import SIZES, random_model
from neural.dialogue.authors import STANDARD, Author
from neural.dialogue.render import Example
from neural.model.lora import Lora, adapt
from neural.training.activations import activation_memory, batch_memory, measure_widths
from neural.training.batching import pad
from neural.training.config import TrainConfig
from neural.training.replicas import losses


def example(length):
    return Example(np.ones(length, np.int32), np.full(length, Author.WORLD, np.int8))


@pytest.fixture(scope="module")
def widths():
    _, graph, params = random_model("tied")
    return measure_widths(nnx.merge(graph, params))


def test_the_widths_are_those_of_the_model(widths):
    assert widths == (3, 6, SIZES["hidden_size"], 48, 16, SIZES["intermediate_size"], SIZES["vocab_size"])


def test_adapters_change_no_width(widths):
    _, graph, params = random_model("tied")
    assert measure_widths(adapt(nnx.merge(graph, params), Lora(rank=2), 0)) == widths


def test_what_a_batch_takes_is_what_xla_allocates_for_its_gradients(widths):
    _, graph, params = random_model("tied")
    batch = pad([example(241)] * 2, 241, 240)
    compiled = jax.jit(jax.grad(losses, has_aux=True), static_argnums=1).lower(
        params, graph, jax.tree.map(jnp.asarray, batch), jnp.array(STANDARD)
    )
    allocated = compiled.compile().memory_analysis().temp_size_in_bytes
    assert 0.7 < activation_memory(widths, 2, 240, 240) / allocated < 1.4


@pytest.mark.parametrize(
    ("config", "rows"),
    [({}, 1), ({"batch_size": 4}, 4), ({"batch_size": 4, "accumulate": 2}, 2), ({"batch_size": 99}, 5)],
)
def test_the_largest_batch_has_the_rows_of_a_part_and_the_longest_example(widths, config, rows):
    examples = [example(length) for length in (3, 21, 9, 4, 5)]
    assert batch_memory(widths, examples, TrainConfig(**config)) == activation_memory(widths, rows, 24, 24)


def test_nothing_to_read_takes_nothing(widths):
    assert batch_memory(widths, [], TrainConfig()) == 0
