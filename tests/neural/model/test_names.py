import copy

import jax
import numpy as np
import pytest
from flax import nnx

from models import CONFIGS, random_model
from neural.model.decoder import Decoder
from neural.model.names import NAMES, from_tensors, to_tensors


def parameters(kind):
    _, _, params = random_model(kind)
    return {".".join(map(str, path)) for path, _ in nnx.to_flat_state(params)}


def test_every_parameter_has_a_name_and_every_name_a_parameter():
    assert set().union(*map(parameters, CONFIGS)) == set(NAMES.values())


def test_what_only_some_have():
    names = set(NAMES.values())
    norms = {name for name in names if "q_norm" in name or "k_norm" in name}
    biases = {name for name in names if name.endswith("bias")}
    attention = {f"layers.self_attn.{part}_proj.bias" for part in "qkv"}
    head = {"lm_head.kernel"}
    assert parameters("tied") == names - norms - head - (biases - attention)
    assert parameters("untied") == parameters("tied") | head
    assert parameters("llama") == names - norms - biases - head
    assert parameters("llama3") == names - norms
    assert parameters("qwen3") == names - biases - head


@pytest.mark.parametrize("small", CONFIGS, indirect=True)
@pytest.mark.parametrize("convert", [lambda leaf: leaf, np.asarray], ids=["jax", "numpy"])
def test_the_table_is_read_in_both_directions(small, convert):
    config, _, params = small
    tensors = to_tensors(jax.tree.map(convert, params), config.num_hidden_layers)
    ours = from_tensors(tensors, config.num_hidden_layers)
    flat = {".".join(map(str, path)): leaf for path, leaf in nnx.to_flat_state(params)}
    assert ours.keys() == flat.keys()
    for name, x in ours.items():
        np.testing.assert_array_equal(x, flat[name][...])


def test_a_model_of_one_block_has_the_same_names():
    config = copy.deepcopy(CONFIGS["untied"])
    config.num_hidden_layers = 1
    params = nnx.state(Decoder(config, nnx.Rngs(0)), nnx.Param)
    ours = from_tensors(to_tensors(params, 1), 1)
    assert {name: x.shape for name, x in ours.items()} == {
        ".".join(map(str, path)): leaf.shape for path, leaf in nnx.to_flat_state(params)
    }
