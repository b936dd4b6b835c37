from argparse import ArgumentTypeError

import pytest

from causal_agency.cli import Command, image_file


def test_an_error_is_one_line_and_exit_code_2(capsys):
    with pytest.raises(SystemExit, match="2"):
        Command("prog").error("no")
    assert capsys.readouterr().err == "prog: no (--help shows how it is used)\n"


@pytest.mark.parametrize("name", ["figure.png", "figure.svg", "figure.pdf"])
def test_image_files(tmp_path, name):
    assert image_file(str(tmp_path / name)) == tmp_path / name


@pytest.mark.parametrize("name", ["figure", "figure.txt", "missing/figure.png", ""])
def test_other_files_are_rejected(tmp_path, name):
    with pytest.raises(ArgumentTypeError, match=r"is not a .png, .svg or .pdf file in an existing folder"):
        image_file(str(tmp_path / name))
