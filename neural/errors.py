"""The error this package raises when it cannot use what it was given."""


class BadInput(ValueError):
    """Something that was given cannot be used: a folder, a dialogue, a setting, or a machine with too little memory.

    Example:
        >>> from neural import TrainConfig
        >>> TrainConfig(epochs=0)
        Traceback (most recent call last):
        ...
        neural.errors.BadInput: epochs is 0, but must be a whole number of at least 1
    """


def summarize(problem: Exception) -> str:
    """Return the message of another library's error on one line, or its type if it has none."""
    return " ".join(str(problem).split())[:160] or type(problem).__name__
