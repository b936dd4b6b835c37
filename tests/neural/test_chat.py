import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from io import BytesIO, TextIOWrapper

import jax
import pytest
from flax import nnx
from rich.console import Console

from neural import chat
from neural.conversation import Partner
from neural.dialogue.dialogue import user
from neural.errors import BadInput, Stopped
from neural.finetuning import answer
from neural.model.checkpoint import Checkpoint, save
from neural.paper.facts import FACTS
from neural.paper.phrases import CONTEXT
from neural.run_models import find_models
from neural.signals import Signals

QUESTION = "Tell me about the capital of Australia."
CAPITAL = FACTS[1]
ARMS = {"standard": 0.5, "interventional": 2.0}  # by how much their logits are scaled


@pytest.fixture(scope="session")
def arms(base):
    """Models as alike as arms are: the base, less and more certain of its words."""
    graph, params = nnx.split(base.model, nnx.Param)
    models = {"base": base}
    for name, scale in ARMS.items():
        scaled = jax.tree.map(lambda leaf: leaf, params)
        scaled["norm"]["scale"] = scaled["norm"]["scale"].replace(scaled["norm"]["scale"][...] * scale)
        models[name] = Checkpoint(nnx.merge(graph, scaled), base.config, base.tokenizer)
    return models


def write_results(folder, base):
    """Write results.json as far as a chat reads it."""
    results = {"config": {"model": base, "seed": 0}, "arms": {name: {} for name in ("base", *ARMS)}}
    (folder / "results.json").write_text(json.dumps(results))


@pytest.fixture(scope="session")
def run(arms, tmp_path_factory):
    """A folder as train writes it."""
    folder = tmp_path_factory.mktemp("run")
    for name in ARMS:
        save(arms[name], folder / name)
    write_results(folder, "embedded")
    return folder


@pytest.fixture
def pipe(monkeypatch, capsys):
    """Run the command with these lines in its input, and return what it prints."""

    monkeypatch.setattr("neural.process.prepare", lambda replicas: None)  # the tests have set up JAX already

    def put(run, *lines):
        text = b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines)
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(text), encoding="utf-8"))
        chat.main([str(run)])
        return capsys.readouterr()

    return put


def test_every_model_replies_in_a_line_of_its_own(arms, run, pipe):
    output = pipe(run, QUESTION, "", "  Earth has five continents.")
    told = QUESTION, "Earth has five continents."
    expected = [f"{name}: {answer(arm, QUESTION, CONTEXT)}" for name, arm in arms.items()]
    lines = output.out.splitlines()
    assert lines[:3] == expected
    assert [line.split(": ")[0] for line in lines] == [*arms, *arms]
    assert len(told) * len(arms) == len(lines)
    assert output.err == ""


@pytest.mark.parametrize("model", ["embedded", "standard"])
def test_a_single_model_is_talked_to_under_its_own_name(arms, run, pipe, model):
    output = pipe(model if model == "embedded" else run / model, QUESTION)
    assert output.out == f"{model}: {answer(arms.get(model, arms['base']), QUESTION, CONTEXT)}\n"


def test_why_prints_the_margin_of_every_model_and_its_two_parts(arms, run, pipe):
    output = pipe(run, QUESTION, f":why {CAPITAL.truth} | {CAPITAL.lie}")
    head, *rows = output.out.splitlines()[3:]
    assert head.split() == ["nats", "per", "token", "truth", "lie", "margin"]
    assert len(rows) == 3
    for row, (name, arm) in zip(rows, arms.items(), strict=True):
        partner = Partner(arm)
        truth, lie = (partner.log_prob(CONTEXT, [user(QUESTION)], text) for text in (CAPITAL.truth, CAPITAL.lie))
        shown, *numbers = row.split()
        assert shown == name
        assert [float(number) for number in numbers] == pytest.approx([truth, lie, truth - lie], abs=2e-3)
        assert numbers[2][0] in "+-"
    assert len({row.split()[3] for row in rows}) == 3


def test_the_context_is_taken_away_and_put_back_and_what_was_said_is_forgotten(base, pipe):
    output = pipe("embedded", ":context", QUESTION, ":new", QUESTION, ":context", ":new", QUESTION)
    without, with_context = (f"embedded: {answer(base, QUESTION, context)}" for context in ("", CONTEXT))
    assert output.out.splitlines() == [without, without, with_context]
    assert output.err.splitlines() == [
        "context: none",
        "a new conversation",
        f"context: {CONTEXT}",
        "a new conversation",
    ]


