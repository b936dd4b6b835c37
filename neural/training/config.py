"""The settings of the optimizer and of the run over the examples (paper, section 5.2)."""

from dataclasses import dataclass
from numbers import Integral, Real
from sys import float_info
from typing import Any

import jax
import jax.numpy as jnp
import optax

from neural.errors import BadInput

PRECISIONS = {"float32-master": jnp.float32, "as-published": jnp.bfloat16}  # of parameters and optimizer state


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """AdamW at a constant rate, one dialogue a step; the defaults are the paper's.

    Attributes:
        learning_rate: the constant rate of AdamW.
        epochs: the number of passes over the dialogues, each in a different order.
        max_steps: the number of steps after which to stop early, at most those of all epochs; None reads all epochs.
        weight_decay: AdamW's decoupled weight decay.
        clip: the largest norm of the gradient over all parameters; larger gradients are scaled down to it.
        precision: "float32-master", or "as-published" for parameters and optimizer state in bfloat16.
        seed: of the order of the dialogues; the order is a function of seed and epoch alone.

    Raises:
        BadInput: if a value is out of its range.

    Example:
        >>> TrainConfig(learning_rate=3e-4, epochs=2).steps(480)
        960
    """

    learning_rate: float = 2e-5
    epochs: int = 4
    max_steps: int | None = None
    weight_decay: float = 0.01
    clip: float = 1.0
    precision: str = "float32-master"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("learning_rate", "weight_decay", "clip"):
            value = getattr(self, name)
            if not (_is_number(value, Real) and 0 <= value <= float_info.max):
                raise BadInput(f"{name} is {value!r}, but must be a finite number, 0 or greater")
        for name, least in (("epochs", 1), ("max_steps", 1), ("seed", 0)):
            value = getattr(self, name)
            if not (_is_number(value, Integral) and value >= least) and not (name == "max_steps" and value is None):
                raise BadInput(f"{name} is {value!r}, but must be a whole number of at least {least}")
        if self.precision not in PRECISIONS:
            raise BadInput(f"precision is {self.precision!r}, but must be one of {', '.join(PRECISIONS)}")

    def steps(self, examples: int) -> int:
        """Return the number of steps, one example a step.

        Args:
            examples: the number of examples of an epoch.

        Returns:
            The number of steps: ``max_steps``, or those of all epochs.

        Raises:
            BadInput: if the epochs have fewer than ``max_steps``.
        """
        every = self.epochs * examples
        if self.max_steps is not None and self.max_steps > every:
            once = f"{examples:,} dialogues in {self.epochs} epoch{'s' * (self.epochs > 1)}"
            raise BadInput(f"{self.max_steps:,} steps were asked for, but {once} make {every:,}: ask for more epochs")
        return self.max_steps or every

    def optimizer(self) -> optax.GradientTransformation:
        """Return AdamW at a constant rate behind a clipped gradient.

        Returns:
            The optimizer, for parameters of one model.
        """
        adamw = optax.adamw(self.learning_rate, weight_decay=self.weight_decay)
        return optax.chain(clip(self.clip), adamw)


def clip(largest: float) -> optax.GradientTransformation:
    """Return a transformation that scales gradients down to the norm ``largest`` over all parameters.

    It does by a product what `optax.clip_by_global_norm` does by a quotient. The compiler computes each quotient only
    once, and would keep the scaled gradients in memory of their own.
    """

    def scale(gradients: optax.Updates, params: optax.Params | None) -> optax.Updates:
        factor = jnp.minimum(1.0, largest / jnp.maximum(optax.tree.norm(gradients), jnp.finfo(jnp.float32).tiny))
        return jax.tree.map(lambda gradient: gradient * factor.astype(gradient.dtype), gradients)

    return optax.stateless(scale)


def warmup_cosine(peak: float, steps: int) -> optax.GradientTransformation:
    """Return AdamW behind a clipped gradient, at a rate that rises for a twentieth of the steps and falls to zero."""
    rate = optax.warmup_cosine_decay_schedule(0.0, peak, steps // 20, steps)
    return optax.chain(clip(1.0), optax.adamw(rate, weight_decay=0.01))


def _is_number(value: Any, kind: type) -> bool:
    """Return whether ``value`` is a number of this kind, Python's or NumPy's; a bool is not."""
    return isinstance(value, kind) and not isinstance(value, bool)
