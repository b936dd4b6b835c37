import json

import pytest
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from transformers import LlamaConfig, PreTrainedTokenizerFast, Qwen2Config

from neural.errors import BadInput
from neural.model.tokenizer import read_tokenizer

TEXT = "  It's 2024-10,\nDon't!"
CONFIGS = {"qwen2": Qwen2Config(vocab_size=300), "llama": LlamaConfig(vocab_size=300)}


def make_tokenizer(pre_tokenizer):
    """Every byte, two merges, and an end of text with a name of its own."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate([*alphabet, "20", "Ġ2", "</end>"])}
    model = Tokenizer(BPE(vocabulary, [("2", "0"), ("Ġ", "2")]))
    model.pre_tokenizer, model.decoder = pre_tokenizer, decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=model, eos_token="</end>")


GROUPS = make_tokenizer(pre_tokenizers.ByteLevel(add_prefix_space=False))
DIGITS = make_tokenizer(
    pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(False)])
)


@pytest.mark.parametrize("kind", CONFIGS)
@pytest.mark.parametrize("expected", [GROUPS, DIGITS], ids=["groups", "digits"])
@pytest.mark.parametrize("name", [None, "Qwen2Tokenizer", "GPT2Tokenizer", "LlamaTokenizer"])
def test_the_file_decides_whatever_the_configuration_says(tmp_path, kind, expected, name):
    expected.save_pretrained(tmp_path)
    CONFIGS[kind].save_pretrained(tmp_path)
    if name:
        file = tmp_path / "tokenizer_config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"tokenizer_class": name}))
    tokenizer = read_tokenizer(tmp_path, CONFIGS[kind])
    ids = tokenizer.encode(TEXT, add_special_tokens=False, split_special_tokens=True)
    assert ids == expected.backend_tokenizer.encode(TEXT, add_special_tokens=False).ids
    assert tokenizer.decode(ids) == TEXT
    assert tokenizer.eos_token_id == expected.eos_token_id == 258
    tokenizer.save_pretrained(tmp_path / "again")
    CONFIGS[kind].save_pretrained(tmp_path / "again")
    assert read_tokenizer(tmp_path / "again", CONFIGS[kind]).encode(TEXT) == tokenizer.encode(TEXT)


def test_the_two_files_differ_in_what_they_do():
    assert GROUPS.encode(TEXT) != DIGITS.encode(TEXT)


def test_a_class_that_does_what_the_file_says_is_kept(tokenizer, tmp_path):
    """Other programs know it by its name."""
    tokenizer.save_pretrained(tmp_path)
    config = Qwen2Config(vocab_size=len(tokenizer))
    config.save_pretrained(tmp_path)
    assert type(read_tokenizer(tmp_path, config)).__name__ == "Qwen2Tokenizer"


def test_a_vocabulary_with_merges_is_qwen2s_kind(tokenizer, tmp_path):
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    (tmp_path / "vocab.json").write_text(json.dumps(model["vocab"]))
    (tmp_path / "merges.txt").write_text("\n".join(" ".join(pair) for pair in model["merges"]))
    config = Qwen2Config(vocab_size=len(tokenizer))
    config.save_pretrained(tmp_path)
    assert read_tokenizer(tmp_path, config).encode(TEXT) == tokenizer.encode(TEXT)
    llama = LlamaConfig(vocab_size=len(tokenizer))
    llama.save_pretrained(tmp_path)
    with pytest.raises(BadInput, match="has no readable tokenizer"):
        read_tokenizer(tmp_path, llama)


@pytest.mark.parametrize("prefix", ["{}", "{{}}"])
def test_a_file_at_which_the_library_panics_is_refused(tokenizer, tmp_path, prefix):
    """A prefix longer than the tokens that it is cut from ends in Rust's own exception."""
    parts = json.loads(tokenizer.backend_tokenizer.to_str())
    parts["model"]["continuing_subword_prefix"] = prefix
    (tmp_path / "tokenizer.json").write_text(json.dumps(parts))
    config = Qwen2Config(vocab_size=len(tokenizer))
    config.save_pretrained(tmp_path)
    with pytest.raises(BadInput, match="has no readable tokenizer"):
        read_tokenizer(tmp_path, config)


def make_sentence_piece():
    """Llama 2's kind: it puts a space before a text, and takes it away when it decodes."""
    vocabulary = {token: i for i, token in enumerate([f"<0x{i:02X}>" for i in range(256)] + ["▁", "</end>"])}
    model = Tokenizer(BPE(vocabulary, [], byte_fallback=True, fuse_unk=True))
    model.pre_tokenizer = pre_tokenizers.Metaspace()
    model.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    return PreTrainedTokenizerFast(tokenizer_object=model, eos_token="</end>")


@pytest.mark.parametrize(
    "adds_a_space",
    [make_tokenizer(pre_tokenizers.ByteLevel(add_prefix_space=True)), make_sentence_piece()],
    ids=["byte level", "sentence piece"],
)
def test_a_tokenizer_that_changes_spans_is_refused(tmp_path, adds_a_space):
    """Each span is tokenized on its own, so there would be spaces that nobody wrote."""
    adds_a_space.save_pretrained(tmp_path)
    CONFIGS["llama"].save_pretrained(tmp_path)
    with pytest.raises(BadInput, match=r"changes the spans .* to .*User:  It's 1,234.*which is not supported") as error:
        read_tokenizer(tmp_path, CONFIGS["llama"])
    assert "\n" not in str(error.value)
