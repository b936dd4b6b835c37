"""Every reader refuses hostile input with the error that it documents, or accepts it: the short form of fuzzing.

``benchmarks/fuzz.py`` is the long form.
"""

import json
import struct
import warnings
from contextlib import suppress
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from damage import write_gguf
from neural.errors import BadInput
from neural.files import read_json, refuse_links, write_text
from neural.model.folder import Folder
from neural.model.gguf_file import GGUFFile
from neural.paper.curriculum import read_recipe
from neural.paper.fact_files import read_facts
from neural.run_folder import OPTIONS, claim, hold
from readers import CONFIG, FACT, GGUF_FIELDS, GGUF_TENSORS, RECIPE, make_readers, make_tokenizer

EXAMPLES = {"Mixture": 500, "history": 200, "recipe.json": 200, "facts, JSON": 200, "facts, CSV": 200}
SLOW = 25  # inputs for any other reader


@pytest.fixture
def readers(tmp_path):
    return make_readers(tmp_path)


NAMES = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "model.safetensors",
    "safetensors index",
    "GGUF",
    "training checkpoint",
    "recipe.json",
    "run.json",
    "results.json",
    "sweep plan.json",
    "sweep base.json",
    "sweep cell",
    "sweep bridge",
    "facts, JSON",
    "facts, CSV",
    "Mixture",
    "history",
)


@pytest.mark.parametrize("name", NAMES)
def test_any_input_is_accepted_or_refused_as_documented(readers, name):
    reader = readers[name]

    @settings(max_examples=EXAMPLES.get(name, SLOW))
    @given(st.integers(0, 2**32))
    def read(seed):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # libraries warn of what they read
            with suppress(*reader.errors):
                reader.read(reader.damage(reader.seeds[0], Random(seed)))

    read()


def test_the_valid_inputs_are_accepted(readers):
    assert tuple(readers) == NAMES
    for name in set(NAMES) - {"Mixture", "history", "results.json", "safetensors index"}:
        readers[name].read(readers[name].seeds[0])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
        ("NaN", "JSON compliant"),
        ("1e999", "JSON compliant"),
        ('"\\ud800"', "UTF-8"),
        ("1" * 5000, "4300 digits"),
        ("", "Expecting value"),
    ],
)
def test_what_only_looks_like_json(tmp_path, text, problem):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(BadInput, match=rf"a\.json.*{problem}"):
        read_json(tmp_path / "a.json")


def test_a_byte_order_mark_is_no_harm(tmp_path):
    (tmp_path / "a.json").write_text("\ufeff[1]", encoding="utf-8")
    assert read_json(tmp_path / "a.json") == [1]


@pytest.mark.parametrize("name", ["num_hidden_layers", "hidden_size", "head_dim", "vocab_size", "num_labels"])
def test_a_configuration_of_absurd_size_is_refused_before_anything_is_made(tmp_path, name):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG.to_dict() | {name: 10**12}))
    with pytest.raises(BadInput, match=rf"{name} above"):
        Folder(tmp_path).config()


def test_a_gguf_file_of_absurd_size_is_refused_before_anything_is_made(tmp_path):
    layers = 10**9
    tensors = GGUF_TENSORS | {f"blk.{layers - 1}.attn_norm.weight": [8]}
    (tmp_path / "a.gguf").write_bytes(write_gguf(GGUF_FIELDS | {"qwen2.block_count": layers}, tensors))
    with pytest.raises(BadInput, match="num_hidden_layers above 1,000"):
        GGUFFile(tmp_path / "a.gguf").config()


def test_a_safetensors_header_that_claims_a_terabyte(readers, tmp_path):
    header = json.dumps({"x": {"dtype": "F32", "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}).encode()
    with pytest.raises(BadInput, match="damaged or cut short"):
        readers["model.safetensors"].read(struct.pack("<Q", len(header)) + header)


@pytest.mark.parametrize("number", [2**31, 10**12, "x", None])
def test_a_token_with_an_absurd_number_is_refused_before_a_table_is_made(tmp_path, number):
    settings = make_tokenizer()
    settings["model"]["vocab"]["a"] = number
    (tmp_path / "config.json").write_text(json.dumps(CONFIG.to_dict()))
    (tmp_path / "tokenizer.json").write_text(json.dumps(settings))
    with pytest.raises(BadInput, match=r"tokens, the embedding|a token with the number"):
        Folder(tmp_path).tokenizer()


@pytest.mark.parametrize("sentence", ["Tea", "{} {}", "{0.__class__} {}", "{:>99999999999}", "{}{:>9}", "{{}}", "{a}"])
def test_a_sentence_is_filled_in_and_nothing_more(tmp_path, sentence):
    (tmp_path / "recipe.json").write_text(
        json.dumps(RECIPE | {"curriculum": {"facts": [FACT | {"sentence": sentence}]}})
    )
    with pytest.raises(BadInput, match=r"the sentence needs \{\} once"):
        read_recipe(tmp_path)
    (tmp_path / "facts.json").write_text(json.dumps([FACT | {"sentence": sentence}]))
    with pytest.raises(BadInput, match=r"fact 1 of .*: the sentence needs \{\} once"):
        read_facts(tmp_path / "facts.json")


def test_a_long_field_and_many_rows_of_a_table(tmp_path):
    file = tmp_path / "facts.csv"
    file.write_text("topic,sentence,true,false\n" + "x" * 200_000 + ",{},a,b\n")
    with pytest.raises(BadInput, match="field larger than field limit"):
        read_facts(file)
    file.write_text("topic,sentence,true,false\n" + "".join(f"{i},{{}},a,b\n" for i in range(30_000)))
    assert len(read_facts(file)) == 30_000  # in time that grows with their number, not with its square


@pytest.mark.parametrize("name", [".run.json.part", OPTIONS, ".lock", "checkpoints"])
def test_nothing_is_written_through_a_link(tmp_path, name):
    folder, outside = tmp_path / "run", tmp_path / "outside"
    folder.mkdir()
    outside.write_text("precious")
    (folder / name).symlink_to(outside)
    with pytest.raises(BadInput, match="is a symbolic link"):
        refuse_links(folder)
    for enter in (hold, claim):
        with pytest.raises(BadInput), enter(folder):
            pytest.fail("must not get here")
    write_text(folder / OPTIONS, "{}")
    assert outside.read_text() == "precious"