def test_help_lists_every_command(pipe):
    output = pipe("embedded", ":help")
    assert [line.split()[0] for line in output.out.splitlines()] == [":why", ":context", ":new", ":help", ":quit"]


def test_quit_ends_the_chat(pipe):
    assert pipe("embedded", ":quit", ":help").out == ""
    assert pipe("embedded", ":quit now", ":help").out == ""


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (":frobnicate", "there is no command :frobnicate: :help lists them"),
        (":why The capital is Canberra.", "write :why TRUE CLAIM | FALSE CLAIM"),
        (":why Canberra. |", "write :why TRUE CLAIM | FALSE CLAIM"),
        (":why a | b", "nothing was said yet"),
        ("gold " * 600, "that makes"),
    ],
)
def test_a_line_that_cannot_be_answered_is_one_line_and_the_chat_goes_on(base, pipe, line, problem):
    output = pipe("embedded", line, QUESTION)
    assert output.err.startswith(f"chat: {problem}")
    assert output.err.count("\n") == 1
    assert output.out == f"embedded: {answer(base, QUESTION, CONTEXT)}\n"


def test_bytes_that_are_no_text_are_replaced(base, pipe):
    output = pipe("embedded", b"Tell me about \xff gold.")
    reply = answer(base, "Tell me about \ufffd gold.", CONTEXT)
    assert output.out == f"embedded: {reply}\n"


DAMAGE = {
    r"there is no folder .*/copy": lambda run: shutil.rmtree(run),
    r".*/copy has neither results.json nor config.json": lambda run: (run / "results.json").unlink(),
    r".*results.json is damaged": lambda run: (run / "results.json").write_text("{"),
    r".*config.model: Field required": lambda run: (run / "results.json").write_text('{"config": {}, "arms": {}}'),
    r"there is no folder /none": lambda run: write_results(run, "/none"),
    r".*/copy has no folder standard, but its results": lambda run: shutil.rmtree(run / "standard"),
    r"a safetensors file in .*standard is damaged": lambda run: (run / "standard/model.safetensors").write_text("x"),
    r".*interventional has no config.json": lambda run: (run / "interventional/config.json").unlink(),
}


@pytest.mark.parametrize("problem", DAMAGE)
def test_what_cannot_be_loaded_is_one_line_and_exit_code_2(run, pipe, capsys, tmp_path, problem):
    copy = shutil.copytree(run, tmp_path / "copy")
    DAMAGE[problem](copy)
    with pytest.raises(SystemExit, match="2"):
        pipe(copy, QUESTION)
    output = capsys.readouterr()
    assert re.match(f"chat: {problem}", output.err)
    assert output.err.count("\n") == 1
    assert output.out == ""


def asked_after(signals, *texts):
    """Stream these texts; a signal comes during the last."""
    yield from texts[:-1]
    signals.asked = signal.SIGINT
    yield texts[-1]
    pytest.fail("must not get here")


@pytest.fixture
def typed(monkeypatch):
    """Make it look as if a person typed."""
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO()))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)


@pytest.mark.parametrize("show", [chat.show_in_turn, partial(chat.show_side_by_side, Console())])
def test_a_signal_stops_the_replies_after_the_token_during_which_it_came(capsys, show):
    signals = Signals(pytest.fail)
    replies = {"a": asked_after(signals, "I", "I am"), "b": iter(["Yes"])}
    with pytest.raises(Stopped):
        show({name: chat.until_asked(signals, reply) for name, reply in replies.items()})
    assert "I" in capsys.readouterr().out


@pytest.mark.usefixtures("typed")
def test_control_d_ends_the_chat(monkeypatch, capsys):
    entered = iter(["Hello.", "", "Bye.", EOFError, "never read"])

    def enter(prompt):
        line = next(entered)
        if isinstance(line, type):
            raise line
        return line

    monkeypatch.setattr("builtins.input", enter)
    assert list(chat.lines()) == ["Hello.", "Bye."]


SLOW = """
import signal, sys, time, types
from neural import chat

class Chat:
    def __init__(self, partners, context):
        pass

    def ask(self, line):
        return {"slow": self.write()}

    def add(self, line, replies):
        return self

    def write(self):
        for i in range(1, 1000):
            time.sleep(0.05)
            yield "x" * i

for each in (signal.SIGINT, signal.SIGHUP):
    signal.signal(each, signal.SIG_DFL)  # under nohup and in the background some are ignored
sys.modules["neural.conversation"] = types.SimpleNamespace(Chat=Chat)
chat.load_partners = lambda run: {}
chat.main(["embedded"])
"""
STOPPED = "\nchat: stopped; nothing is kept of a chat\n"


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_while_a_reply_is_computed_ends_the_chat(name):
    streams = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen([sys.executable, "-c", SLOW], **streams, text=True) as started:
        started.stdin.write("Hello.\n")
        started.stdin.flush()
        assert started.stdout.read(7) == "slow: x"
        started.send_signal(getattr(signal, name))
        assert started.stderr.read() == STOPPED
        assert started.wait() == 128 + getattr(signal, name)


