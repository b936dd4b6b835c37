"""The tokenizers of folders: ``tokenizer.json`` as it is, or Qwen2's kind from ``vocab.json`` and ``merges.txt``."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from neural.errors import BadInput, summarize
from neural.files import read_json
from neural.model.architecture import Config

LOCAL: dict[str, Any] = {
    "local_files_only": True,
    "trust_remote_code": False,
}  # fetch nothing, run no code from the folder
PROBE = "User: ", "It's 1,234 °C.\n", "Agent: ", "  é 😀\n"  # spans, each of which is tokenized on its own


def rules(tokenizer: Tokenizer) -> str:
    """Return what decides the tokens of a text, in the library's format."""
    parts = json.loads(re.sub('"trim_offsets":(true|false)', '"trim_offsets":null', tokenizer.to_str()))
    added = {token["content"]: (token["id"], token["special"]) for token in parts["added_tokens"]}
    return json.dumps([added, parts["normalizer"], parts["pre_tokenizer"], parts["model"]])


def list_values(vocabulary: Any) -> list[Any]:
    """Return the number of every token in a vocabulary; none if it is of another form, such as a list."""
    return list(vocabulary.values()) if isinstance(vocabulary, Mapping) else []


def list_ids(settings: Any) -> list[Any]:
    """Return the number of every token in a tokenizer.json."""
    parts = settings if isinstance(settings, Mapping) else {}
    model, added = parts.get("model"), parts.get("added_tokens")
    tokens = [token for token in added if isinstance(token, Mapping)] if isinstance(added, list) else []
    return list_values(model.get("vocab") if isinstance(model, Mapping) else None) + [
        token.get("id") for token in tokens
    ]


def check_ids(folder: Path, config: Config) -> None:
    """Raise BadInput if a token has a number that is none of the embedding's rows.

    The library would make a table with an entry for every number up to the largest.
    """
    for name, ids_in in {"tokenizer.json": list_ids, "vocab.json": list_values}.items():
        ids = list(ids_in(read_json(folder / name))) if (folder / name).is_file() else []
        if strange := [i for i in ids if not isinstance(i, int)]:
            raise BadInput(f"{folder / name} has a token with the number {strange[0]!r}")
        if ids and max(ids) >= config.vocab_size:
            raise BadInput(
                f"the tokenizer in {folder} has {1 + max(ids)} tokens, the embedding {config.vocab_size} rows"
            )


def read_tokenizer(folder: Path, config: Config) -> PreTrainedTokenizerBase:
    """Read the tokenizer in ``folder``; raise BadInput if there is none or it does not fit.

    transformers chooses a class by the kind of model, and some classes tokenize in their own way whatever the file
    says. The class is kept if it does what the file says; otherwise the file alone is used.
    """
    file = folder / "tokenizer.json"
    check_ids(folder, config)
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **LOCAL)
        if file.is_file() and rules(tokenizer.backend_tokenizer) != rules(Tokenizer.from_file(str(file))):
            tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, **LOCAL)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as problem:  # a damaged file can raise anything, panics of the library, too
        raise BadInput(f"{folder} has no readable tokenizer: {summarize(problem)}") from None
    for option in (*LOCAL, "is_local"):  # how it was read must not be saved with it
        tokenizer.init_kwargs.pop(option, None)
    if len(tokenizer) < 256:  # transformers makes an empty one if there is no vocabulary
        raise BadInput(f"{folder} has no readable tokenizer: tokenizer.json, or vocab.json with merges.txt, is missing")
    return check_tokenizer(tokenizer, config, folder)


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, config: Config, path: Path) -> PreTrainedTokenizerBase:
    """Return ``tokenizer``; raise BadInput if it has more tokens than the embedding has rows, or changes spans.

    Some tokenizers put a space before every text that they are given: in a dialogue, before every span.
    """
    if not isinstance(tokenizer.model_max_length, int | float):
        raise BadInput(f"the tokenizer in {path} has the model_max_length {tokenizer.model_max_length!r}: not a number")
    tokens = 1 + max(tokenizer.get_vocab().values())
    if tokens > config.vocab_size:
        raise BadInput(f"the tokenizer in {path} has {tokens} tokens, the embedding {config.vocab_size} rows")
    ids = [i for span in PROBE for i in tokenizer.encode(span, add_special_tokens=False, split_special_tokens=True)]
    if (text := tokenizer.decode(ids)) != "".join(PROBE):
        raise BadInput(f"the tokenizer in {path} changes the spans {PROBE} to {text!r}, which is not supported")
    return tokenizer
