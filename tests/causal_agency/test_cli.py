import re
import subprocess
import sys
from argparse import ArgumentTypeError
from importlib.metadata import PackageNotFoundError, version
from unittest import mock

import pytest

from causal_agency.cli import Command, image_file


def test_an_error_is_one_line_and_exit_code_2(capsys):
    with pytest.raises(SystemExit, match="2"):
        Command("prog").error("no")
    assert capsys.readouterr().err == "prog: no (see --help)\n"


def test_every_command_prints_the_version():
    command = [sys.executable, "-m", "causal_agency.examples.two_action", "--version"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == (
        f"causal-agency {version('causal-agency')}\n"
    )


def test_the_version_is_an_option_like_others(capsys):
    command = Command("prog", description="What it does.")
    assert command.parse_args([]).__dict__ == {}
    with pytest.raises(SystemExit, match="0"):
        command.parse_args(["--version"])
    assert capsys.readouterr().out == f"causal-agency {version('causal-agency')}\n"
    with pytest.raises(SystemExit, match="0"):
        command.parse_args(["--help"])
    told = capsys.readouterr().out
    assert "What it does." in told
    assert re.search(r"--version +show the version and exit$", told, re.M)


def test_only_the_version_needs_the_installed_package(capsys):
    with mock.patch("importlib.metadata.version", side_effect=PackageNotFoundError) as ask:
        with pytest.raises(SystemExit, match="0"):
            Command("prog").parse_args(["--help"])
        assert not ask.called
        with pytest.raises(SystemExit, match="2"):
            Command("prog").parse_args(["--version"])
    assert capsys.readouterr().err == (
        "prog: causal-agency is not installed, so its version is not known (see --help)\n"
    )


@pytest.mark.parametrize("name", ["figure.png", "figure.svg", "figure.pdf"])
def test_image_files(tmp_path, name):
    assert image_file(str(tmp_path / name)) == tmp_path / name


@pytest.mark.parametrize("name", ["figure", "figure.txt", "missing/figure.png", ""])
def test_other_files_are_rejected(tmp_path, name):
    with pytest.raises(ArgumentTypeError, match=r"is not a .png, .svg or .pdf file in an existing folder"):
        image_file(str(tmp_path / name))


def test_an_abbreviated_option_is_not_taken(capsys):
    command = Command("prog")
    command.add_argument("--learning-rate")
    with pytest.raises(SystemExit, match="2"):
        command.parse_args(["--learning-rat", "1"])
    assert "unrecognized arguments: --learning-rat" in capsys.readouterr().err
