"""A small server for this machine alone: the files of the page, and `answer` as JSON in and JSON out."""

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from causal_agency.explore._answer import answer_text

MAX_REQUEST = 100_000  # bytes
TIMEOUT = 30  # seconds that a connection may be silent
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".wasm": "application/wasm",
    ".zip": "application/zip",
}
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Server(ThreadingHTTPServer):
    """Serves the page at 127.0.0.1; ``page`` holds its files by name."""

    daemon_threads = True

    def __init__(self, port: int, page: dict[str, bytes | Path]):
        super().__init__(("127.0.0.1", port), Handler)
        self.page = page

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing if a browser has gone away; anything else is a fault of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.server_address[1]}/"


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = TIMEOUT

    def do_GET(self) -> None:
        """Send a file of the page; no other file can be named."""
        name = self.path.partition("?")[0].removeprefix("/") or "index.html"
        content = self.server.page.get(name)
        if content is None or not self._is_local():
            return self._refuse(HTTPStatus.NOT_FOUND, "there is no such page")
        return self._send(
            HTTPStatus.OK, content if isinstance(content, bytes) else content.read_bytes(), Path(name).suffix
        )

    def do_POST(self) -> None:
        """Answer a request of the page."""
        length = self.headers.get("Content-Length", "")
        if self.path != "/answer" or not self._is_local() or self.headers.get_content_type() != "application/json":
            return self._refuse(HTTPStatus.NOT_FOUND, "there is no such question")
        if not length.isdecimal() or not length.isascii() or len(length) > 9 or int(length) > MAX_REQUEST:
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request has at most {MAX_REQUEST} bytes")
        text = self.rfile.read(int(length)).decode("utf-8", errors="replace")
        return self._send(HTTPStatus.OK, answer_text(text).encode(), ".json")

    def _is_local(self) -> bool:
        """Return whether the page of this server asks, and not another site whose name points here."""
        hosts = {f"{name}:{self.server.server_address[1]}" for name in ("127.0.0.1", "localhost")}
        origin = self.headers.get("Origin", "").removeprefix("http://")
        return self.headers.get("Host") in hosts and (not origin or origin in hosts)

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        """Send one line, and end the connection: the rest of a request may be unread."""
        self.close_connection = True
        self._send(status, why.encode(), ".txt")

    def _send(self, status: HTTPStatus, content: bytes, suffix: str) -> None:
        """Send one response."""
        self.send_response(status)
        headers = {
            "Content-Type": TYPES.get(suffix, "text/plain; charset=utf-8"),
            "Content-Length": str(len(content)),
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-cache",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print nothing for a request."""