def test_a_reply_that_ends_at_once_is_shown_as_nothing(capsys):
    assert chat.show({"a": iter([""]), "b": iter(["Yes."])}) == {"a": "", "b": "Yes."}
    assert capsys.readouterr().out == "a: (nothing)\nb: Yes.\n"


def test_codes_that_would_steer_a_terminal_are_not_shown(capsys):
    said = chat.show({"a": iter(["\x1b[2J\x9b\tno"])})
    assert said == {"a": "\x1b[2J\x9b\tno"}
    assert capsys.readouterr().out == "a: \ufffd[2J\ufffd\ufffdno\n"
    console = Console(width=40)
    console.print(chat.columns({"[red]": "\x1b[2J[bold]no"}))
    shown = capsys.readouterr().out
    assert shown.split() == ["[red]", "\ufffd[2J[bold]no"]


def test_long_words_are_folded_and_not_cut(capsys):
    Console(width=40).print(chat.columns({"a": "x" * 50, "b": ""}))
    assert capsys.readouterr().out.count("x") == 50


def command(*arguments):
    return [sys.executable, "-m", "neural.chat", *arguments]


def test_a_reader_that_leaves_ends_the_chat_without_a_word():
    with subprocess.Popen(
        command("embedded"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as started:
        started.stdout.close()
        started.stdin.write(f"{QUESTION}\n".encode())
        started.stdin.close()
        assert started.stderr.read() == b""
        assert started.wait() == 0


def read_until(file, text):
    """Return what a terminal shows up to the next ``text``."""
    seen = b""
    while not seen.endswith(text.encode()):
        seen += os.read(file, 65536)
    return seen.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudoterminals")
def test_control_c_at_the_prompt_ends_the_chat_and_leaves_the_terminal_as_it_was():
    import pty
    import termios

    person, terminal = pty.openpty()
    before = termios.tcgetattr(terminal)
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    with subprocess.Popen([sys.executable, "-c", SLOW], **streams) as started:
        read_until(person, "User: ")
        while started.poll() is None:  # a signal just before the line can be edited waits for the next
            started.send_signal(signal.SIGINT)
            time.sleep(0.2)
    assert started.returncode == 130
    assert read_until(person, "of a chat\r\n").endswith(STOPPED.replace("\n", "\r\n"))
    assert termios.tcgetattr(terminal) == before
    os.close(person)
    os.close(terminal)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudoterminals")
def test_a_person_sees_the_replies_side_by_side_and_ends_the_chat_with_control_d(arms, run):
    import pty
    import termios

    person, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    streams = {"stdin": terminal, "stdout": terminal, "stderr": terminal}
    with subprocess.Popen(command(str(run)), **streams, env=environment) as started:
        os.close(terminal)
        assert "loading base, standard, interventional" in read_until(person, "User: ")
        os.write(person, f"{QUESTION}\n".encode())
        seen = read_until(person, "User: ")
        os.write(person, b"\x04")
        assert started.wait() == 0
    os.close(person)
    head, *rows = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.rpartition("base ")[2]).splitlines()
    assert head.split() == ["standard", "interventional"]
    for i, arm in enumerate(arms.values()):
        column = " ".join(row.ljust(80)[i * 80 // 3 : (i + 1) * 80 // 3].strip() for row in rows[:-1])
        assert column.strip() == answer(arm, QUESTION, CONTEXT)


def test_results_name_no_folder_outside_the_run(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "run").mkdir()
    results = {"config": {"model": "embedded"}, "arms": {"base": {}, "../outside": {}}}
    (tmp_path / "run" / "results.json").write_text(json.dumps(results))
    with pytest.raises(BadInput, match=r"results of '\.\./outside', which is not an arm"):
        find_models(str(tmp_path / "run"))


@pytest.mark.parametrize("character", "\x1b\x9b\u202e\u2066\r")
def test_nothing_that_a_model_writes_steers_the_terminal(capsys, character):
    chat.show_in_turn({"base": iter([f"a{character}b"])})
    assert capsys.readouterr().out == "base: a\ufffdb\n"
