import pytest

from neural import __main__


def run(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["causal-agency", *arguments])
    __main__.main()


@pytest.mark.parametrize("name", __main__.COMMANDS)
def test_every_command_is_dispatched_with_its_arguments(monkeypatch, name):
    seen = []
    monkeypatch.setattr(f"neural.{name}.main", seen.append)
    run(monkeypatch, name, "--out", "somewhere", "--seed=3")
    assert seen == [["--out", "somewhere", "--seed=3"]]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["frobnicate"], "causal-agency: argument command: invalid choice: 'frobnicate'"),
        ([], "causal-agency: the following arguments are required: command"),
        (["train", "--seed=x"], "train: argument --seed: 'x' is not a whole number of at least 0"),
        (["pretrain", "--frobnicate"], "pretrain: the following arguments are required: --out"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_code_2(monkeypatch, capsys, arguments, problem):
    with pytest.raises(SystemExit, match="2"):
        run(monkeypatch, *arguments)
    output = capsys.readouterr()
    assert output.out == ""
    assert problem in output.err
    assert output.err.count("\n") == 1


def test_help_lists_the_commands(monkeypatch, capsys):
    with pytest.raises(SystemExit, match="0"):
        run(monkeypatch, "--help")
    said = " ".join(capsys.readouterr().out.split())
    for name, what in __main__.COMMANDS.items():
        assert f"{name}: {what}" in said


def test_the_help_of_a_command_is_its_own(monkeypatch, capsys):
    with pytest.raises(SystemExit, match="0"):
        run(monkeypatch, "train", "--help")
    assert "--show-tokens" in capsys.readouterr().out
