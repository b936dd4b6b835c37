import shlex
import subprocess
from datetime import datetime

import pytest

from neural import origin, train
from neural.cli import Command
from neural.options import NOT_OPTIONS, list_options, to_option


def test_the_start_of_a_run(monkeypatch):
    monkeypatch.setattr(origin, "find_commit", lambda: "abc-dirty")
    start = origin.describe_start("train", ["--model=my model"])
    assert tuple(start) == origin.START
    assert shlex.split(start["command"]) == ["python", "-m", "neural.train", "--model=my model"]
    assert datetime.strptime(start["started"], "%Y-%m-%d %H:%M UTC")
    assert start["commit"] == "abc-dirty"


def test_other_versions_are_named():
    now = origin.list_versions()
    assert origin.compare_versions(now) == origin.compare_versions({}) == origin.compare_versions(None) == ""
    before = now | {"jax": "0.0.1", "numpy": "0.0.2"}
    assert origin.compare_versions(before) == (
        f"jax 0.0.1, numpy 0.0.2 and goes on with jax {now['jax']}, numpy {now['numpy']}"
    )


@pytest.fixture
def clone(tmp_path):
    """A clone with one commit of one file."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    (tmp_path / "a").write_text("a")
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "a"]):
        subprocess.run([*git, *arguments], check=True)
    return tmp_path


def test_the_commit_of_a_clone_and_whether_files_differ_from_it(clone):
    head = subprocess.run(["git", "-C", str(clone), "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert origin.find_commit(clone) == head.stdout[:12]
    (clone / "a").write_text("b")
    assert origin.find_commit(clone) == f"{head.stdout[:12]}-dirty"


def test_without_a_clone_or_git_there_is_no_commit(tmp_path, clone, monkeypatch):
    assert origin.find_commit(tmp_path / "b") is None
    monkeypatch.setenv("PATH", "")
    assert origin.find_commit(clone) is None


def test_the_command_has_the_options_that_differ_from_the_defaults():
    command = Command("train")
    args = train.parse(command, ["--steps", "4", "--arms", "standard,agent-0.5"])
    options = {name: to_option(value) for name, value in vars(args).items() if name not in NOT_OPTIONS}
    typed = list_options(command, options)
    assert typed == ["--steps=4", "--arms=standard,agent-0.5"]
    again = train.parse(Command("train"), typed)
    assert {name: to_option(value) for name, value in vars(again).items() if name not in NOT_OPTIONS} == options
