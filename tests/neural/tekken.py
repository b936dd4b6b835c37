"""Mistral's tokenizer as a fast one, from the package mistral-common, which carries its vocabulary: bytes and ranks.

The package itself reads it with tiktoken. That joins the pair of least rank first, as byte-pair encoding does with a
list of merges, so the list follows from the ranks.
"""

import json
from base64 import b64decode
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from oracle import byte_letters

LETTERS = {byte: letter for letter, byte in byte_letters().items()}


def find_tekken() -> Path | None:
    """Return the file in the package; None if it is not installed. The package is not imported."""
    package = find_spec("mistral_common")
    places = (package and package.submodule_search_locations) or ()
    return next((file for place in places for file in Path(place).glob("data/tekken_240911.json")), None)


def split_last(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, ...]:
    """Return the two tokens that are joined last where ``token`` is made of its bytes."""
    parts = [token[i : i + 1] for i in range(len(token))]
    while len(parts) > 2:
        joined = [ranks.get(left + right, len(ranks)) for left, right in pairwise(parts)]
        i = min(range(len(joined)), key=joined.__getitem__)
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
    return tuple(parts)


def spell(token: bytes) -> str:
    """Return ``token`` in the letters of a byte-level vocabulary."""
    return "".join(LETTERS[byte] for byte in token)


def read_tekken(file: Path) -> PreTrainedTokenizerBase:
    """Return the tokenizer, without its control tokens."""
    stored = json.loads(file.read_text())
    config = stored["config"]
    size = config["default_vocab_size"] - config["default_num_special_tokens"]
    ranks = {b64decode(row["token_bytes"]): row["rank"] for row in stored["vocab"][:size]}
    merges = [tuple(map(spell, split_last(token, ranks))) for token in ranks if len(token) > 1]
    made = Tokenizer(models.BPE({spell(token): rank for token, rank in ranks.items()}, merges))
    split = pre_tokenizers.Split(Regex(config["pattern"]), "isolated")
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    made.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=made, eos_token="</s>", pad_token="</s>")
