"""Where a model lies, and what its folder holds. Weights are read from safetensors alone, code from nowhere."""

import json
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from jax import Array
from safetensors import SafetensorError
from safetensors.flax import load_file
from transformers import AutoConfig, AutoTokenizer, PreTrainedTokenizerBase, Qwen2Config

from causal_agency.cli import BadInput

FILES = ["*.json", "*.safetensors", "merges.txt"]  # of a repository of the hub, what is needed
WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
AS_IT_LIES = {"local_files_only": True, "trust_remote_code": False}  # nothing is fetched, no code of the folder run


def model_folder(name: str) -> Path:
    """The folder called ``name``, or the hub's model of that name, from the local cache or fetched into it."""
    if Path(name).is_dir():
        return Path(name)
    if Path(name).exists() or name.startswith((".", "/", "~")):
        raise BadInput(f"there is no folder {name}")
    try:
        return Path(snapshot_download(name, allow_patterns=FILES))
    except HFValidationError:
        raise BadInput(f"{name} is neither a folder nor the name of a model, such as Qwen/Qwen2.5-0.5B") from None
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError):
        download = f"`hf download {name} --local-dir FOLDER` where there is a network, then --model FOLDER"
        raise BadInput(f"{name} is not in the local cache and cannot be fetched: {download}") from None


def weight_files(folder: Path) -> list[str]:
    """The names of the safetensors files: one, or those that the index names."""
    if (folder / WEIGHTS).is_file() or not (folder / INDEX).is_file():
        return [WEIGHTS]
    try:
        names = sorted(set(json.loads((folder / INDEX).read_text())["weight_map"].values()))
        outside = [name for name in names if Path(name).name != name]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadInput(f"{folder / INDEX} is damaged: it says of no tensor in which file it is") from None
    if outside:
        raise BadInput(f"{folder / INDEX} names {outside[0]}, which is not in the folder")
    return names


def read_tensors(folder: Path) -> dict[str, Array]:
    """All tensors of the folder's safetensors files."""
    names = weight_files(folder)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise BadInput(f"{folder} has no {', '.join(missing)}; weights are read from safetensors files alone")
    try:
        parts = [load_file(folder / name) for name in names]
    except SafetensorError as problem:
        raise BadInput(f"a safetensors file in {folder} is damaged or cut short: {problem}") from None
    return {name: x for part in parts for name, x in part.items()}


def in_one_line(problem: Exception) -> str:
    """What an error says, as far as it fits a line; its kind, if it says nothing."""
    return " ".join(str(problem).split())[:160] or type(problem).__name__


def read_config(folder: Path) -> Qwen2Config:
    """The configuration, in the old spelling or the new; BadInput where this project cannot compute what it says."""
    try:
        config = AutoConfig.from_pretrained(folder, **AS_IT_LIES)
    except Exception as problem:  # what a damaged file makes of it is no one kind of error
        raise BadInput(f"{folder} has no readable config.json: {in_one_line(problem)}") from None
    if not isinstance(config, Qwen2Config):
        raise BadInput(f"{folder} holds a model of type {config.model_type}; only qwen2 is known here")
    sizes = config.hidden_size, config.intermediate_size, config.num_hidden_layers, config.num_attention_heads
    if min(sizes) < 1 or config.hidden_size % config.num_attention_heads:
        raise BadInput(f"{folder} has a config.json whose sizes do not go together")
    rope = dict(config.rope_parameters or {}).get("rope_type", "default")
    head_dim = config.hidden_size // config.num_attention_heads
    for what, unknown in {
        "a sliding window": config.use_sliding_window or set(config.layer_types or ()) != {"full_attention"},
        "quantized weights": hasattr(config, "quantization_config"),
        "heads of another width": getattr(config, "head_dim", head_dim) != head_dim,
        f"the activation {config.hidden_act}": config.hidden_act != "silu",
        f"RoPE of type {rope}": rope != "default",
    }.items():
        if unknown:
            raise BadInput(f"{folder} wants {what}, which is not known here")
    return config


def read_tokenizer(folder: Path, config: Qwen2Config) -> PreTrainedTokenizerBase:
    """The tokenizer; BadInput where it has more tokens than the embedding has rows."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, **AS_IT_LIES)
    except Exception as problem:  # what a damaged file makes of it is no one kind of error
        raise BadInput(f"{folder} has no readable tokenizer: {in_one_line(problem)}") from None
    for how_it_was_read in (*AS_IT_LIES, "is_local"):  # which is nothing to write down again
        tokenizer.init_kwargs.pop(how_it_was_read, None)
    if len(tokenizer) < 256:  # transformers makes an empty one where there is no vocabulary
        raise BadInput(f"{folder} has no readable tokenizer: tokenizer.json, or vocab.json and merges.txt, are missing")
    tokens = 1 + max(tokenizer.get_vocab().values())
    if tokens > config.vocab_size:
        raise BadInput(f"the tokenizer in {folder} has {tokens} tokens, the embedding {config.vocab_size} rows")
    return tokenizer
