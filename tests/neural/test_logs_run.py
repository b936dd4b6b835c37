import json
import re

import pytest

from neural.own.result import LogsRun
from neural.result import read
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
    main(["--data", str(logs), "--out", str(out), *options.split()])
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
    assert "3 transcripts that were held out" in page
    assert "surprising" in page
    assert page.count("<svg") == 2


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
