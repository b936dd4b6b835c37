from pathlib import Path

import pytest

from causal_agency.command import Command, whole_number


def test_a_refusal_is_one_line_and_exit_code_2(capsys):
    with pytest.raises(SystemExit, match="2"):
        Command("prog").error("no")
    assert capsys.readouterr().err == "prog: no (--help shows how it is used)\n"


@pytest.mark.parametrize("text", ["2", "3", "1000"])
def test_whole_numbers_from_the_smallest_on(text):
    assert whole_number(2)(text) == int(text)


@pytest.mark.parametrize("text", ["1", "-3", "two", "2.5", ""])
def test_other_numbers_are_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011, argparse wants no more
        whole_number(2)(text)
    assert whole_number(2).__name__ == "whole number from 2"


def test_files_are_written_or_the_reason_given(tmp_path, capsys):
    Command("prog").write(tmp_path / "a", lambda path: path.write_text("x"))
    assert (tmp_path / "a").read_text() == "x"
    with pytest.raises(SystemExit, match="2"):
        Command("prog").write(Path(tmp_path / "b" / "c"), lambda path: path.write_text("x"))
    assert "cannot write" in capsys.readouterr().err
