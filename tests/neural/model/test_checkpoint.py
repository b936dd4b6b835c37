import copy
import json
import re
from dataclasses import replace
from pathlib import Path

import jax
import ml_dtypes
import numpy as np
import pytest
from flax import nnx
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file, save_file

from models import CONFIGS, FAMILIES
from neural.errors import BadInput
from neural.model.checkpoint import Checkpoint, build, find, load, save, write
from neural.model.decoder import Decoder
from neural.model.folder import Folder
from neural.model.names import to_tensors
from neural.paper.base_model import RATE, STEPS, architecture, card
from neural.paper.curriculum import Recipe, read_recipe
from neural.paper.facts import FACTS
from neural.training.config import TrainConfig

IDS = np.arange(10)[None]


def tensors_of(folder):
    return load_file(folder / "model.safetensors")


def assert_equal(before, after):
    assert before.keys() == after.keys()
    for name in before:
        assert before[name].dtype == after[name].dtype
        np.testing.assert_array_equal(before[name], after[name])


def test_an_untouched_checkpoint_is_saved_bit_for_bit(base, tmp_path):
    save(base, tmp_path / "copy")
    assert_equal(tensors_of(find("embedded")), tensors_of(tmp_path / "copy"))
    again = load(tmp_path / "copy")
    assert again.config.to_diff_dict() == base.config.to_diff_dict()
    assert again.tokenizer.get_vocab() == base.tokenizer.get_vocab()
    np.testing.assert_array_equal(again.model(IDS)[0], base.model(IDS)[0])


def test_a_loaded_checkpoint_has_no_losses(base):
    assert base.losses.tolist() == []
    assert repr(base) == "Checkpoint(qwen2, 4 layers of width 128)"


def test_a_checkpoint_is_loaded_by_name_and_by_folder(base):
    for name in (find("embedded"), str(find("embedded"))):
        np.testing.assert_array_equal(load(name).model(IDS)[0], base.model(IDS)[0])


def test_the_folder_is_one_that_transformers_loads(base, tmp_path):
    torch = pytest.importorskip("torch", reason="loading through transformers needs torch", exc_type=ImportError)
    from transformers import AutoModelForCausalLM

    save(base, tmp_path)
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path, local_files_only=True)
    ids = np.arange(40)[None]
    expected = theirs(torch.tensor(ids)).logits.detach().numpy()
    np.testing.assert_allclose(base.model(ids)[0], expected, atol=1e-4)


def test_the_embedded_model_is_what_its_card_says(base):
    folder = find("embedded")
    shipped = (folder / "README.md").read_text()
    assert base.config.to_diff_dict() == architecture(base.tokenizer).to_diff_dict()
    loss = float(re.search(r"last 100 steps: ([\d.]+) nats", shipped)[1])
    parameters = sum(tensor.size for tensor in tensors_of(folder).values())
    command = "python -m neural.pretrain"
    assert shipped == card(command, FACTS, parameters, len(base.tokenizer), np.full(STEPS, loss))
    assert read_recipe(folder) == Recipe(TrainConfig(learning_rate=RATE))
    assert sum(file.stat().st_size for file in folder.iterdir()) < 5e6


