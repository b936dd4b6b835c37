"""The tokenizers of GGUF files: byte-level BPE, split beforehand as the file's pre-tokenizer says."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tokenizers import AddedToken, Regex, Tokenizer, decoders
from tokenizers.models import BPE
from tokenizers.normalizers import NFC, Normalizer
from tokenizers.pre_tokenizers import ByteLevel, Digits, PreTokenizer, Sequence, Split
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from neural.errors import BadInput

CONTROL, USER_DEFINED, UNUSED = 3, 4, 5  # types of tokens; all others are ordinary
NAMED = {"bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding"}


def split_words(digits: str) -> PreTokenizer:
    """Return a pre-tokenizer that splits words, numbers of ``digits`` digits, punctuation and space."""
    pattern = (
        rf"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}"
        r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    return Sequence([Split(Regex(pattern), "isolated"), ByteLevel(add_prefix_space=False, use_regex=False)])


class Style(NamedTuple):
    """What a family of tokenizers does to a text before the merges."""

    split: Callable[[], PreTokenizer]
    normalizer: Callable[[], Normalizer] | None = None
    whole_words: bool = False  # a word that is in the vocabulary is one token, whatever the merges say


STYLES = {
    "gpt-2": Style(lambda: ByteLevel(add_prefix_space=False)),
    "smollm": Style(lambda: Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)])),
    "qwen2": Style(lambda: split_words(""), NFC),
    "llama-bpe": Style(lambda: split_words("{1,3}"), whole_words=True),
}


def read_style(fields: Mapping[str, Any]) -> Style:
    """Return the style that the file names; raise BadInput if it is unknown."""
    kind, style = (fields.get(f"tokenizer.ggml.{name}") for name in ("model", "pre"))
    if kind != "gpt2":
        raise BadInput(f"needs a tokenizer of type {kind}, which is not supported; gpt2 is")
    if style not in STYLES:
        raise BadInput(f"needs the pre-tokenizer {style}, which is not supported; {', '.join(STYLES)} are")
    return STYLES[style]


def make_tokenizer(fields: Mapping[str, Any]) -> PreTrainedTokenizerBase:
    """Return the tokenizer that a file with these ``fields`` describes, with its chat template.

    Control tokens are special: text is not made into them where special tokens are split. Unused entries of the
    vocabulary are left out.
    """
    style = read_style(fields)
    tokens, kinds = fields["tokenizer.ggml.tokens"], fields["tokenizer.ggml.token_type"]
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
    vocabulary = {token: i for i, (token, kind) in enumerate(zip(tokens, kinds, strict=True)) if kind != UNUSED}
    tokenizer = Tokenizer(BPE(vocabulary, merges, ignore_merges=style.whole_words))
    if style.normalizer:
        tokenizer.normalizer = style.normalizer()
    tokenizer.pre_tokenizer = style.split()
    tokenizer.decoder = decoders.ByteLevel()
    added = [(token, kind) for token, kind in zip(tokens, kinds, strict=True) if kind in (CONTROL, USER_DEFINED)]
    tokenizer.add_tokens([AddedToken(token, special=kind == CONTROL, normalized=False) for token, kind in added])
    ids = {name: fields.get(f"tokenizer.ggml.{key}_token_id") for name, key in NAMED.items()}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        chat_template=fields.get("tokenizer.chat_template"),
        add_bos_token=fields.get("tokenizer.ggml.add_bos_token", False),
        **{name: tokens[i] for name, i in ids.items() if i is not None},
    )
