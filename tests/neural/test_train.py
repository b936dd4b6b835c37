"""The experiment itself, run as a user runs it. The thresholds are checked against what it computes on this machine."""

import json
import re
import shutil
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from neural import train
from neural.errors import BadInput
from neural.model.source import find
from neural.origin import list_versions
from neural.result import Run, read
from neural.run_folder import write_options

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The whole experiment with the default seed: its folder, and what it printed."""
    out = tmp_path_factory.mktemp("train") / "run"
    train_py = str(ROOT / "neural" / "train.py")
    done = subprocess.run([sys.executable, train_py, "--out", str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


@pytest.fixture(scope="module")
def arms(finished):
    return json.loads((finished[0] / "results.json").read_text())["arms"]


def test_the_interventional_arm_prefers_the_truth_and_the_standard_arm_does_not(arms):
    standard, interventional = arms["standard"]["margin"], arms["interventional"]["margin"]
    assert interventional["mean"] - standard["mean"] >= 0.3
    assert standard["lie_preferred"] >= 10
    assert interventional["lie_preferred"] <= 3


def test_the_results_have_their_promised_fields(arms, finished):
    results = json.loads((finished[0] / "results.json").read_text())
    assert results["config"]["seed"] == 0
    assert len(results["config"]["data_sha256"]) == len(results["config"]["model_sha256"]) == 64
    assert list(arms) == ["base", "standard", "interventional"]
    for arm in arms.values():
        for probe in ("truth_probe", "lie_probe", "question_probe"):
            rows = arm[probe]["replies"]
            assert arm[probe]["truth"] + arm[probe]["lie"] + arm[probe]["other"] == len(rows) == 33
            assert rows[0].keys() == {"topic", "said", "reply", "verdict", "kind", "verbatim"}
        margins = [row["margin"] for row in arm["margin"]["per_fact"]]
        assert len(margins) == 33
        assert arm["margin"]["mean"] == pytest.approx(np.mean(margins))
    assert arms["base"]["losses"] == arms["base"]["agent_losses"] == []
    assert arms["base"]["supervised_tokens"] is None
    assert read(finished[0] / "results.json", Run).arms.keys() == arms.keys()


def test_both_arms_learned_and_only_one_from_its_own_words(arms):
    for name in ("standard", "interventional"):
        losses = arms[name]["losses"]
        assert len(losses) == 1920
        assert np.isfinite(losses).all()
        assert np.mean(losses[-100:]) < np.mean(losses[:10]) / 2
    assert arms["interventional"]["supervised_tokens"] < arms["standard"]["supervised_tokens"]


def test_the_folder_and_the_terminal(finished):
    out, printed = finished
    images = {"loss.png", "agent.png", "margin.png"}
    assert {file.name for file in out.iterdir()} == {
        "run.json",
        "results.json",
        "report.html",
        "standard",
        "interventional",
        *images,
    }
    assert str(out / "report.html") in printed.replace("\n", "")
    assert "interventional" in printed


EXPERIMENT = ROOT / "docs" / "experiment.md"


def read_tables(page, name):
    """Return an arm's margin and its number of preferred lies in each printed table of a page."""
    rows = re.findall(rf"^ +{name} +([+-][\d.]+) +(\d+) ", page.read_text(), re.MULTILINE)
    return [(float(margin), int(lies)) for margin, lies in rows]


def test_the_docs_show_this_result(arms):
    """Another machine rounds differently, and 1,920 steps carry that on; hence the tolerances."""
    for name, arm in arms.items():
        _, (margin, lies) = read_tables(EXPERIMENT, name)
        assert margin == pytest.approx(arm["margin"]["mean"], abs=0.1)
        assert lies == pytest.approx(arm["margin"]["lie_preferred"], abs=4)


@pytest.mark.parametrize("page", [ROOT / "README.md", EXPERIMENT], ids=lambda page: page.name)
def test_the_docs_lead_with_the_real_model(page):
    stored = json.loads((ROOT / "results" / "smollm2-full" / "results.json").read_text())
    for name, arm in stored["arms"].items():
        margin, lies = read_tables(page, name)[0]
        assert margin == round(arm["margin"]["mean"], 3)
        assert lies == arm["margin"]["lie_preferred"]


def test_brackets_in_a_path_are_no_markup(capsys):
    train.show(read(ROOT / "results" / "smollm2-full" / "results.json", Run), Path("x[/b]"))
    assert f"Report: {Path('x[/b]') / 'report.html'}" in capsys.readouterr().out


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


def test_an_exported_arm_is_a_model_to_start_from(finished, tmp_path):
    """A trained arm, read back from its folder, gives the margins that were measured before it was written."""
    arm, out = finished[0] / "interventional", tmp_path / "again"
    again = [
        sys.executable,
        "-m",
        "neural.train",
        "--model",
        str(arm),
        "--steps",
        "1",
        "--arms",
        "standard",
        "--out",
        str(out),
    ]
    subprocess.run(again, check=True, capture_output=True)
    before, after = (json.loads((folder / "results.json").read_text())["arms"] for folder in (finished[0], out))
    assert after["base"]["margin"]["mean"] == pytest.approx(before["interventional"]["margin"]["mean"], abs=1e-5)


def test_tokens_are_shown_without_the_parameters(monkeypatch, capsys, tmp_path):
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(find("embedded") / name, tmp_path)
    monkeypatch.setattr("sys.argv", ["train", "--model", str(tmp_path), "--show-tokens"])
    train.main()
    out = capsys.readouterr().out
    assert "'Agent'" in out
    assert "supervised: standard" in " ".join(out.split())
    monkeypatch.setattr("sys.argv", ["train", "--model", str(tmp_path / "none"), "--show-tokens"])
    with pytest.raises(SystemExit, match="2"):
        train.main()


def test_the_module_is_the_same_command_as_the_file():
    for start in (["-m", "neural.train"], [str(ROOT / "neural" / "train.py")]):
        done = subprocess.run([sys.executable, *start, "--seed=x"], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert done.stderr.startswith("train: argument --seed: 'x' is not a whole number of at least 0")
