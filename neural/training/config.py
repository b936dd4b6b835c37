"""The settings of the optimizer and of the run over the examples (paper, section 5.2)."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from numbers import Integral, Real
from sys import float_info
from typing import Any

import jax
import jax.numpy as jnp
import optax

from neural.errors import BadInput
from neural.model.lora import Lora

PRECISIONS = {"float32-master": jnp.float32, "as-published": jnp.bfloat16}  # of parameters and optimizer state
SCHEDULES: dict[str, Callable[[float, int], optax.Schedule]] = {  # of the highest rate and the steps at it and below
    "constant": lambda rate, _: optax.constant_schedule(rate),
    "linear": lambda rate, steps: optax.linear_schedule(rate, 0.0, steps),
    "cosine": lambda rate, steps: optax.cosine_decay_schedule(rate, max(steps, 1)),
}
LEAST = {"epochs": 1, "max_steps": 1, "seed": 0, "batch_size": 1, "accumulate": 1, "warmup": 0}
LEAST |= {"measure_every": 1, "max_tokens": 2}
OPTIONAL = "max_steps", "max_tokens"


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """AdamW; the defaults are the paper's (section 5.2): a constant rate, one dialogue a step.

    Attributes:
        learning_rate: the rate of AdamW, or the highest if it changes.
        epochs: the number of passes over the dialogues, each in a different order.
        max_steps: the number of steps after which to stop early, at most those of all epochs; None reads all epochs.
        weight_decay: AdamW's decoupled weight decay.
        clip: the largest norm of the gradient over all parameters; larger gradients are scaled down to it.
        precision: "float32-master", or "as-published" for parameters and optimizer state in bfloat16.
        seed: of the order of the dialogues; the order is a function of seed and epoch alone.
        batch_size: the number of dialogues of a step, whose loss is the mean over all their tokens that count.
        accumulate: the number of parts in which a step is computed, one after the other, to save memory; it divides
            ``batch_size`` and does not change the result, rounding apart.
        warmup: the number of steps over which the rate rises from 0 to ``learning_rate``, in a straight line.
        schedule: what becomes of the rate after that: "constant", "linear" or "cosine", which both end at 0 after the
            last step.
        measure_every: the number of steps between measurements of what is held out.
        max_tokens: the length above which dialogues are refused; None allows what the model does.
        cut: whether to cut dialogues to ``max_tokens`` instead, so that their ends are lost.
        lora: how to train adapters of low rank in place of the parameters; None trains all parameters.

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
    batch_size: int = 1
    accumulate: int = 1
    warmup: int = 0
    schedule: str = "constant"
    measure_every: int = 100
    max_tokens: int | None = None
    cut: bool = False
    lora: Lora | None = None

    def __post_init__(self) -> None:
        for name in ("learning_rate", "weight_decay", "clip"):
            value = getattr(self, name)
            if not (_is_number(value, Real) and 0 <= value <= float_info.max):
                raise BadInput(f"{name} is {value!r}, but must be a finite number, 0 or greater")
        for name, least in LEAST.items():
            value = getattr(self, name)
            if not (_is_number(value, Integral) and value >= least) and not (name in OPTIONAL and value is None):
                raise BadInput(f"{name} is {value!r}, but must be a whole number of at least {least}")
        if self.batch_size % self.accumulate:
            parts = f"{self.accumulate} parts of equal size"
            raise BadInput(f"a batch of {self.batch_size} dialogues has no {parts}: accumulate must divide batch_size")
        for name, known in (("precision", PRECISIONS), ("schedule", SCHEDULES)):
            value = getattr(self, name)
            if value not in known:
                raise BadInput(f"{name} is {value!r}, but must be one of {', '.join(known)}")

    def steps(self, examples: int) -> int:
        """Return the number of steps; the last one reads what is left.

        Args:
            examples: the number of examples of an epoch.

        Returns:
            ``max_steps``, or the number of steps of all epochs.

        Raises:
            BadInput: if the epochs have fewer than ``max_steps``.
        """
        every = ceil(self.epochs * examples / self.batch_size)
        if self.max_steps is not None and self.max_steps > every:
            once = f"{examples:,} dialogues in {self.epochs} epoch{'s' * (self.epochs > 1)}"
            once += f" and batches of {self.batch_size:,}" if self.batch_size > 1 else ""
            raise BadInput(f"{self.max_steps:,} steps were asked for, but {once} make {every:,}: ask for more epochs")
        return self.max_steps or every

    def rate(self, steps: int) -> optax.ScalarOrSchedule:
        """Return the rate: a number if it is always the same, otherwise a function of the number of steps done.

        Args:
            steps: the number of steps of the whole training.

        Returns:
            The number, or optax's schedule.

        Raises:
            BadInput: if the rate would rise for more steps than there are.

        Example:
            >>> rate = TrainConfig(learning_rate=1.0, warmup=2, schedule="linear").rate(6)
            >>> [float(rate(done)) for done in range(6)]
            [0.0, 0.5, 1.0, 0.75, 0.5, 0.25]
        """
        if self.warmup > steps:
            raise BadInput(f"the rate rises for {self.warmup:,} steps, but there are only {steps:,}: choose fewer")
        if self.schedule == "constant" and not self.warmup:
            return self.learning_rate
        rise = optax.linear_schedule(0.0, self.learning_rate, self.warmup)
        after = SCHEDULES[self.schedule](self.learning_rate, steps - self.warmup)
        return optax.join_schedules([rise, after], [self.warmup])

    def optimizer(self, steps: int) -> optax.GradientTransformation:
        """Return AdamW behind a clipped gradient.

        Args:
            steps: the number of steps of the whole training, after which the rate may be 0.

        Returns:
            The optimizer, for parameters of one model.

        Raises:
            BadInput: if the rate would rise for more steps than there are.
        """
        adamw = optax.adamw(self.rate(steps), weight_decay=self.weight_decay)
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


def _is_number(value: Any, kind: type) -> bool:
    """Return whether ``value`` is a number of this kind, Python's or NumPy's; a bool is not."""
    return isinstance(value, kind) and not isinstance(value, bool)
