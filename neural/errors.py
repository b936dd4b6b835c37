"""The errors this package raises when it cannot use what it was given."""

from typing import Any


class BadInput(ValueError):
    """Something that was given cannot be used: a folder, a dialogue, a setting, or a machine with too little memory.

    Example:
        >>> from neural import TrainConfig
        >>> TrainConfig(epochs=0)
        Traceback (most recent call last):
        ...
        neural.errors.BadInput: epochs is 0, but must be a whole number of at least 1
    """


class Diverged(BadInput):
    """A loss or a gradient that is not finite; the parameters are those before the step."""

    def __init__(self, name: Any, step: int, reading: str = ""):
        """Say which replica met it, at which step, ``reading`` what."""
        super().__init__(
            f"{name}, step {step}{reading}: the loss or its gradient is not a number: the parameters are damaged, or "
            "the learning rate is far too high"
        )
        self.name, self.step = name, step


class Stopped(Exception):
    """The work was asked to stop, and everything that was computed is kept."""


def summarize(problem: BaseException) -> str:
    """Return the message of another library's error on one line, or its type if it has none."""
    return " ".join(str(problem).split())[:160] or type(problem).__name__
