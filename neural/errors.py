"""The error this package raises when it cannot use what it was given."""


class BadInput(ValueError):
    """Something the caller gave cannot be used: a folder, a dialogue, a setting, or a machine with too little memory."""