def test_a_folder_that_is_not_empty_is_refused_and_kept(checkpoint, tmp_path):
    (tmp_path / "precious").write_text("x")
    with pytest.raises(BadInput, match="exists and is not an empty folder"):
        save(checkpoint, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["precious"]


def test_a_failure_to_save_leaves_nothing(checkpoint, tmp_path, monkeypatch):
    def full(*_, **__):
        raise SafetensorError("I/O error: No space left on device")

    monkeypatch.setattr("neural.model.checkpoint.save_file", full)
    with pytest.raises(OSError, match="No space left on device"):
        save(checkpoint, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", FAMILIES)
def test_folders_of_every_family_go_both_ways_bit_for_bit(kind, base, tmp_path):
    """transformers reads what `save` writes, and `load` what transformers writes."""
    torch = pytest.importorskip("torch", reason="loading through transformers needs torch", exc_type=ImportError)
    from transformers import AutoModelForCausalLM

    config = copy.deepcopy(CONFIGS[kind])
    config.vocab_size = len(base.tokenizer)
    save(Checkpoint(Decoder(config, nnx.Rngs(1)), config, base.tokenizer), tmp_path / "ours")
    theirs = AutoModelForCausalLM.from_pretrained(tmp_path / "ours", local_files_only=True)
    assert type(theirs.config) is type(config)
    theirs.save_pretrained(tmp_path / "theirs")
    base.tokenizer.save_pretrained(tmp_path / "theirs")
    assert_equal(tensors_of(tmp_path / "ours"), tensors_of(tmp_path / "theirs"))
    again = load(tmp_path / "theirs")
    expected = theirs(torch.tensor(IDS)).logits.detach().numpy()
    np.testing.assert_allclose(again.model(IDS)[0], expected, atol=1e-5)
    save(again, tmp_path / "again")
    assert_equal(tensors_of(tmp_path / "ours"), tensors_of(tmp_path / "again"))


@pytest.fixture
def folder(checkpoint, tmp_path):
    """A complete folder with a small model in it."""
    write(checkpoint, tmp_path)
    return tmp_path


def edit_config(folder, **changes):
    file = folder / "config.json"
    config = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({name: value for name, value in config.items() if value is not None}))


def edit_rope(folder, **rope):
    edit_config(folder, rope_parameters={"rope_type": "default", "rope_theta": 1e6} | rope)


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, np.float16, np.float32])
def test_every_precision_is_kept_to_the_bit(folder, dtype):
    before = {name: x.astype(dtype) for name, x in tensors_of(folder).items()}
    save_file(before, folder / "model.safetensors")
    write(load(folder), folder)
    after = tensors_of(folder)
    assert_equal(before, after)
    assert {x.dtype for x in after.values()} == {np.dtype(dtype)}
    assert json.loads((folder / "config.json").read_text())["dtype"] == np.dtype(dtype).name


def test_several_files_are_one_model(folder):
    whole = load(folder)
    tensors = tensors_of(folder)
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {"model-00001-of-00002.safetensors": names[:5], "model-00002-of-00002.safetensors": names[5:]}
    for file, part in parts.items():
        save_file({name: tensors[name] for name in part}, folder / file)
    weight_map = {name: file for file, part in parts.items() for name in part}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    ids = np.arange(10)[None]
    np.testing.assert_array_equal(load(folder).model(ids)[0], whole.model(ids)[0])
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(BadInput, match=r"has no model-00002-of-00002\.safetensors"):
        load(folder)


def test_the_old_spelling_of_a_configuration_is_read(folder):
    expected = load(folder)
    edit_config(folder, rope_parameters=None, rope_theta=1e6, torch_dtype="float32", dtype=None)
    config = Folder(folder).config()
    assert dict(config.rope_parameters)["rope_theta"] == 1e6
    ids = np.arange(10)[None]
    np.testing.assert_array_equal(load(folder).model(ids)[0], expected.model(ids)[0])


def test_a_tied_head_may_be_in_the_file_all_the_same(folder):
    tensors = tensors_of(folder)
    save_file({**tensors, "lm_head.weight": tensors["model.embed_tokens.weight"]}, folder / "model.safetensors")
    assert load(folder).model.lm_head is None


def test_a_tied_head_that_differs_from_the_embedding_is_refused(folder):
    tensors = tensors_of(folder)
    save_file({**tensors, "lm_head.weight": 2 * tensors["model.embed_tokens.weight"]}, folder / "model.safetensors")
    with pytest.raises(BadInput, match=r"ties its embeddings, but has an lm_head\.weight that differs"):
        load(folder)


def test_a_single_file_takes_precedence_over_an_old_index(folder):
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "gone.safetensors"}}))
    assert load(folder)


@pytest.mark.parametrize("text", ["{", "{}", "[]", '{"weight_map": 3}', '{"weight_map": {"a": 3}}'])
def test_a_damaged_index_is_an_error_with_its_name(folder, text):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(text)
    with pytest.raises(BadInput, match=r"model\.safetensors\.index\.json is damaged"):
        load(folder)


