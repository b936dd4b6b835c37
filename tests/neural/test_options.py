"""Options from a file: checked as those of a command line are, and behind them."""

import json
import re
from argparse import Namespace
from pathlib import Path

import pytest

from neural import train
from neural.cli import Command
from neural.errors import BadInput
from neural.options import read_config

TOML = """
seed = 3
arms = ["standard", "agent-0.5"]
learning-rate = 1e-4
batch-size = 4
skip-bad = true
data = "my logs.jsonl"
log = "jsonl"
lora = 8
"""
YAML = json.dumps(
    {"seed": 3, "arms": ["standard", "agent-0.5"], "learning-rate": 1e-4, "batch-size": 4, "skip-bad": True}
    | {"data": "my logs.jsonl", "log": "jsonl", "lora": 8}
)  # which is YAML, too


def parse(*arguments):
    return vars(train.parse(Command("train"), list(arguments)))


@pytest.mark.parametrize(("name", "text"), [("run.toml", TOML), ("run.yaml", YAML), ("RUN.YML", YAML)])
def test_a_file_says_what_a_command_line_says(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    typed = "--seed 3 --arms standard,agent-0.5 --learning-rate 1e-4 --batch-size 4 --skip-bad --log jsonl --lora 8"
    read = parse("--config", str(tmp_path / name))
    assert read.pop("config") == tmp_path / name
    assert read.items() >= parse(*typed.split(), "--data", "my logs.jsonl").items() - {("config", None)}
    assert read["arms"] == ("standard", "agent-0.5")


def test_the_command_line_wins(tmp_path):
    (tmp_path / "run.toml").write_text("seed = 3\nsteps = 9\n")
    args = parse("--steps", "2", "--config", str(tmp_path / "run.toml"))
    assert (args["seed"], args["steps"]) == (3, 2)


def test_every_option_may_stand_in_a_file(tmp_path):
    """All but the file itself: with the value that it has without one, where that can be written."""
    command = Command("train")
    train.add_options(command)
    names = {name.replace("_", "-") for name in vars(command.parse_args([]))} - {"config"}
    file = tmp_path / "run.toml"
    file.write_text("".join(f"{name} = false\n" for name in names))
    assert read_config(command, file) == []


def test_an_option_that_is_false_is_not_set(tmp_path):
    (tmp_path / "run.toml").write_text("skip-bad = false\n")
    assert parse("--config", str(tmp_path / "run.toml"))["skip_bad"] is False


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("run.toml", "sead = 1", "there is no option sead"),
        ("run.toml", "batch_size = 1", "there is no option batch_size"),
        ("run.toml", 'config = "run.toml"', "there is no option config"),
        ("run.toml", "seed = 1979-05-27", "seed is neither a text, a number"),
        ("run.toml", "[seed]\nvalue = 1", "seed is neither a text, a number"),
        ("run.toml", "arms = [[1]]", "arms is neither a text, a number"),
        ("run.toml", "seed = ", "is not TOML: Invalid value"),
        ("run.toml", "seed = 1\nseed = 2", "is not TOML: Cannot overwrite a value"),
        ("run.toml", "\udcff", "is not TOML: 'utf-8' codec"),
        ("run.yaml", "seed: [", "is not YAML: "),
        ("run.yaml", "seed: !!python/name:os.system", "is not YAML: "),
        ("run.yaml", "- seed", "has no options: write lines such as seed = 1"),
        ("run.yaml", "1: 2", "there is no option 1"),
        ("run.json", "{}", "the name of a file of options ends in .toml, .yaml, .yml"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(tmp_path, name, text, problem):
    (tmp_path / name).write_text(text, errors="surrogateescape")
    with pytest.raises(BadInput, match=f"^{re.escape(str(tmp_path / name))}.*{re.escape(problem)}"):
        parse("--config", str(tmp_path / name))


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(BadInput, match=r"^cannot read .*none\.toml: No such file"):
        parse("--config", str(tmp_path / "none.toml"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('seed = "one"', "argument --seed: 'one' is not a whole number of at least 0"),
        ("seed = true", "argument --seed: expected one argument"),
        ('skip-bad = "yes"', "argument --skip-bad: ignored explicit argument 'yes'"),
        ('log = "csv"', "argument --log: invalid choice: 'csv'"),
        ("lora = 0", "argument --lora: '0' is not a whole number of at least 1"),
    ],
)
def test_values_are_checked_as_arguments_are(tmp_path, capsys, text, problem):
    (tmp_path / "run.toml").write_text(text)
    with pytest.raises(SystemExit, match="2"):
        parse("--config", str(tmp_path / "run.toml"))
    said = capsys.readouterr().err
    assert problem in said
    assert said.count("\n") == 1


def test_the_command_ends_with_2_and_leaves_nothing(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("run.toml").write_text("sead = 1\n")
    with pytest.raises(SystemExit, match="2"):
        train.main(["--config", "run.toml"])
    assert capsys.readouterr().err == "train: run.toml: there is no option sead\n"
    assert [file.name for file in tmp_path.iterdir()] == ["run.toml"]


def test_measuring_needs_a_log():
    with pytest.raises(BadInput, match="--measure-every measures for a log: add --log jsonl"):
        parse("--data", "logs.jsonl", "--measure-every", "5")


@pytest.mark.parametrize("name", ["--resume", "--like"])
def test_a_run_remembers_what_a_file_said(tmp_path, name):
    (tmp_path / "run.toml").write_text(TOML)
    command = Command("train")
    args = train.parse(command, ["--config", str(tmp_path / "run.toml"), "--steps", "4"])
    with train.open_folder(command, Namespace(**vars(args) | {"out": tmp_path / "run"})) as folder:
        (folder / "checkpoints").mkdir()
    again = vars(train.parse(Command("train"), [name, str(folder)]))
    for option in ("config", "out", "resume", "like"):
        del again[option]
    assert again.items() <= vars(args).items()
    assert (again["lora"], again["log"], again["steps"], again["skip_bad"]) == (8, "jsonl", 4, True)
