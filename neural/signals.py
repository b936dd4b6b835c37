"""Signals that ask a command to stop: Ctrl-C, SIGTERM and SIGHUP.

A handler never raises: an exception inside JAX's own callbacks is swallowed there, and the work goes on. It notes the
signal for work that looks at it after each step, or it ends the process itself.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

NAMES = "SIGINT", "SIGTERM", "SIGHUP"  # as far as the system has them
NOTE = b"\nfinishing this step; once more ends at once\n"


class Signals:
    """What a command was asked: ``asked`` is the number of the signal that work `between_steps` is to stop for.

    ``end`` ends the process with an exit code; it is called where nobody looks at ``asked``, and at the second signal.
    """

    def __init__(self, end: Callable[[int], NoReturn]):
        self.asked: int | None = None
        self.end, self.steps, self.note = end, False, b""

    def handle(self, number: int, _frame: FrameType | None = None) -> None:
        """Note the signal, or end the process."""
        if self.asked is None and self.steps:
            self.asked = number
            os.write(2, self.note)
        else:
            self.end(128 + number)

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Handle the signals while this is entered, unless they are ignored, as SIGHUP is under nohup."""
        known = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
        before = {each: signal.getsignal(each) for each in known if signal.getsignal(each) != signal.SIG_IGN}
        for each in before:
            signal.signal(each, self.handle)
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    @contextmanager
    def between_steps(self, note: bytes = NOTE) -> Iterator[None]:
        """Note the first signal while this is entered: the work inside looks at ``asked`` after each step.

        ``note`` is then written to standard error.
        """
        self.steps, self.note = True, note
        try:
            yield
        finally:
            self.steps = False
