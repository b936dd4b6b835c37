import json
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file

from neural import cli, logs_run, train
from neural.cli import Command
from neural.errors import Stopped
from neural.model.checkpoint import save
from neural.own.result import LogsRun
from neural.report.own.tables import list_warnings
from neural.result import read
from neural.signals import Signals
from neural.train import main

CHATS = [
    [
        {"role": "user", "content": f"Tell me about the number {i}."},
        {"role": "assistant", "content": f"It is {i + 1}."},
        {"role": "user", "content": f"No, it is {i}."},
    ]
    for i in range(12)
]


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    file = tmp_path_factory.mktemp("logs") / "log.jsonl"
    file.write_text("".join(json.dumps({"messages": chat}) + "\n" for chat in CHATS))
    return file


@pytest.fixture(scope="module")
def folder(logs, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "run"
    options = "--steps 3 --batch-size 4 --arms standard,interventional --learning-rate 1e-3 --held-out 0.25"
    facts = out.parent / "facts.csv"
    fact = "the longest river,The longest river in the world is the {}.,Nile,Amazon"
    facts.write_text(f"topic,sentence,true,false\n{fact}\n")
    main(["--data", str(logs), "--out", str(out), "--facts", str(facts), *options.split()])
    return out


def test_the_results_are_read_back(folder):
    run = read(folder / "results.json", LogsRun)
    assert list(run.arms) == ["base", "standard", "interventional"]
    assert run.held_out == 3
    assert [len(model.losses) for model in run.arms.values()] == [0, 3, 3]
    assert run.arms["standard"].supervised_tokens > run.arms["interventional"].supervised_tokens > 0
    assert run.written["agent"] > 0


def test_each_arm_is_a_model_to_be_served(folder):
    for arm in ("standard", "interventional"):
        assert (folder / arm / "model.safetensors").exists()
        assert "eos_token_id" in json.loads((folder / arm / "generation_config.json").read_text())
        assert f"fine-tuned on logs: {arm}" in (folder / arm / "README.md").read_text()


def test_the_page_says_what_happened(folder):
    page = (folder / "report.html").read_text()
    assert "3; at most 4 epochs" in page
    assert "Only" not in page
    assert "of the words are new to the embedded model" in page
    for said in ("Tell me about the longest river.", "The longest river in the world is the Amazon."):
        assert said in page
    assert "3 transcripts that were held out" in page
    assert "surprising" in page
    assert page.count("<svg") == 2


def test_the_same_dialogue_held_out_again_and_again_is_said_to_be_one(folder):
    run = read(folder / "results.json", LogsRun)
    assert run.config["held_out_distinct"] == 3
    assert not any("distinct" in warning for warning in list_warnings(run))
    repeated = replace(run, config=run.config | {"held_out_distinct": 1})
    assert "Only 1 of the 3 transcripts that were held out are distinct." in list_warnings(repeated)


def test_nothing_of_the_work_is_left(folder):
    left = {file.name for file in folder.iterdir()}
    assert left == {"results.json", "report.html", "run.json", "standard", "interventional"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"messages": [{"role": "alien", "content": "x"}]}', "line 1.*alien"),
        ('{"messages": [{"role": "assistant", "content": "x"}]}', "evidence"),
    ],
)
def test_logs_that_cannot_be_used_leave_nothing(tmp_path, capsys, line, problem):
    (tmp_path / "bad.jsonl").write_text(line + "\n")
    with pytest.raises(SystemExit) as ended:
        main(["--data", str(tmp_path / "bad.jsonl"), "--out", str(tmp_path / "run")])
    assert ended.value.code == 2
    assert re.search(problem, capsys.readouterr().err)
    assert not (tmp_path / "run").exists()


