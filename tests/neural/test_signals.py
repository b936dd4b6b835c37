import os
import signal

import pytest

from neural.signals import NAMES, Signals


@pytest.fixture(autouse=True)
def not_ignored():
    """The signals as a command in the foreground finds them: under nohup some are ignored."""
    before = {each: signal.signal(each, signal.SIG_DFL) for each in (getattr(signal, name) for name in NAMES)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


class Ended(Exception):
    """Stands for the end of the process."""


def end(code):
    raise Ended(code)


@pytest.mark.parametrize("name", NAMES)
def test_outside_of_steps_a_signal_ends_the_process(name):
    number = getattr(signal, name)
    with Signals(end).caught(), pytest.raises(Ended, match=str(128 + number)):
        os.kill(os.getpid(), number)


def test_between_steps_the_first_signal_is_noted_and_the_second_ends_the_process(capfd):
    signals = Signals(end)
    with signals.caught(), signals.between_steps():
        assert signals.asked is None
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.asked == signal.SIGTERM
        assert capfd.readouterr().err == "\nfinishing this step; once more ends at once\n"
        with pytest.raises(Ended, match="130"):
            os.kill(os.getpid(), signal.SIGINT)


def test_an_ignored_signal_stays_ignored_and_handlers_are_put_back():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN), signal.getsignal(signal.SIGTERM)
    try:
        with Signals(end).caught():
            os.kill(os.getpid(), signal.SIGHUP)  # as under nohup
            assert signal.getsignal(signal.SIGTERM) != before[1]
        assert signal.getsignal(signal.SIGTERM) == before[1]
    finally:
        signal.signal(signal.SIGHUP, before[0])
