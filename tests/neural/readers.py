"""Readers of hostile input: valid files of every kind, what reads them, and the errors that it documents."""

import copy
import json
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import partial
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
from safetensors.numpy import save
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE

from causal_agency import Hypothesis, Mixture, Slot, do, markov, memoryless, see
from damage import HOSTILE, damage_bytes, damage_json, damage_safetensors, damage_value, write_gguf
from models import CONFIGS
from neural import result, run_folder, train
from neural.cli import Command
from neural.errors import BadInput
from neural.model.architecture import find_architecture
from neural.model.checkpoint import check, outline_tensors
from neural.model.folder import INDEX, TENSORS, Folder, tensor_files
from neural.model.gguf_file import GGUFFile
from neural.paper.curriculum import FILE, read_recipe
from neural.paper.fact_files import read_facts
from neural.report.sweep.measures import Measures
from neural.report.sweep.page import collect
from neural.report.sweep.sections import make_sections
from neural.run_models import find_models
from neural.training import checkpoints
from results import RUN, draw_sweep, write_sweep

VOCABULARY = [*sorted(pre_tokenizers.ByteLevel.alphabet()), "ab", "abc", "<|end|>"]
GGUF_FIELDS: dict[str, Any] = {
    "general.architecture": "qwen2",
    "general.alignment": 32,
    "qwen2.embedding_length": 8,
    "qwen2.feed_forward_length": 8,
    "qwen2.block_count": 1,
    "qwen2.attention.head_count": 2,
    "qwen2.attention.head_count_kv": 1,
    "qwen2.context_length": 64,
    "qwen2.attention.layer_norm_rms_epsilon": 1e-6,
    "qwen2.rope.freq_base": 1e4,
    "qwen2.rope.scaling.type": "none",
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "qwen2",
    "tokenizer.ggml.tokens": VOCABULARY,
    "tokenizer.ggml.token_type": [1] * (len(VOCABULARY) - 1) + [3],
    "tokenizer.ggml.merges": ["a b", "ab c"],
    "tokenizer.ggml.eos_token_id": len(VOCABULARY) - 1,
}
GGUF_TENSORS = {
    "token_embd.weight": [8, len(VOCABULARY)],
    "output_norm.weight": [8],
    "blk.0.attn_norm.weight": [8],
    "blk.0.ffn_norm.weight": [8],
    "blk.0.attn_q.weight": [8, 8],
    "blk.0.attn_q.bias": [8],
    "blk.0.attn_k.weight": [8, 4],
    "blk.0.attn_k.bias": [4],
    "blk.0.attn_v.weight": [8, 4],
    "blk.0.attn_v.bias": [4],
    "blk.0.attn_output.weight": [8, 8],
    "blk.0.ffn_gate.weight": [8, 8],
    "blk.0.ffn_up.weight": [8, 8],
    "blk.0.ffn_down.weight": [8, 8],
}


def damage_gguf(data: bytes, rng: Random) -> bytes:
    """Return a GGUF file with other settings or shapes, or with other bytes."""
    if rng.random() < 0.5:
        return damage_bytes(data, rng, head=1500)
    fields = damage_value(json.loads(json.dumps(GGUF_FIELDS)), rng)
    tensors = json.loads(json.dumps(GGUF_TENSORS))
    if rng.random() < 0.4:
        shape = rng.choice(list(tensors.values()))
        shape[rng.randrange(len(shape))] = rng.choice((0, 1, 2**31, 10**12, 2**63))
    return write_gguf(fields if isinstance(fields, dict) else GGUF_FIELDS, tensors)


