"""Files written with the library of llama.cpp's authors, read back."""

import copy
import json
import subprocess
import sys

import gguf
import numpy as np
import pytest
from flax import nnx
from gguf import GGMLQuantizationType, GGUFEndian, GGUFWriter
from safetensors.numpy import load_file
from transformers import AutoTokenizer

from models import CONFIGS, LLAMA3
from neural.errors import BadInput
from neural.model.architecture import base_frequencies, llama3_divisors
from neural.model.checkpoint import load, outline_tensors, save
from neural.model.gguf_file import find_names
from neural.model.names import to_tensors
from neural.model.source import find, open_source

REAL_LLAMA3 = {**LLAMA3, "rope_theta": 5e5, "factor": 32.0, "original_max_position_embeddings": 8192}
DIVISORS = llama3_divisors(base_frequencies(5e5, 64), REAL_LLAMA3).astype(np.float32)
QUANTIZATIONS = "F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"
TEXTS = "User: Don't write 1,234 °C.\n", "  two  spaces\n\n", "é 😀 東京\tx1y2", "<|endoftext|>"


def make_config(kind, vocabulary):
    """A model whose rows are whole blocks of any quantization that the library can make."""
    config = copy.deepcopy(CONFIGS[kind])
    config.vocab_size, config.hidden_size, config.intermediate_size, config.num_hidden_layers = vocabulary, 96, 64, 2
    if kind != "qwen3":
        config.head_dim = 16
    if kind == "llama3":
        config.rope_parameters, config.head_dim, config.max_position_embeddings = REAL_LLAMA3, 64, 131_072
    return config


def random_tensors(config):
    rng = np.random.default_rng(0)
    return {name: rng.normal(size=x.shape).astype(np.float32) for name, x in outline_tensors(config).items()}


def interleave(x, heads):
    """The order of rows in files of Llama: the two of a rotary pair next to each other."""
    rows = np.arange(len(x)).reshape(heads, -1)
    half = rows.shape[1] // 2
    return x[np.stack([rows[:, :half], rows[:, half:]], axis=-1).ravel()]


def order_rows(config, tensors):
    """Return the tensors with their rows in the order of the file."""
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    heads = {name: heads.get(name.split(".")[-2]) for name in tensors if config.model_type == "llama"}
    return {name: interleave(x, heads[name]) if heads.get(name) else x for name, x in tensors.items()}


def add_settings(writer, config):
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(config.head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])


def add_tokenizer(writer, tokenizer, pre="qwen2", unused=()):
    model = tokenizer.backend_tokenizer
    vocabulary = model.get_vocab(with_added_tokens=True)
    tokens = sorted(vocabulary, key=vocabulary.get)
    special = tokenizer.all_special_tokens
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list([*tokens, *unused])
    writer.add_token_types([3 if token in special else 1 for token in tokens] + [5] * len(unused))
    writer.add_token_merges([" ".join(pair) for pair in json.loads(model.to_str())["model"]["merges"]])
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_chat_template("{{ messages[0].content }}")


