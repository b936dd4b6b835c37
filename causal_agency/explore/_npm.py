"""Pyodide, the Python interpreter of browsers, from its npm package: pinned, checked, and fetched once."""

import os
import subprocess
import tarfile
from base64 import b64encode
from hashlib import sha512
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple


class Package(NamedTuple):
    """A version of an npm package, the SHA-512 of its archive as npm writes it, and the files of it that are needed."""

    name: str
    version: str
    integrity: str
    files: tuple[str, ...]


PYODIDE = Package(
    "pyodide",
    "314.0.7",
    "sha512-0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsOlD2R1A==",
    ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"),
)


class NotFetched(Exception):
    """A package could not be fetched; the message is one line."""


def home(package: Package) -> Path:
    """Return the folder for the files of a package, in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "causal_agency" / f"{package.name}-{package.version}"


def find(package: Package) -> Path | None:
    """Return the folder of a package that was fetched, or None."""
    folder = home(package)
    return folder if all((folder / name).is_file() for name in package.files) else None


def fetch(package: Package) -> Path:
    """Return the folder of a package; fetch it with npm first if it is not there, or raise NotFetched."""
    found = find(package)
    if found:
        return found
    with TemporaryDirectory() as folder:
        content = _pack(package, folder)
    return unpack(package, content, home(package))


def unpack(package: Package, content: bytes, folder: Path) -> Path:
    """Write the files of an archive into ``folder``; raise NotFetched if it is not the archive that is expected."""
    digest = "sha512-" + b64encode(sha512(content).digest()).decode()
    if digest != package.integrity:
        raise NotFetched(f"the archive of {package.name} {package.version} is not the one that was checked: {digest}")
    with tarfile.open(fileobj=BytesIO(content)) as archive:
        members = {name: archive.extractfile(f"package/{name}") for name in package.files}
        contents = {name: member.read() for name, member in members.items() if member}
    folder.mkdir(parents=True, exist_ok=True)
    for name, each in contents.items():
        part = folder / f"{name}.part"
        part.write_bytes(each)
        part.replace(folder / name)
    return folder


def _pack(package: Package, folder: str) -> bytes:
    """Return the archive of a package, as npm fetches it."""
    options = "--silent", "--pack-destination", folder, "--fetch-retries=0"  # offline, retries take minutes
    command = ["npm", "pack", *options, f"{package.name}@{package.version}"]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise NotFetched(f"{package.name} comes from npm, which is not installed") from None
    except subprocess.CalledProcessError as problem:
        last = (problem.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NotFetched(f"npm cannot fetch {package.name} {package.version}: {last}") from None
    return next(Path(folder).glob("*.tgz")).read_bytes()
