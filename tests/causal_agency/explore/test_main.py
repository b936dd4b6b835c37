"""The command: it prints where the page is, and what goes wrong in one line."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from urllib.request import urlopen

import pytest

COMMAND = [sys.executable, "-m", "causal_agency.explore"]

LISTENING = [
    sys.executable,
    "-c",
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "runpy.run_module('causal_agency.explore', run_name='__main__', alter_sys=True)",
]


@contextmanager
def serve(*arguments, path, **environment):
    """Start the server, which Ctrl-C ends even if whoever runs the tests ignores it; kill it at last."""
    everything = {**os.environ, "XDG_CACHE_HOME": str(path), **environment}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen([*LISTENING, *arguments], env=everything, **pipes) as served:
        try:
            yield served
        finally:
            served.kill()


def run(*arguments, path):
    environment = {**os.environ, "PATH": str(path), "XDG_CACHE_HOME": str(path)}
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--port", "70000"], "a port is a number up to 65535"),
        (["--port", "x"], "invalid int value"),
        (["--static", "/nowhere/site"], "npm, which is not installed"),
        (["--static", "/"], "/ holds other files: name a folder that is new or empty"),
    ],
)
def test_what_goes_wrong_is_one_line(arguments, error, tmp_path):
    done = run(*arguments, path=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert error in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_npm_it_answers_from_the_server(tmp_path):
    with serve("--pyodide", path=tmp_path, PATH=str(tmp_path)) as served:
        assert "Python answers from this server instead" in served.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:\d+/", served.stdout.readline())[0]
        with urlopen(url, timeout=30) as page:
            assert b'data-backends="server"' in page.read()
        served.send_signal(signal.SIGINT)
        assert served.wait(30) == 0
        assert served.stderr.read() == ""


def test_a_port_that_is_taken(tmp_path):
    with serve(path=tmp_path) as served:
        port = re.search(r":(\d+)/", served.stdout.readline())[1]
        done = run("--port", port, path=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert f"cannot serve at port {port}" in done.stderr
        served.send_signal(signal.SIGINT)
