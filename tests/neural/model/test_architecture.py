import numpy as np
import pytest
from transformers import LlamaConfig, Qwen2Config, Qwen3Config

from models import CONFIGS
from neural.errors import BadInput
from neural.model.architecture import check_architecture, find_architecture, rope_frequencies

LLAMA32 = {
    "rope_type": "llama3", "rope_theta": 5e5, "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}  # fmt: skip


@pytest.mark.parametrize("kind", CONFIGS)
def test_it_is_a_value(kind):
    assert find_architecture(CONFIGS[kind]) == find_architecture(CONFIGS[kind])
    assert len({find_architecture(config) for config in CONFIGS.values()}) == len(CONFIGS)


def test_a_head_is_as_wide_as_the_configuration_says():
    assert find_architecture(Qwen2Config(hidden_size=48, num_attention_heads=6)).head_dim == 8
    assert find_architecture(Qwen3Config(hidden_size=48, num_attention_heads=6, head_dim=32)).head_dim == 32


def test_heads_that_are_not_grouped_have_as_many_keys():
    config = Qwen2Config(num_attention_heads=8, num_key_value_heads=None)
    assert find_architecture(config).kv_heads == 8


def test_plain_frequencies():
    np.testing.assert_allclose(rope_frequencies({"rope_theta": 1e4}, 8), [1, 0.1, 0.01, 0.001], rtol=1e-6)


def test_linear_scaling_divides_every_frequency():
    linear = {"rope_type": "linear", "rope_theta": 1e4, "factor": 4.0}
    np.testing.assert_allclose(rope_frequencies(linear, 8), [0.25, 0.025, 0.0025, 0.00025], rtol=1e-6)


def test_llama3_scaling_keeps_short_wavelengths_and_divides_long_ones():
    plain, scaled = rope_frequencies({"rope_theta": 5e5}, 64), rope_frequencies(LLAMA32, 64)
    wavelengths, divisors = 2 * np.pi / plain, plain / scaled
    np.testing.assert_array_equal(divisors[wavelengths < 8192 / 4], 1)
    np.testing.assert_allclose(divisors[wavelengths > 8192], 32, rtol=1e-6)
    between = divisors[(wavelengths >= 8192 / 4) & (wavelengths <= 8192)]
    assert len(between) == 3
    assert (np.diff([1, *between, 32]) > 0).all()


@pytest.mark.parametrize("kind", ["default", "linear", "llama3"])
def test_frequencies_are_those_of_transformers(kind):
    pytest.importorskip("torch", reason="the frequencies of transformers need torch", exc_type=ImportError)
    from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

    rope = {"default": {"rope_theta": 5e5}, "linear": {"rope_theta": 5e5, "factor": 4.0}, "llama3": LLAMA32}[kind]
    config = LlamaConfig(hidden_size=256, num_attention_heads=4, rope_parameters={"rope_type": kind} | rope)
    expected = LlamaRotaryEmbedding(config).inv_freq.numpy()
    np.testing.assert_allclose(find_architecture(config).frequencies, expected, rtol=1e-6)


def test_a_window_is_refused_and_its_absence_is_not():
    config = Qwen3Config(num_hidden_layers=2)
    assert check_architecture(config, "it") is config
    with pytest.raises(BadInput, match="it needs a sliding window, which is not supported"):
        check_architecture(Qwen3Config(num_hidden_layers=2, use_sliding_window=True, max_window_layers=1), "it")


@pytest.mark.parametrize("kind", ["yarn", [], {"a": 2}])
def test_another_scaling_of_rope_is_refused(kind):
    config = LlamaConfig()
    config.rope_parameters = {"rope_type": kind, "rope_theta": 1e4}
    with pytest.raises(BadInput, match=r"it needs RoPE of type .*, which is not supported"):
        check_architecture(config, "it")


def test_a_group_of_heads_is_a_whole_number_of_them():
    with pytest.raises(BadInput, match="sizes that do not fit together"):
        check_architecture(LlamaConfig(num_attention_heads=8, num_key_value_heads=3), "it")
