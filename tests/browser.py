"""Debian's Chromium without a window, driven over a pipe by its DevTools protocol: no package is needed."""

import json
import os
import shutil
import subprocess
import tempfile
from base64 import b64decode
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium")
FLAGS = "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"


class Browser:
    """One page in a browser: enter it, `open` a file, look."""

    def __enter__(self) -> "Browser":
        self._home = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        theirs, self._write = os.pipe()
        self._read, answers = os.pipe()

        redirect = f'exec "$0" "$@" 3<&{theirs} 4>&{answers}'  # the protocol's file descriptors
        command = ["bash", "-c", redirect, str(CHROMIUM), *FLAGS, f"--user-data-dir={self._home.name}", "about:blank"]
        self._process = subprocess.Popen(
            command, pass_fds=(theirs, answers), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(theirs)
        os.close(answers)
        self._left, self._number, self._session = b"", 0, None
        (page,) = (each for each in self("Target.getTargets")["targetInfos"] if each["type"] == "page")
        self._session = self("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        self("Page.enable")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        os.close(self._write)
        os.close(self._read)
        self._home.cleanup()

    def __call__(self, method: str, **params: Any) -> Any:
        """Send a command and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while (answer := self._receive()).get("id") != self._number:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            part = os.read(self._read, 1 << 20)
            assert part, "the browser has ended"
            self._left += part
        message, _, self._left = self._left.partition(b"\0")
        return json.loads(message)

    def open(self, file: Path, width: int, **media: str) -> None:
        """Open a page at ``width`` pixels, in a ``media`` such as print or a ``scheme``, light or dark."""
        self("Emulation.setDeviceMetricsOverride", width=width, height=844, deviceScaleFactor=1, mobile=width < 600)
        features = [{"name": "prefers-color-scheme", "value": media.get("scheme", "light")}]
        self("Emulation.setEmulatedMedia", media=media.get("media", "screen"), features=features)
        self("Page.navigate", url=file.resolve().as_uri())
        while self._receive().get("method") != "Page.loadEventFired":
            pass

    def ask(self, expression: str) -> Any:
        """Return the value of a JavaScript expression on the page."""
        return self("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def screenshot(self, file: Path) -> None:
        """Write a picture of the whole page."""
        taken = self("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(b64decode(taken["data"]))

    def print(self, file: Path) -> None:
        """Write what a printer would get."""
        self("Emulation.setEmulatedMedia", media="print", features=[])
        file.write_bytes(b64decode(self("Page.printToPDF", preferCSSPageSize=True)["data"]))
