"""Model folders: finding and reading them. Tensors are read from safetensors files only, and code is never run."""

from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from jax import Array
from safetensors import SafetensorError
from safetensors.flax import load_file
from transformers import AutoConfig, PreTrainedTokenizerBase

from neural.errors import BadInput, summarize
from neural.files import read_json
from neural.model.architecture import Config, check_architecture, check_sizes
from neural.model.tokenizer import LOCAL, read_tokenizer

EXAMPLE = "Qwen/Qwen2.5-0.5B"  # a name on the hub
FILES = ["*.json", "*.safetensors", "merges.txt"]  # what is needed of a repository on the hub
TENSORS, INDEX = "model.safetensors", "model.safetensors.index.json"


def model_folder(name: str) -> Path:
    """Return the folder called ``name``, or the hub's model of that name, from the local cache or fetched into it."""
    if Path(name).is_dir():
        return Path(name)
    if Path(name).is_file():
        raise BadInput(f"{name} is a file, but no GGUF file: name the folder of a model")
    if Path(name).exists() or name.startswith((".", "/", "~")):
        raise BadInput(f"there is no folder {name}")
    if "/" not in name:
        raise BadInput(f"there is no folder {name}: name one, or embedded, smollm2, or a model such as {EXAMPLE}")
    try:
        return Path(snapshot_download(name, allow_patterns=FILES))
    except HFValidationError:
        raise BadInput(f"{name} is neither a folder nor the name of a model, such as {EXAMPLE}") from None
    except (LocalEntryNotFoundError, HfHubHTTPError, ConnectionError):
        download = (
            f"on a machine with network access, run `hf download {name} --local-dir FOLDER`, then name that folder"
        )
        raise BadInput(
            f"there is no folder {name}, and no model of that name can be fetched: {download} "
            "(embedded and smollm2 need no network)"
        ) from None


def tensor_files(folder: Path) -> list[str]:
    """Return the names of the safetensors files: one, or those that the index lists."""
    if (folder / TENSORS).is_file() or not (folder / INDEX).is_file():
        return [TENSORS]
    try:
        names = sorted(set(read_json(folder / INDEX)["weight_map"].values()))
        outside = [name for name in names if Path(name).name != name]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadInput(f"{folder / INDEX} is damaged: it does not say which file holds each tensor") from None
    if outside:
        raise BadInput(f"{folder / INDEX} names {outside[0]}, which is not in the folder")
    return names


@dataclass(frozen=True)
class Folder:
    """The model in a Hugging Face folder."""

    path: Path

    def config(self) -> Config:
        """Read the configuration, in the old spelling or the new; raise BadInput if this project cannot compute it."""
        folder = self.path
        if not (folder / "config.json").is_file():
            raise BadInput(f"{folder} has no config.json: name the folder of a model, such as that of an arm of a run")
        check_sizes(read_json(folder / "config.json"), folder)
        try:
            config = AutoConfig.from_pretrained(folder, **LOCAL)
        except Exception as problem:  # a damaged file can raise anything
            raise BadInput(f"{folder} has no readable config.json: {summarize(problem)}") from None
        return check_architecture(config, folder)

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Read the tokenizer; raise BadInput if there is none or it does not fit."""
        return read_tokenizer(self.path, self.config())

    def tensors(self) -> dict[str, Array]:
        """Read all tensors of the folder's safetensors files."""
        names = tensor_files(self.path)
        missing = [name for name in names if not (self.path / name).is_file()]
        if missing:
            raise BadInput(f"{self.path} has no {', '.join(missing)}; tensors are read from safetensors files only")
        try:
            parts = [load_file(self.path / name) for name in names]
        except SafetensorError as problem:
            raise BadInput(f"a safetensors file in {self.path} is damaged or cut short: {problem}") from None
        return {name: x for part in parts for name, x in part.items()}
