import jax
import numpy as np
import pytest
from flax import nnx

from neural.model.names import NAMES, from_tensors, to_tensors


def test_every_parameter_has_a_name_and_every_name_a_parameter(small):
    config, _, params = small
    ours = {".".join(map(str, path)) for path, _ in nnx.to_flat_state(params)}
    expected = set(NAMES.values()) - ({"lm_head.kernel"} if config.tie_word_embeddings else set())
    assert ours == expected


@pytest.mark.parametrize("convert", [lambda leaf: leaf, np.asarray], ids=["jax", "numpy"])
def test_the_table_is_read_in_both_directions(small, convert):
    config, _, params = small
    tensors = to_tensors(jax.tree.map(convert, params), config.num_hidden_layers)
    ours = from_tensors(tensors, config.num_hidden_layers)
    flat = {".".join(map(str, path)): leaf for path, leaf in nnx.to_flat_state(params)}
    assert ours.keys() == flat.keys()
    for name, x in ours.items():
        np.testing.assert_array_equal(x, flat[name][...])
