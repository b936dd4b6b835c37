import re

import numpy as np
import pytest
from flax import nnx
from safetensors.numpy import load_file

from neural.model.weights import NAMES, load, save
from neural.study.pretraining import architecture, card


def test_an_untouched_model_is_saved_bit_for_bit(base, tmp_path):
    from neural.train import BASE

    save(tmp_path, *base)
    before, after = load_file(BASE / "model.safetensors"), load_file(tmp_path / "model.safetensors")
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])
    model, config, tokenizer = load(tmp_path)
    assert config.to_diff_dict() == base[1].to_diff_dict()
    assert tokenizer.get_vocab() == base[2].get_vocab()
    ids = np.arange(10)[None]
    np.testing.assert_array_equal(model(ids)[0], base[0](ids)[0])


def test_every_parameter_has_a_name_and_every_name_a_parameter(small):
    config, _, params = small
    ours = {".".join(map(str, path)) for path, _ in nnx.to_flat_state(params)}
    expected = set(NAMES.values()) - ({"lm_head.kernel"} if config.tie_word_embeddings else set())
    assert ours == expected


def test_the_folder_is_one_that_transformers_loads(base, tmp_path):
    torch = pytest.importorskip("torch", reason="loading through transformers needs torch", exc_type=ImportError)
    from transformers import AutoModelForCausalLM

    save(tmp_path, *base)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, local_files_only=True)
    ids = np.arange(40)[None]
    expected = theirs(torch.tensor(ids)).logits.detach().numpy()
    np.testing.assert_allclose(base[0](ids)[0], expected, atol=1e-4)


def test_the_embedded_model_is_what_its_card_says(base):
    from neural.train import BASE

    _, config, tokenizer = base
    tensors = load_file(BASE / "model.safetensors")
    shipped = (BASE / "README.md").read_text()
    assert config.to_diff_dict() == architecture(tokenizer).to_diff_dict()
    loss = float(re.search(r"last 100 steps: ([\d.]+) nats", shipped)[1])
    parameters = sum(tensor.size for tensor in tensors.values())
    assert shipped == card(parameters, len(tokenizer), np.array([loss]))
    assert sum(file.stat().st_size for file in BASE.iterdir()) < 5e6
