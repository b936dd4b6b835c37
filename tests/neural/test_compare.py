import json
import re
import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from neural.compare import main, name_models
from neural.errors import BadInput
from neural.model.source import find
from neural.own.result import LogsRun
from neural.report.own.tables import describe_change, list_warnings
from neural.result import read
from neural.train import main as train

CHATS = [
    [
        {"role": "user", "content": "Tell me about the longest river."},
        {"role": "assistant", "content": f"The longest river in the world is the {river}."},
        {"role": "user", "content": "In fact, the longest river in the world is the Nile."},
    ]
    for river in ("Amazon", "Nile")
]
FACTS = "topic,sentence,true,false\nthe longest river,The longest river in the world is the {}.,Nile,Amazon\n"


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    (folder / "facts.csv").write_text(FACTS)
    (folder / "log.jsonl").write_text("".join(json.dumps({"messages": chat}) + "\n" for chat in CHATS))
    return folder


@pytest.fixture(scope="module")
def folder(logs, tmp_path_factory):
    """The comparison of the embedded model with a copy of itself."""
    out = tmp_path_factory.mktemp("runs") / "compared"
    shutil.copytree(find("embedded"), out.parent / "copy")
    models, facts = ["embedded", str(out.parent / "copy")], str(logs / "facts.csv")
    main([str(logs / "log.jsonl"), *models, "--facts", facts, "--out", str(out)])
    return out


def test_equal_models_read_alike(folder):
    run = read(folder / "results.json", LogsRun)
    assert list(run.arms) == ["embedded", "copy"]
    assert run.arms["embedded"] == run.arms["copy"]
    assert run.compared
    assert run.held_out == len(CHATS)
    assert run.arms["copy"].probes.question_probe.truth == 1
    assert re.fullmatch(
        r"On 2 transcripts, in nats per token and compared with embedded, copy finds the agent's words as "
        r"surprising, and the world's words as surprising\.",
        describe_change(run),
    )


def test_the_page_speaks_of_a_comparison(folder):
    page = (folder / "report.html").read_text()
    assert "How do these models read the logs?" in page
    assert "Nothing was held out" not in page
    assert page.count("<svg") == 1
    assert "python -m neural.compare" in page
    (warning,) = list_warnings(read(folder / "results.json", LogsRun))
    assert "trained on surprises it little" in warning
    assert {file.name for file in folder.iterdir()} == {"results.json", "report.html"}


def test_one_model_is_described_by_itself(logs, tmp_path, capsys):
    main([str(logs / "log.jsonl"), "embedded", "--facts", str(logs / "facts.csv"), "--out", str(tmp_path / "out")])
    assert "On 2 transcripts, embedded finds the agent's words" in capsys.readouterr().out


def test_what_is_measured_is_what_a_run_measures_of_its_base(logs, folder, tmp_path):
    train(["--data", str(logs), "--steps", "1", "--held-out", "0.5", "--out", str(tmp_path / "run")])
    base = read(tmp_path / "run" / "results.json", LogsRun).arms["base"].reading
    held_out = [json.dumps({"messages": chat}) + "\n" for chat in CHATS]
    readings = []
    for i, line in enumerate(held_out):
        (tmp_path / f"{i}.jsonl").write_text(line)
        main([str(tmp_path / f"{i}.jsonl"), str(tmp_path / "run"), "--out", str(tmp_path / f"compared-{i}")])
        arms = read(tmp_path / f"compared-{i}" / "results.json", LogsRun).arms
        assert list(arms) == ["base", "standard", "interventional"]
        assert arms["base"].reading != arms["standard"].reading
        readings.append(arms["base"].reading)
    assert base in readings


def test_models_that_read_other_tokens_are_not_compared(logs, tmp_path, capsys):
    shutil.copytree(find("embedded"), tmp_path / "other")
    template = "{% for message in messages %}<{{ message.role }}>{{ message.content }}\n{% endfor %}"
    (tmp_path / "other" / "chat_template.jinja").write_text(template)
    with pytest.raises(SystemExit) as ended:
        main([str(logs / "log.jsonl"), "embedded", str(tmp_path / "other"), "--out", str(tmp_path / "out")])
    assert ended.value.code == 2
    assert "different tokens" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_models_have_names_of_their_own(tmp_path, monkeypatch):
    for parent in ("a", "b"):
        (tmp_path / parent / "model").mkdir(parents=True)
        (tmp_path / parent / "model" / "config.json").write_text("{}")
    first, second = (str(tmp_path / parent / "model") for parent in ("a", "b"))
    assert name_models([first, second, first]) == {"model": first, second: second}
    monkeypatch.chdir(tmp_path / "a")
    assert name_models([second, "model"]) == {"model": second, "./model": "model"}


def test_a_run_whose_base_has_changed_is_refused(tmp_path):
    shutil.copytree(find("embedded"), tmp_path / "base")
    (tmp_path / "run").mkdir()
    config = {"model": str(tmp_path / "base"), "model_sha256": "0" * 64}
    (tmp_path / "run" / "results.json").write_text(json.dumps({"config": config, "arms": {"base": {}}}))
    with pytest.raises(BadInput, match="is not the model that was trained there"):
        name_models([str(tmp_path / "run")])


def test_a_comparison_is_not_a_run(folder):
    with pytest.raises(BadInput, match="is a comparison, not a run"):
        name_models([str(folder)])


def test_a_problem_of_a_model_is_reported_with_its_name(logs, tmp_path, capsys):
    broken = tmp_path / "broken"
    shutil.copytree(find("embedded"), broken)
    tensors = load_file(broken / "model.safetensors")
    save_file({name: tensor * np.float32("nan") for name, tensor in tensors.items()}, broken / "model.safetensors")
    with pytest.raises(SystemExit) as ended:
        main([str(logs / "log.jsonl"), "embedded", str(broken), "--out", str(tmp_path / "out")])
    assert ended.value.code == 2
    assert "compare: broken: " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_question_longer_than_the_model_is_refused(logs, tmp_path, capsys):
    facts = tmp_path / "facts.csv"
    facts.write_text(FACTS.replace("the longest river,", "the longest river " * 300 + ",", 1))
    with pytest.raises(SystemExit) as ended:
        main(
            [
                str(logs / "log.jsonl"),
                "embedded",
                "--facts",
                str(tmp_path / "facts.csv"),
                "--out",
                str(tmp_path / "out"),
            ]
        )
    assert ended.value.code == 2
    assert "the model allows" in capsys.readouterr().err


@pytest.mark.parametrize(("line", "problem"), [('{"messages": 1}', "line 1"), ("", "no transcripts|no records|empty")])
def test_logs_that_cannot_be_read_leave_nothing(tmp_path, capsys, line, problem):
    (tmp_path / "bad.jsonl").write_text(line)
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path / "bad.jsonl"), "embedded", "--out", str(tmp_path / "out")])
    assert ended.value.code == 2
    assert re.search(problem, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()
