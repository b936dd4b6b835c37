import os
import signal
import subprocess
import sys
from argparse import ArgumentTypeError

import pytest

from causal_agency.cli import BadInput, Command, image_file, stoppable, whole_number


def test_an_error_is_one_line_and_exit_code_2(capsys):
    with pytest.raises(SystemExit, match="2"):
        Command("prog").error("no")
    assert capsys.readouterr().err == "prog: no (--help shows how it is used)\n"


def test_bad_input_is_refused_and_good_input_worked_with(capsys):
    def half(n):
        if n % 2:
            raise BadInput(f"{n} is odd")
        return n // 2

    assert Command("prog").refusing(half, 4) == 2
    with pytest.raises(SystemExit, match="2"):
        Command("prog").refusing(half, 3)
    assert capsys.readouterr().err.startswith("prog: 3 is odd")


def test_to_stop_is_one_line_and_exit_code_130_whatever_is_still_going_on():
    code = """
import atexit
from causal_agency.cli import Command
atexit.register(print, "an orderly end")
Command("prog").stop("stopped")
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "\nprog: stopped\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are other ones there")
def test_to_be_ended_is_to_be_interrupted_unless_it_is_to_be_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN), signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with stoppable():
            os.kill(os.getpid(), signal.SIGHUP)  # as under nohup
            with pytest.raises(KeyboardInterrupt):
                os.kill(os.getpid(), signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before[0])
        signal.signal(signal.SIGTERM, before[1])


@pytest.mark.parametrize("text", ["2", "3", "1000"])
def test_whole_numbers_from_the_smallest_on(text):
    assert whole_number(2)(text) == int(text)


@pytest.mark.parametrize("text", ["1", "-3", "two", "2.5", ""])
def test_other_numbers_are_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011, argparse wants no more
        whole_number(2)(text)
    assert whole_number(2).__name__ == "whole number from 2"


@pytest.mark.parametrize("name", ["figure.png", "figure.svg", "figure.pdf"])
def test_image_files(tmp_path, name):
    assert image_file(str(tmp_path / name)) == tmp_path / name


@pytest.mark.parametrize("name", ["figure", "figure.txt", "missing/figure.png", ""])
def test_other_files_are_rejected(tmp_path, name):
    with pytest.raises(ArgumentTypeError, match=r"is not a .png, .svg or .pdf file in an existing folder"):
        image_file(str(tmp_path / name))
