"""LoRA: adapters of low rank, trained in place of the parameters, which stay as they are (Hu et al., 2021)."""

import json
from dataclasses import dataclass
from itertools import product
from math import isfinite
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Float

from neural.errors import BadInput
from neural.model.decoder import Decoder
from neural.seeds import random_stream

ROOMS = {  # where the linear maps of a block are, in Hugging Face's names and ours
    **dict.fromkeys(("q_proj", "k_proj", "v_proj", "o_proj"), "self_attn"),
    **dict.fromkeys(("gate_proj", "up_proj", "down_proj"), "mlp"),
}


@dataclass(frozen=True, kw_only=True)
class Lora:
    """Adapters: to a linear map x W is added (x A) B · alpha / rank; A and B are trained, and nothing else.

    Attributes:
        rank: the width of x A.
        alpha: how much the adapters count, together with the rank.
        targets: the linear maps of every block that get adapters.

    Raises:
        BadInput: if a value is out of its range.

    Example:
        >>> Lora(rank=8, targets=("q_proj", "v_proj"))
        Lora(rank=8, alpha=32.0, targets=('q_proj', 'v_proj'))
    """

    rank: int = 16
    alpha: float = 32.0
    targets: tuple[str, ...] = tuple(ROOMS)

    def __post_init__(self) -> None:
        if not (isinstance(self.rank, int) and self.rank >= 1):
            raise BadInput(f"rank is {self.rank!r}, but must be a whole number of at least 1")
        if not (isinstance(self.alpha, int | float) and isfinite(self.alpha) and self.alpha > 0):
            raise BadInput(f"alpha is {self.alpha!r}, but must be a finite number above 0")
        unknown = [name for name in self.targets if name not in ROOMS]
        if unknown or not self.targets:
            raise BadInput(f"targets are {self.targets!r}, but must be some of {', '.join(ROOMS)}")


class Adapted(nnx.Module):
    """The linear maps of all blocks, stacked, each with an adapter: x W + (x A) B · scale."""

    def __init__(
        self, base: nnx.Linear, scale: float, a: Float[Array, "layers width rank"], b: Float[Array, "layers rank out"]
    ):
        self.base, self.scale = base, scale
        self.a, self.b = nnx.LoRAParam(a), nnx.LoRAParam(b)

    @property
    def kernel(self) -> nnx.Param:
        """The parameters that are not trained, whose shape and precision are those of the map."""
        return self.base.kernel

    def __call__(self, x: Float[Array, "tokens width"]) -> Float[Array, "tokens out"]:
        """Return the output, in a block of its own or in one that is scanned over."""
        a, b = (each[...].astype(x.dtype) for each in (self.a, self.b))
        return self.base(x) + x @ a @ b * self.scale


def copy(model: Decoder) -> Decoder:
    """Return another module with the same variables."""
    return nnx.merge(*nnx.split(model))


def adapt(model: Decoder, lora: Lora, seed: int) -> Decoder:
    """Return ``model`` with new adapters, which change nothing yet: A is drawn by ``seed``, B is 0.

    A is uniform between ±1/√in, as in PEFT. The arrays of ``model`` are shared, not copied.
    """
    adapted = copy(model)
    for i, (name, room) in enumerate(ROOMS.items()):
        if name in lora.targets:
            block = getattr(adapted.layers, room)
            linear = getattr(block, name)
            layers, inputs, outputs = linear.kernel.shape
            a = random_stream("lora", seed, i).uniform(-1, 1, (layers, inputs, lora.rank)) / inputs**0.5
            b = np.zeros((layers, lora.rank, outputs))
            ab = (jnp.asarray(x, jnp.float32) for x in (a, b))
            setattr(block, name, Adapted(linear, lora.alpha / lora.rank, *ab))
    return adapted


def find_adapters(model: Decoder) -> dict[str, Adapted]:
    """Return the adapted maps of ``model``, by name; none if it has no adapters."""
    maps = {name: getattr(getattr(model.layers, room), name) for name, room in ROOMS.items()}
    return {name: each for name, each in maps.items() if isinstance(each, Adapted)}


def merge(model: Decoder) -> Decoder:
    """Return ``model`` without adapters: W + A B · scale in place of each W; another module if there are any."""
    adapters = find_adapters(model)
    merged = copy(model) if adapters else model
    for name, adapted in find_adapters(merged).items():
        kernel = adapted.base.kernel[...]
        a, b = (each[...].astype(jnp.float32) for each in (adapted.a, adapted.b))
        whole = kernel.astype(jnp.float32) + jnp.matmul(a, b, precision="highest") * adapted.scale
        adapted.base.kernel = nnx.Param(whole.astype(kernel.dtype))  # `model` has the old one
        setattr(getattr(merged.layers, ROOMS[name]), name, adapted.base)
    return merged


def split(model: Decoder) -> tuple[Any, ...]:
    """Return the graph of ``model``, what is trained of it, and, if it has adapters, the rest."""
    return nnx.split(model, nnx.LoRAParam, nnx.Param) if find_adapters(model) else nnx.split(model, nnx.Param)


def choose(model: Decoder, lora: Lora | None, seed: int) -> tuple[Any, ...]:
    """Return what `split` does of what is to be trained: all of ``model``, or new adapters to it."""
    return split(adapt(model, lora, seed) if lora else model)


def describe(adapters: dict[str, Adapted], base: str | None) -> str:
    """Return PEFT's configuration of ``adapters`` to the model called ``base``."""
    first = next(iter(adapters.values()))
    rank = first.a.shape[-1]
    return json.dumps(
        {
            "peft_type": "LORA", "task_type": "CAUSAL_LM", "base_model_name_or_path": base, "r": rank,
            "lora_alpha": first.scale * rank, "lora_dropout": 0.0, "bias": "none", "fan_in_fan_out": False,
            "inference_mode": True, "target_modules": sorted(adapters),
        },
        indent=1,
    )  # fmt: skip


def adapter_tensors(adapters: dict[str, Adapted]) -> dict[str, np.ndarray]:
    """Return the tensors of ``adapters`` under PEFT's names, one of each for every block."""
    tensors = {}
    for (name, adapted), (letter, stacked) in product(adapters.items(), (("A", "a"), ("B", "b"))):
        for i, x in enumerate(np.asarray(getattr(adapted, stacked)[...])):
            path = f"base_model.model.model.layers.{i}.{ROOMS[name]}.{name}.lora_{letter}.weight"
            tensors[path] = x.T
    return tensors
