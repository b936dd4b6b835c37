"""The local server: the files of the page and nothing else, for this machine and nobody else."""

import json
from http.client import HTTPConnection
from threading import Thread

import pytest

from causal_agency.explore import answer
from causal_agency.explore._page import files
from causal_agency.explore._server import MAX_REQUEST, Server


@pytest.fixture(scope="module")
def server():
    with Server(0, files(None, server=True)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def ask(server, method, path, body=None, **headers):
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=30)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def post(server, data, **headers):
    return ask(server, "POST", "/answer", data, **{"Content_Type": "application/json", **headers})


def test_it_listens_on_this_machine_alone(server):
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize("path", ["/", "/index.html", "/style.css", "/draw.js", "/engine.js", "/margins.js"])
def test_the_page_is_served(server, path):
    response, content = ask(server, "GET", path)
    assert response.status == 200
    assert len(content) == int(response.headers["Content-Length"]) > 1000
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/_server.py", "/../_server.py", "/%2e%2e/x", "//etc/passwd", "/pyodide/pyodide.mjs"])
def test_nothing_else_is_served(server, path):
    assert ask(server, "GET", path)[0].status == 404


def test_it_answers(server):
    response, content = post(server, json.dumps({"change": {"flip": 0}}))
    assert response.status == 200
    assert json.loads(content) == json.loads(json.dumps(answer({"change": {"flip": 0}})))


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"[1]", b"{}" * 1000])
def test_nonsense_is_answered_by_an_error(server, body):
    assert json.loads(post(server, body)[1]).keys() == {"error"}


@pytest.mark.parametrize("length", [str(MAX_REQUEST + 1), "-1", "x", "9" * 5000, ""])
def test_sizes_are_bounded(server, length):
    assert post(server, None, Content_Length=length)[0].status == 413


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Content_Type": "text/plain"}, {"Origin": "null"}],
    ids=str,
)
def test_other_sites_are_refused(server, headers):
    assert post(server, "{}", **headers)[0].status == 404


def test_the_page_itself_is_no_other_site(server):
    assert post(server, "{}", Origin=server.url.rstrip("/"))[0].status == 200


def test_no_other_method(server):
    assert ask(server, "PUT", "/answer")[0].status == 501


@pytest.mark.parametrize(("fault", "said"), [(ConnectionResetError, ""), (ZeroDivisionError, "ZeroDivisionError")])
def test_a_browser_that_goes_away_is_not_reported(server, capsys, fault, said):
    try:
        raise fault
    except fault:
        server.handle_error(None, ("127.0.0.1", 1))
    error = capsys.readouterr().err
    assert said in error
    assert bool(error) == bool(said)