def write_file(path, config, tensors, tokenizer, quantization="F32", change=None, replace=None, **options):
    """Write a file. Norms and biases stay in float32, as in real ones; ``replace`` has tensors already quantized."""
    writer = GGUFWriter(path, config.model_type, endianess=options.pop("endianess", GGUFEndian.LITTLE))
    add_settings(writer, config)
    add_tokenizer(writer, tokenizer, **options)
    kind, theirs = GGMLQuantizationType[quantization], {name: file for file, name in find_names(config).items()}
    for name, x in order_rows(config, tensors).items():
        quantized = x.ndim == 2 and quantization != "F32"
        written = (gguf.quantize(x, kind), kind) if quantized else (x, GGMLQuantizationType.F32)
        written = (replace or {}).get(name, written)
        if written:
            writer.add_tensor(theirs[name], written[0], raw_dtype=written[1])
    if change:
        change(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def read_tensors(checkpoint):
    tensors = to_tensors(nnx.state(checkpoint.model, nnx.Param), checkpoint.config.num_hidden_layers)
    return {name: np.asarray(x) for name, x in tensors.items()}


def assert_equal(after, before):
    assert after.keys() == before.keys()
    for name, x in before.items():
        assert after[name].dtype == x.dtype
        np.testing.assert_array_equal(after[name], x, err_msg=name)


@pytest.fixture
def write_model(base, tmp_path):
    """A function that writes a random model of a kind; it returns the file, the configuration and the tensors."""

    def write(kind, *arguments, **options):
        config = make_config(kind, len(base.tokenizer) + len(options.get("unused", ())))
        tensors = random_tensors(config)
        return write_file(tmp_path / "a.gguf", config, tensors, base.tokenizer, *arguments, **options), config, tensors

    return write


@pytest.mark.parametrize("kind", ["tied", "untied", "llama", "qwen3"])
def test_every_architecture_is_read_as_it_was_written(write_model, kind):
    file, config, tensors = write_model(kind)
    checkpoint = load(file)
    assert_equal(read_tensors(checkpoint), tensors)
    assert type(checkpoint.config) is type(config)
    for name in ("rms_norm_eps", "rope_parameters", "head_dim", "tie_word_embeddings", "max_position_embeddings"):
        assert getattr(checkpoint.config, name) == getattr(config, name)
    assert checkpoint.config.eos_token_id == checkpoint.tokenizer.eos_token_id


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_every_quantization_is_undone(write_model, quantization):
    file, _, tensors = write_model("llama", quantization)
    kind, heads = GGMLQuantizationType[quantization], {"q_proj": 6, "k_proj": 2}
    after = read_tensors(load(file))
    for name, x in tensors.items():
        part = name.split(".")[-2]
        mixed = interleave(x, heads[part]) if part in heads else x
        expected = x if x.ndim == 1 else gguf.dequantize(gguf.quantize(mixed, kind), kind)
        np.testing.assert_array_equal(interleave(after[name], heads[part]) if part in heads else after[name], expected)
        assert np.abs(after[name] - x).max() < 0.4  # a coarse step, for numbers of size 1
        assert after[name].dtype == np.float32


@pytest.mark.parametrize(("quantization", "size"), [("Q4_K", 144), ("Q5_K", 176), ("Q6_K", 210)])
def test_k_quantizations_are_undone(base, tmp_path, quantization, size):
    """The library cannot make them, so any bytes will do whose scales, numbers of 16 bits, are small and positive."""
    config, kind = make_config("llama", len(base.tokenizer)), GGMLQuantizationType[quantization]
    config.intermediate_size = 256
    name, tensors = "model.layers.1.mlp.down_proj.weight", random_tensors(config)
    blocks = np.random.default_rng(0).integers(0, 64, (config.hidden_size, size)).astype(np.uint8)
    expected = gguf.dequantize(blocks, kind)
    assert expected.shape == tensors[name].shape
    assert len(np.unique(expected)) > 100
    file = tmp_path / "a.gguf"
    write_file(file, config, tensors, base.tokenizer, replace={name: (blocks, kind)})
    np.testing.assert_array_equal(read_tensors(load(file))[name], expected)


def add_divisors(divisors):
    return lambda writer: writer.add_tensor("rope_freqs.weight", divisors.astype(np.float32))


def test_llama3_scaling_is_recognized_by_its_divisors(write_model):
    file, _, tensors = write_model("llama3", change=add_divisors(DIVISORS))
    checkpoint = load(file)
    assert checkpoint.config.rope_parameters == REAL_LLAMA3
    assert (checkpoint.config.attention_bias, checkpoint.config.mlp_bias) == (True, True)
    assert_equal(read_tensors(checkpoint), tensors)


def test_linear_scaling_is_read(write_model):
    def change(writer):
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(4.0)

    file, *_ = write_model("llama", change=change)
    assert open_source(file).config().rope_parameters == {"rope_type": "linear", "rope_theta": 1e5, "factor": 4.0}


def test_the_tokenizer_of_the_file(write_model, base):
    file, *_ = write_model("tied", unused=["[PAD1]", "[PAD2]"])
    tokenizer = open_source(file).tokenizer()
    for text in TEXTS:
        expected = base.tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True)
        assert tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True) == expected
        assert tokenizer.decode(expected) == text
    assert tokenizer.encode("<|endoftext|>") == [tokenizer.eos_token_id] == [base.tokenizer.eos_token_id]
    assert tokenizer.get_vocab() == base.tokenizer.get_vocab()
    assert tokenizer.apply_chat_template([{"role": "user", "content": "Hi."}], tokenize=False) == "Hi."


