"""The command: its options, what it refuses, and the folder of a run."""

import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from neural import train
from neural.errors import BadInput
from neural.origin import list_versions
from neural.run_folder import write_options

ROOT = Path(__file__).parents[2]


OPTIONS = {"seed": 3, "arms": ["standard"], "model": "embedded"}


@pytest.mark.parametrize("name", ["--resume", "--like"])
def test_the_options_of_a_run_are_read_back(tmp_path, name):
    write_options(tmp_path, {"options": OPTIONS})
    args = train.parse(train.Command("train"), [name, str(tmp_path), "--arms", "standard"])
    assert (args.seed, args.arms, args.model) == (3, ("standard",), "embedded")


def test_a_run_that_goes_on_with_other_versions_says_so(tmp_path, capsys):
    for before, said in (({}, ""), ({"jax": "0.0.1"}, "the run was begun with jax 0.0.1 and goes on with jax ")):
        write_options(tmp_path, {"options": OPTIONS, "versions": list_versions() | before})
        with train.open_folder(train.Command("train"), Namespace(resume=tmp_path)):
            line = capsys.readouterr().err
        assert line.startswith(said)
        assert bool(line) == bool(said)


def test_facts_are_named_by_a_path_when_a_run_goes_on(tmp_path):
    write_options(tmp_path, {"options": OPTIONS | {"facts": "my/facts.csv", "learning_rate": 1e-4, "steps": None}})
    args = train.parse(train.Command("train"), ["--resume", str(tmp_path)])
    assert (args.facts, args.learning_rate, args.steps) == (Path("my/facts.csv"), 1e-4, None)


@pytest.mark.parametrize(
    "hostile",
    [
        {"arms": ["../../outside"]}, {"arms": ["/outside"]}, {"arms": "a/../.."}, {"seed": "\x1b[2J"}, {"steps": 1e99},
        {"arms": []}, {"precision": ["half"]}, {"checkpoint_every": {}}, {"seed": -1},
    ],
)  # fmt: skip
def test_the_options_of_a_run_are_checked_as_arguments_are(tmp_path, capsys, hostile):
    write_options(tmp_path, {"options": OPTIONS | hostile})
    with pytest.raises(SystemExit, match="2"):
        train.parse(train.Command("train"), ["--resume", str(tmp_path)])
    said = capsys.readouterr().err
    assert said.startswith("train: argument --")
    assert said.count("\n") == 1
    assert "\x1b" not in said


@pytest.mark.parametrize("name", ["out", "resume", "show_tokens", "../x", "__class__"])
def test_a_run_cannot_say_where_the_next_is_written(tmp_path, name):
    write_options(tmp_path, {"options": OPTIONS | {name: "/outside"}})
    with pytest.raises(BadInput, match=f"there is no option {name}"):
        train.parse(train.Command("train"), ["--resume", str(tmp_path)])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--seed", "0"], "--seed was 3 in .*: leave it out"),
        (["--arms", "standard,interventional"], r"--arms was \['standard'\] in .*: leave it out"),
        (["--out", "elsewhere"], "--out and --resume name two folders"),
    ],
)
def test_the_options_of_a_run_are_not_contradicted(tmp_path, arguments, problem):
    write_options(tmp_path, {"options": OPTIONS})
    with pytest.raises(BadInput, match=problem):
        train.parse(train.Command("train"), ["--resume", str(tmp_path), *arguments])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--plan", "8", "--lora", "4"], "--plan is of training all parameters: leave --lora out"),
        (["--seed", "one"], "argument --seed: 'one' is not a whole number of at least 0"),
        (["--seed", "-1"], "argument --seed: '-1' is not a whole number of at least 0"),
        (["--steps", "0"], "argument --steps: '0' is not a whole number of at least 1"),
        (
            ["--arms", "standard,naive"],
            "'naive' is not an arm: choose from standard, interventional",
        ),
        (["--arms", "standard,standard"], "'standard' is named twice"),
        (["--precision", "half"], "invalid choice: 'half'"),
        (["--model", "/no/such/folder", "--out", "never-made"], "there is no folder /no/such/folder"),
        (["--model", "what is this?", "--out", "never-made"], "there is no folder what is this?"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["--out", str(ROOT)], "is not empty: name another folder"),
        (["--out", f"never-made/{'x' * 300}"], "cannot write to never-made/xxx"),
        (
            ["--steps", "5000", "--out", "never-made"],
            "5,000 steps were asked for, but 480 dialogues in 4 epochs make 1,920: ask for more epochs",
        ),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(monkeypatch, capsys, arguments, problem):
    monkeypatch.setattr("sys.argv", ["train", *arguments])
    with pytest.raises(SystemExit, match="2"):
        train.main()
    output = capsys.readouterr()
    assert output.out == ""
    assert problem in output.err
    assert output.err.count("\n") == 1
    assert not Path("never-made").exists()


def test_the_module_is_the_same_command_as_the_file():
    for start in (["-m", "neural.train"], [str(ROOT / "neural" / "train.py")]):
        done = subprocess.run([sys.executable, *start, "--seed=x"], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr.startswith("train: argument --seed: 'x' is not a whole number of at least 0")