def test_the_paper_s_options_have_no_place_with_logs(logs, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--data", str(logs), "--p-lie", "0.5", "--out", str(tmp_path / "run")])
    assert ended.value.code == 2
    assert "--p-lie" in capsys.readouterr().err


@pytest.fixture(scope="module")
def model(checkpoint, tmp_path_factory):
    """A folder with a small random model."""
    folder = tmp_path_factory.mktemp("models") / "small"
    save(checkpoint, folder)
    return folder


class Killed(BaseException):
    """What a process that is killed does: nothing more."""


def work(folder, arguments, at=None, end=None):
    """Work on the run in ``folder`` as a process does; after step ``at``, call ``end`` with its signals."""
    args, signals = train.parse(Command("train"), arguments), Signals(sys.exit)
    folder.mkdir(exist_ok=True)
    train.write_options(folder, {"options": {}})

    class Progress(cli.Progress):
        def __call__(self, step):
            if step.done == at:
                end(signals)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neural.session.Progress", Progress)
        logs_run.run(folder, args, signals, 0.0)


def stop(signals):
    signals.asked = 15


def kill(_signals):
    raise Killed


def contents(folder):
    """Return the bytes of what was trained, the losses of each step, and the log."""
    files = sorted(folder.rglob("*.safetensors"))
    losses = {arm: model.losses for arm, model in read(folder / "results.json", LogsRun).arms.items()}
    return [(file.relative_to(folder), file.read_bytes()) for file in files], losses, (folder / "log.jsonl").read_text()


@pytest.mark.parametrize("lora", [(), ("--lora", "2")], ids=["parameters", "adapters"])
def test_a_run_that_was_stopped_or_killed_ends_with_the_same_bytes(logs, model, tmp_path, lora):
    arguments = ["--model", str(model), "--data", str(logs), "--log", "jsonl", "--measure-every", "2", *lora]
    arguments += "--steps 5 --batch-size 3 --learning-rate 1e-2 --held-out 0.2 --checkpoint-every 2".split()
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    work(whole, arguments)
    with pytest.raises(Stopped):
        work(broken, arguments, 1, stop)
    with pytest.raises(Killed):
        work(broken, arguments, 4, kill)  # after the checkpoint of step 2, and after step 3 was logged
    assert len((broken / "log.jsonl").read_text().splitlines()) == 5
    work(broken, arguments)
    assert contents(broken) == contents(whole)
    names = [str(name) for name, _ in contents(whole)[0] if "checkpoints" not in str(name)]
    folders = ["", "adapter/"] if lora else [""]
    assert len(names) == 2 * len(folders)
    assert all(len(losses) == 5 for losses in list(contents(whole)[1].values())[1:])


def test_adapters_are_exported_merged_and_apart(logs, model, tmp_path, checkpoint):
    """W + (A B)ᵀ · alpha / rank, of every linear map; everything else is as it was."""
    arguments = ["--model", str(model), "--data", str(logs), "--lora", "2", "--steps", "2", "--learning-rate", "1e-2"]
    work(tmp_path / "run", arguments)
    base, arm = load_file(model / "model.safetensors"), tmp_path / "run" / "interventional"
    merged, adapter = load_file(arm / "model.safetensors"), load_file(arm / "adapter" / "adapter_model.safetensors")
    assert len(adapter) == 2 * 7 * checkpoint.config.num_hidden_layers
    changed = 0
    for name, weights in base.items():
        a, b = (adapter.get(f"base_model.model.{name.removesuffix('weight')}lora_{x}.weight") for x in "AB")
        added = 0 if a is None else b.astype(float) @ a * 32 / 2
        np.testing.assert_allclose(merged[name], weights + added, atol=1e-6)
        changed += a is not None and not np.array_equal(merged[name], weights)
    assert changed == len(adapter) // 2
    config = json.loads((arm / "adapter" / "adapter_config.json").read_text())
    assert (config["r"], config["base_model_name_or_path"]) == (2, str(model))


def test_what_is_left_out_is_told_to_whoever_speaks_and_to_nobody_else(logs, tokenizer, tmp_path, capsys):
    """Of several processes all read the logs, and the first one speaks."""
    (tmp_path / "log.jsonl").write_text('{"messages": 1}\n' + logs.read_text())
    args = train.parse(Command("train"), ["--data", str(tmp_path / "log.jsonl"), "--skip-bad"])
    said: list[str] = []
    assert len(logs_run.read_logs(args, tokenizer, 512, said.append).all) == len(CHATS)
    (told,) = said
    assert told.startswith(f"1 transcripts were left out, the first because of {tmp_path / 'log.jsonl'}, line 1: ")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("package", ["tensorboard", "wandb"])
def test_a_log_whose_package_is_missing_ends_the_run_before_it_begins(logs, tmp_path, capsys, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, f"{package}.summary", None)
    with pytest.raises(SystemExit, match="2"):
        main(["--data", str(logs), "--log", package, "--out", str(tmp_path / "run")])
    assert capsys.readouterr().err == f"train: a log for {package} needs its package: pip install {package}\n"
    assert not (tmp_path / "run").exists()