def make_tokenizer() -> dict[str, Any]:
    """Return tokenizer.json of a small tokenizer."""
    tokenizer = Tokenizer(BPE({token: i for i, token in enumerate(VOCABULARY)}, [("a", "b"), ("ab", "c")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return json.loads(tokenizer.to_str())


FACT = {"topic": "tea", "sentence": "Tea comes from {}.", "true": "China", "false": "France"}
FACTS = [FACT | {"true_aliases": ["PRC"]}, FACT | {"topic": "snow", "begins_with_name": True}]
RECIPE = {
    "train": {"learning_rate": 1e-3, "epochs": 2, "weight_decay": 0.01, "clip": 1.0},
    "curriculum": {"facts": FACTS, "lessons": 9},
}
TABLE = (
    b'topic,sentence,true,false,true_aliases\ntea,Tea comes from {}.,China,France,PRC; Sichuan\nsnow,"{}, it is",a,b,\n'
)
OPTIONS = {
    "options": {
        "model": "embedded",
        "seed": 0,
        "epochs": None,
        "steps": 9,
        "learning_rate": None,
        "arms": ["standard"],
        "agent_weight": None,
        "p_lie": 0.5,
        "p_wrong": None,
        "teacher": None,
        "facts": None,
        "precision": "float32-master",
        "order": "same",
        "checkpoint_every": None,
    }
}
TOKENIZER_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "eos_token": "<|end|>",
    "model_max_length": 64,
    "add_prefix_space": False,
    "chat_template": [{"name": "default", "template": "{{ messages }}"}, {"name": "tools", "template": ""}],
    "added_tokens_decoder": {"258": {"content": "<|end|>", "special": True, "normalized": False}},
    "extra_special_tokens": {},
}
NAMES = "p", "q", "", "\x1b[31m", 7, None
CONFIG = copy.deepcopy(CONFIGS["tied"])
CONFIG.vocab_size = len(VOCABULARY)


def choose_value(rng: Random) -> Any:
    """Return any value that a program may hand over."""
    made = (
        Fraction(1, 3),
        Fraction(10**400, 3),
        Decimal("NaN"),
        1j,
        b"x",
        float("nan"),
        float("inf"),
        np.float32(0.5),
        np.array([0.5, 0.5]),
        object(),
        (),
        frozenset(),
        0.25,
        0.5,
        1.0,
        Fraction(1, 2),
        "0.5",
    )
    return rng.choice((*made, *HOSTILE[:40]))


def choose_kernel(rng: Random) -> Any:
    """Return a kernel, or what is not one."""
    if rng.random() < 0.6:
        return memoryless(A=0.9, B=0.1)
    values = [choose_value(rng) for _ in range(3)]
    makers: tuple[Callable[[], Any], ...] = (
        lambda: memoryless(A=0.9, B=0.1),
        lambda: memoryless({"A": Fraction(1, 3), "B": Fraction(2, 3)}),
        lambda: memoryless({"A": values[0], "B": values[1]}),
        lambda: markov({(): {"A": 1.0}, ("A",): {"A": values[0]}}),
        lambda: lambda token, past: values[2],
        lambda: values[0],
    )
    return rng.choice(makers)()


def mix(data: bytes) -> None:
    """Make a mixture of anything, drawn with ``data`` as the seed, and ask it."""
    rng = Random(data)
    pairs = [(Hypothesis(rng.choice(NAMES), choose_kernel(rng)), choose_value(rng)) for _ in range(rng.randint(0, 3))]
    prior: Any = dict(pairs) if rng.random() < 0.9 else choose_value(rng)
    mixture = Mixture({p: 1 / len(prior) for p in prior} if isinstance(prior, dict) and rng.random() < 0.6 else prior)
    mixture.posterior(choose_history(rng))
    repr(mixture.ledger(choose_history(rng)))


def choose_history(rng: Random) -> Any:
    """Return a history, or what is not one."""
    makers: tuple[Callable[[], Any], ...] = (
        lambda: do("A"),
        lambda: see("B"),
        lambda: see("A"),
        lambda: do(choose_value(rng)),
        lambda: Slot(choose_value(rng), choose_value(rng)),
        lambda: choose_value(rng),
        lambda: see(choose_value(rng)),
    )
    several = [rng.choice(makers)() for _ in range(rng.randint(0, 6))]
    return several if rng.random() < 0.95 else rng.choice(makers)()


def read_history(data: bytes) -> None:
    """Give a mixture of two any history, drawn with ``data`` as the seed."""
    rng = Random(data)
    MIXTURE.posterior(choose_history(rng))
    str(MIXTURE.ledger(choose_history(rng)))


MIXTURE = Mixture({Hypothesis("p", memoryless(A=0.9, B=0.1)): 0.5, Hypothesis("q", memoryless(A=0.2, B=0.8)): 0.5})


def draw_seed(_: bytes, rng: Random) -> bytes:
    """Return what values are drawn with."""
    return rng.randbytes(8)


class Reader(NamedTuple):
    """A reader: valid inputs, what damages one, what reads it, and the errors that it documents."""

    seeds: Sequence[bytes]
    damage: Callable[[bytes, Random], bytes]
    read: Callable[[bytes], object]
    errors: tuple[type[Exception], ...] = (BadInput,)


def read_file(file: Path, read: Callable[[Path], object], data: bytes) -> None:
    """Read a file that holds ``data``."""
    file.write_bytes(data)
    read(file)


def read_model(folder: Path) -> None:
    """Read all that a model's folder says, as `neural.model.checkpoint.read` does before it builds the model."""
    source = Folder(folder)
    config = source.config()
    find_architecture(config)
    outline_tensors(config)


def read_gguf(file: Path) -> None:
    """Read a GGUF file: configuration, tokenizer and tensors."""
    source = GGUFFile(file)
    source.tokenizer()
    source.tensors()


def read_results(file: Path) -> None:
    """Read results.json, as reports and chats do."""
    try:
        find_models(str(file.parent))
    except BadInput:
        result.read(file, result.Run)


def resume(folder: Path) -> None:
    """Read the options of a run that is to be resumed."""
    run_folder.read_options(folder)
    command = Command("train")
    try:
        with redirect_stderr(StringIO()):
            train.parse(command, ["--resume", str(folder)])
    except SystemExit as ended:  # argparse says what is wrong, in one line
        if ended.code == 2:
            raise BadInput from None
        raise


def report(folder: Path) -> None:
    """Read a sweep, and write its tables."""
    list(make_sections(Measures(collect(folder))))


def make_model_folder(home: Path) -> Path:
    """Return a folder with the files of a small model."""
    home.mkdir()
    (home / "config.json").write_text(json.dumps(CONFIG.to_dict()))
    (home / "tokenizer.json").write_text(json.dumps(make_tokenizer()))
    (home / TENSORS).write_bytes(
        save({name: np.zeros(x.shape, np.float32) for name, x in outline_tensors(CONFIG).items()})
    )
    return home


def make_sweep(home: Path) -> Path:
    """Return the folder of a sweep."""
    home.mkdir()
    drawn = draw_sweep()
    write_sweep(replace(drawn, replicas=drawn.replicas[:2], bridge=drawn.bridge[:4]), home)
    return home


def damage_checkpoint(data: bytes, rng: Random) -> bytes:
    """Return a checkpoint of training with other contents, which sometimes have the SHA-256 that it names."""
    if rng.random() < 0.8:
        return damage_safetensors(data, rng)
    kinds = np.float32, np.int32, np.uint8, np.float16
    shapes = [tuple(rng.choices((0, 1, 2, 5), k=rng.randrange(4))) for _ in range(3)]
    arrays = {f"{i:05}": np.zeros(shape, rng.choice(kinds)) for i, shape in enumerate(shapes)}
    arrays |= {
        rng.choice(("losses", "other", "")): np.full(rng.choice(((), (2, 2), (0, 2), (3,))), rng.random(), np.float32)
    }
    return save(arrays, {"key": "key", "sha256": checkpoints.digest("key", dict(sorted(arrays.items())))})


def make_readers(home: Path) -> dict[str, Reader]:
    """Return all readers by name; their files lie in ``home``."""
    model, sweep, run = make_model_folder(home / "model"), make_sweep(home / "sweep"), home / "run"
    listed = home / "listed"
    config = Folder(model).config()
    listed.mkdir()
    (listed / INDEX).write_text(json.dumps({"weight_map": {"a": "b.safetensors", "c": TENSORS}}))
    (model / "tokenizer_config.json").write_text(json.dumps(TOKENIZER_CONFIG))
    (model / FILE).write_text(json.dumps(RECIPE))
    run.mkdir()
    (run / run_folder.OPTIONS).write_text(json.dumps(OPTIONS))
    result.write(home / "results.json", RUN)
    (home / "facts.json").write_text(json.dumps(FACTS))
    (home / "facts.csv").write_bytes(TABLE)
    (home / "a.gguf").write_bytes(write_gguf(GGUF_FIELDS, GGUF_TENSORS))
    saved = checkpoints.Saved([np.zeros((2, 3), np.float32), np.zeros(4, np.int32)], np.zeros((2, 2), np.float32))
    checkpoints.write(home / "a.safetensors", saved, "key")
    cell, bridge = (min((sweep / kind).glob("*.json")) for kind in ("replicas", "bridge"))

    def reader(file: Path, damage: Callable[[bytes, Random], bytes], read: Callable[[Path], object]) -> Reader:
        return Reader([file.read_bytes()], damage, partial(read_file, file, read))

    def of_folder(read: Callable[[Path], object]) -> Callable[[Path], object]:
        return lambda file: read(file.parent)

    documented = TypeError, ValueError
    return {
        "config.json": reader(model / "config.json", damage_json, of_folder(read_model)),
        "tokenizer.json": reader(model / "tokenizer.json", damage_json, lambda _: Folder(model).tokenizer()),
        "tokenizer_config.json": reader(
            model / "tokenizer_config.json", damage_json, lambda _: Folder(model).tokenizer()
        ),
        "model.safetensors": reader(
            model / TENSORS, damage_safetensors, lambda _: check(config, Folder(model).tensors())
        ),
        "safetensors index": reader(listed / INDEX, damage_json, of_folder(tensor_files)),
        "GGUF": reader(home / "a.gguf", damage_gguf, read_gguf),
        "training checkpoint": reader(
            home / "a.safetensors", damage_checkpoint, lambda file: checkpoints.read(file, "key")
        ),
        "recipe.json": reader(model / FILE, damage_json, of_folder(read_recipe)),
        "run.json": reader(run / run_folder.OPTIONS, damage_json, of_folder(resume)),
        "results.json": reader(home / "results.json", damage_json, read_results),
        "sweep plan.json": reader(sweep / "plan.json", damage_json, of_folder(report)),
        "sweep base.json": reader(sweep / "base.json", damage_json, of_folder(report)),
        "sweep cell": reader(cell, damage_json, lambda _: report(sweep)),
        "sweep bridge": reader(bridge, damage_json, lambda _: report(sweep)),
        "facts, JSON": reader(home / "facts.json", damage_json, read_facts),
        "facts, CSV": reader(home / "facts.csv", damage_bytes, read_facts),
        "Mixture": Reader([b"0"], draw_seed, mix, documented),
        "history": Reader([b"0"], draw_seed, read_history, documented),
    }