@pytest.mark.parametrize(
    ("pre", "words"),
    [
        ("gpt-2", ["It", "'s", " 2024", "-", "10", "  ", " now", "\n"]),
        ("smollm", ["It", "'s", " ", "2", "0", "2", "4", "-", "1", "0", "  ", " now", "\n"]),
        ("qwen2", ["It", "'s", " ", "2", "0", "2", "4", "-", "1", "0", "  ", " now", "\n"]),
        ("llama-bpe", ["It", "'s", " ", "202", "4", "-", "10", "  ", " now", "\n"]),
    ],
)
def test_the_pre_tokenizer_is_the_one_that_the_file_names(write_model, pre, words):
    file, *_ = write_model("tied", pre=pre)
    model = open_source(file).tokenizer().backend_tokenizer
    pieces = model.pre_tokenizer.pre_tokenize_str("It's 2024-10   now\n")
    assert [model.decoder.decode([piece]) for piece, _ in pieces] == words
    assert json.loads(model.to_str())["model"]["ignore_merges"] == (pre == "llama-bpe")


def test_what_was_read_is_saved_as_a_folder_for_transformers(write_model, tmp_path):
    file, *_ = write_model("llama", "Q8_0")
    checkpoint = load(file)
    save(checkpoint, tmp_path / "folder")
    assert_equal(load_file(tmp_path / "folder" / "model.safetensors"), read_tensors(checkpoint))
    again = load(tmp_path / "folder")
    assert again.config.to_diff_dict() == checkpoint.config.to_diff_dict()
    assert again.tokenizer.backend_tokenizer.to_str() == checkpoint.tokenizer.backend_tokenizer.to_str()
    assert again.tokenizer.chat_template == checkpoint.tokenizer.chat_template
    theirs = AutoTokenizer.from_pretrained(tmp_path / "folder", local_files_only=True)
    for text in TEXTS:
        assert theirs.encode(text) == checkpoint.tokenizer.encode(text)


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
from neural.model.checkpoint import load
print(load(sys.argv[1]))
"""


def test_pytorch_is_not_needed(write_model):
    file, *_ = write_model("llama")
    run = subprocess.run([sys.executable, "-c", WITHOUT_TORCH, str(file)], capture_output=True, text=True, check=True)
    assert run.stdout == "Checkpoint(llama, 2 layers of width 96)\n"


def without(*names):
    return lambda write: write("llama", replace=dict.fromkeys(names))


def rewrite(change):
    """Return a way to spoil a file: change its bytes."""

    def spoil(write):
        file, *_ = without("model.embed_tokens.weight")(write)
        file.write_bytes(change(file.read_bytes()))

    return spoil


def set_field(name, value):
    def change(writer):
        for fields in writer.kv_data:
            fields.pop(name, None)
        if value is not None:
            writer.add_key_value(name, value, gguf.GGUFValueType.get_type(value))

    return lambda write: write("llama", change=change)


def endless(data):
    """A list that claims to be longer than any disk."""
    key = b"tokenizer.ggml.token_type"
    at = data.index(key) + len(key) + 8
    return data[:at] + (2**60).to_bytes(8, "little") + data[at + 8 :]


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (rewrite(lambda data: b""), "is no GGUF file, or is damaged or cut short"),
        (rewrite(lambda data: b"{}" * 50), "is no GGUF file, or is damaged or cut short"),
        *[
            (rewrite(lambda data, part=part: data[: int(part * len(data))]), "is no GGUF file, or is damaged or")
            for part in (0.0001, 0.001, 0.01, 0.1, 0.99)
        ],
        (rewrite(endless), "it has a list that is longer than the file"),
        (
            set_field("general.architecture", "gemma3"),
            "holds a model of type gemma3; llama, qwen2, qwen3 are supported",
        ),
        (set_field("general.architecture", None), "holds a model of type None; llama, qwen2, qwen3 are supported"),
        (set_field("llama.block_count", None), "is not complete: block_count is missing"),
        (set_field("llama.block_count", 3), "is not complete: blk.2.attn_norm.weight is missing"),
        (set_field("llama.block_count", "two"), "has settings that do not fit together"),
        (set_field("llama.attention.head_count", 0), "has settings that do not fit together"),
        (
            set_field("llama.feed_forward_length", 96),
            r"gate_proj.weight has the shape \(64, 96\) instead of \(96, 96\)",
        ),
        (set_field("split.count", 2), "is a part of a model: make one file of all parts with"),
        (set_field("llama.expert_count", 8), "needs experts, which are not supported"),
        (set_field("llama.rope.dimension_count", 8), "needs RoPE on a part of each head, which is not supported"),
        (set_field("llama.rope.scaling.type", "yarn"), "needs RoPE of type yarn, which is not supported"),
        (
            set_field("tokenizer.ggml.model", "llama"),
            "needs a tokenizer of type llama, which is not supported; gpt2 is",
        ),
        (set_field("tokenizer.ggml.pre", "tekken"), "needs the pre-tokenizer tekken, which is not supported; gpt-2"),
        (set_field("tokenizer.ggml.merges", ["a"]), "has no readable tokenizer"),
        (set_field("tokenizer.ggml.tokens", ["a", "b"]), "has no readable tokenizer"),
        (without("model.embed_tokens.weight"), "is not complete: token_embd.weight is missing"),
        (without("model.norm.weight"), "do not match its configuration: model.norm.weight is missing"),
        (without("model.layers.1.mlp.up_proj.weight"), "model.layers.1.mlp.up_proj.weight is missing"),
        (
            lambda write: write("llama", change=lambda writer: writer.add_tensor("extra", np.zeros(3, np.float32))),
            "do not match its configuration: extra is unexpected",
        ),
        (
            lambda write: write(
                "llama", replace={"model.norm.weight": (np.zeros(96, np.int32), GGMLQuantizationType.I32)}
            ),
            "quantizes output_norm.weight as I32, which is not supported",
        ),
        (
            lambda write: write("llama3", change=add_divisors(1 + DIVISORS)),
            r"scales RoPE by rope_freqs\.weight in another way than Llama 3",
        ),
        (lambda write: write("llama", endianess=GGUFEndian.BIG), "has the byte order of another machine"),
    ],
)
def test_a_file_that_is_not_a_complete_model_is_an_error_of_one_line(write_model, tmp_path, spoil, problem):
    spoil(write_model)
    with pytest.raises(BadInput, match=problem) as error:
        load(tmp_path / "a.gguf")
    assert str(error.value).count(f"{tmp_path / 'a.gguf'} ") == 1
    assert "\n" not in str(error.value)


def test_a_file_of_another_name_is_not_a_model(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"GGUF")
    with pytest.raises(BadInput, match="is a file, but no GGUF file: name the folder of a model"):
        find(tmp_path / "model.bin")


def test_a_missing_file_is_not_looked_up_on_the_hub(tmp_path):
    with pytest.raises(BadInput, match=r"there is no file .*none\.gguf$"):
        find(tmp_path / "none.gguf")


def test_without_the_library_the_error_says_what_to_install(write_model, monkeypatch):
    file, *_ = write_model("llama")
    monkeypatch.setitem(sys.modules, "gguf", None)
    monkeypatch.delitem(sys.modules, "neural.model.gguf_file", raising=False)
    with pytest.raises(BadInput, match=r"needs the package gguf: pip install 'causal-agency\[neural\]'"):
        load(file)