def test_no_file_outside_the_folder_is_read(folder):
    (folder / "model.safetensors").rename(folder.parent / "x.safetensors")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": "../x.safetensors"}}))
    with pytest.raises(BadInput, match=r"names \.\./x\.safetensors, which is not in the folder"):
        load(folder)


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_code_in_the_folder_is_neither_run_nor_asked_for(folder, file, monkeypatch):
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("must not ask"))
    ran = folder.parent / "ran"
    (folder / "code.py").write_text(f"open({str(ran)!r}, 'w')\n")
    content = json.loads((folder / file).read_text())
    content |= {"auto_map": {"AutoConfig": "code.Config", "AutoTokenizer": ["code.Slow", "code.Fast"]}}
    if file == "config.json":
        content["model_type"] = "unheard-of"
    (folder / file).write_text(json.dumps(content))
    if file == "config.json":
        with pytest.raises(BadInput, match=r"has no readable config\.json"):
            load(folder)
    else:
        load(folder)
    assert not ran.exists()


def test_a_full_disk_is_an_error_of_the_system(folder, monkeypatch):
    def full(*_, **__):
        raise SafetensorError("I/O error: No space left on device")

    monkeypatch.setattr("neural.model.checkpoint.save_file", full)
    with pytest.raises(OSError, match="No space left on device"):
        write(load(folder), folder)


def test_a_disk_that_is_full_when_the_tokenizer_is_written_is_one_too(folder, monkeypatch):
    """The library that writes it raises no error of the system."""
    model = load(folder)

    def full(*_, **__):
        raise Exception("No space left on device (os error 28)")

    monkeypatch.setattr(type(model.tokenizer), "save_pretrained", full)
    with pytest.raises(OSError, match="No space left on device"):
        write(model, folder)


def test_all_problems_with_the_tensors_are_one_error(folder):
    tensors = tensors_of(folder)
    del tensors["model.norm.weight"]
    tensors["extra"] = np.zeros(3, np.float32)
    tensors["model.layers.1.self_attn.q_proj.bias"] = np.zeros(7, np.float32)
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(BadInput) as error:
        load(folder)
    assert str(error.value) == (
        f"the tensors in {folder} do not match its configuration: extra is unexpected; "
        "model.layers.1.self_attn.q_proj.bias has the shape (7,) instead of (48,); model.norm.weight is missing"
    )


def test_only_the_first_of_many_problems_are_named(folder):
    save_file({f"transformer.{name}": x for name, x in tensors_of(folder).items()}, folder / "model.safetensors")
    with pytest.raises(BadInput, match="is missing") as error:
        load(folder)
    assert str(error.value).endswith(f"; and {2 * len(tensors_of(folder)) - 8} more")
    assert str(error.value).count(" is ") == 8


def test_as_many_problems_as_are_named_are_all(folder):
    tensors = tensors_of(folder)
    save_file(dict(list(tensors.items())[8:]), folder / "model.safetensors")
    with pytest.raises(BadInput, match=r"is missing$") as error:
        load(folder)
    assert str(error.value).count(" is missing") == 8


def cut_short(folder):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])


def far_token(folder):
    """One id that the embedding has no row for, though there are no more tokens than rows."""
    file = folder / "tokenizer.json"
    content = json.loads(file.read_text())
    last = max(content["model"]["vocab"], key=content["model"]["vocab"].get)
    content["model"]["vocab"][last] = 5000
    file.write_text(json.dumps(content))


def whole_numbers(folder):
    tensors = tensors_of(folder)
    tensors["model.norm.weight"] = np.ones_like(tensors["model.norm.weight"], np.int8)
    save_file(tensors, folder / "model.safetensors")


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda folder: edit_config(folder, model_type="gpt2"), "a model of type gpt2; llama, qwen2, qwen3 are supp"),
        (lambda folder: edit_config(folder, model_type="llama"), "q_proj.bias is unexpected"),
        (lambda folder: edit_config(folder, model_type="nothing"), "has no readable config.json"),
        (lambda folder: edit_config(folder, hidden_act="relu"), "needs the activation relu"),
        (lambda folder: edit_config(folder, use_sliding_window=True), "needs a sliding window"),
        (lambda folder: edit_rope(folder, rope_type="dynamic", factor=2.0), "needs RoPE of type dynamic"),
        (lambda folder: edit_rope(folder, partial_rotary_factor=0.5), "needs RoPE on a part of each head"),
        (lambda folder: edit_rope(folder, rope_theta=0.0), "has RoPE parameters that do not fit together"),
        (
            lambda folder: edit_rope(
                folder,
                rope_type="llama3",
                factor=8.0,
                low_freq_factor=1.0,
                high_freq_factor=1.0,
                original_max_position_embeddings=32,
            ),
            "has RoPE parameters that do not fit together",
        ),
        (lambda folder: edit_config(folder, layer_types=["sliding_attention"] * 3), "needs a sliding window"),
        (
            lambda folder: edit_config(folder, head_dim=4),
            r"q_proj.weight has the shape \(48, 48\) instead of \(24, 48\)",
        ),
        (
            lambda folder: edit_config(folder, quantization_config={"quant_method": "gptq"}),
            "needs quantized parameters",
        ),
        (lambda folder: edit_config(folder, num_hidden_layers=4), "has no readable config.json"),
        (lambda folder: edit_config(folder, hidden_size="big"), "has no readable config.json"),
        (
            lambda folder: edit_config(folder, num_attention_heads=0),
            "has a configuration with sizes that do not fit together",
        ),
        (
            lambda folder: edit_config(folder, num_attention_heads=5),
            "has a configuration with sizes that do not fit together",
        ),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "has no readable tokenizer"),
        (far_token, "has 5001 tokens, the embedding"),
        (whole_numbers, "is int8 instead of bfloat16, float16, float32"),
        (lambda folder: (folder / "config.json").unlink(), "has no config.json: name the folder of a model"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json is damaged: "),
        (lambda folder: (folder / "tokenizer.json").unlink(), "has no readable tokenizer"),
        (lambda folder: edit_config(folder, vocab_size=100), "tokens, the embedding 100 rows"),
        (lambda folder: (folder / "model.safetensors").unlink(), "has no model.safetensors; tensors are read from"),
        (cut_short, "damaged or cut short"),
    ],
)
def test_a_folder_without_a_complete_model_is_an_error_of_one_line(folder, spoil, problem):
    spoil(folder)
    with pytest.raises(BadInput, match=problem) as error:
        load(folder)
    assert "\n" not in str(error.value)


def test_parameters_in_numpy_are_written_as_they_are(folder, tmp_path):
    """A trained arm comes back from the devices as views of one array."""
    loaded = load(folder)
    graph, params = nnx.split(loaded.model, nnx.Param)
    views = jax.tree.map(lambda leaf: np.stack([leaf, leaf])[1], params)
    save(Checkpoint(nnx.merge(graph, views), loaded.config, loaded.tokenizer), tmp_path / "again")
    assert_equal(tensors_of(folder), tensors_of(tmp_path / "again"))
    for file in ("config.json", "tokenizer_config.json", "tokenizer.json"):
        assert (tmp_path / "again" / file).read_text() == (folder / file).read_text()


def test_the_file_says_that_its_tensors_are_laid_out_as_transformers_has_them(folder):
    """transformers refuses a file that does not."""
    with safe_open(folder / "model.safetensors", "numpy") as opened:
        assert opened.metadata() == {"format": "pt"}


def test_a_trained_checkpoint_says_for_how_many_steps(base):
    trained = replace(base, losses=np.zeros(3, np.float32))
    assert repr(trained) == "Checkpoint(qwen2, 4 layers of width 128, 3 steps)"


def test_writing_leaves_the_configuration_unchanged(checkpoint, tmp_path):
    before = copy.deepcopy(checkpoint.config.to_dict())
    write(checkpoint, tmp_path)
    assert checkpoint.config.to_dict() == before


@pytest.mark.parametrize("small", CONFIGS, indirect=True)
def test_building_keeps_the_tensors_as_they_are(small):
    config, _, params = small
    tensors = to_tensors(params, config.num_hidden_layers)
    assert_equal(tensors, to_tensors(nnx.state(build(config, tensors), nnx.Param), config.num_hidden_layers))


def test_the_embedded_model_is_found_by_its_name_also_as_a_path():
    assert find("embedded") == find(Path("embedded"))
