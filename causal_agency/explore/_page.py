"""The page as files. The picture of the first worked example is already in it, before any script runs."""

import re
from html import escape
from io import BytesIO
from pathlib import Path
from shutil import copyfile
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from causal_agency.explore._answer import answer

STATIC = Path(__file__).parent / "static"
LIBRARY = Path(__file__).parents[1]


def index(backends: str) -> bytes:
    """Return index.html; ``backends`` names where it may ask Python: ``pyodide``, ``server``, both or neither."""
    given = answer({})
    values = {**given["parts"], "link": escape(given["link"]), "backends": backends}
    template = (STATIC / "index.html").read_text(encoding="utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda name: values[name[1]], template).encode()


def library() -> bytes:
    """Return the package `causal_agency` as a zip archive, the same bytes every time."""
    content = BytesIO()
    with ZipFile(content, "w") as archive:
        for file in sorted(LIBRARY.rglob("*.py")):
            archive.writestr(
                ZipInfo(str(Path("causal_agency", file.relative_to(LIBRARY)))), file.read_bytes(), ZIP_DEFLATED
            )
    return content.getvalue()


def files(pyodide: Path | None, server: bool) -> dict[str, bytes | Path]:
    """Return what the page consists of, by name; ``pyodide`` is the folder of the interpreter, if there is one."""
    backends = " ".join(["pyodide"] * bool(pyodide) + ["server"] * server)
    page: dict[str, bytes | Path] = {file.name: file for file in STATIC.iterdir() if file.suffix in (".js", ".css")}
    page["index.html"] = index(backends)
    if pyodide:
        page["causal_agency.zip"] = library()
        page |= {f"pyodide/{file.name}": file for file in pyodide.iterdir()}
    return page


def is_free(folder: Path) -> bool:
    """Return whether the page may be written into ``folder``: it is new or empty, or holds an earlier copy."""
    if not folder.exists():
        return True
    return folder.is_dir() and (not any(folder.iterdir()) or (folder / "causal_agency.zip").is_file())


def write(folder: Path, pyodide: Path | None) -> None:
    """Write the page into ``folder``, for any web server: the library runs in the page, or it is a picture."""
    (folder / "pyodide").mkdir(parents=True, exist_ok=True)
    for name, content in files(pyodide, server=False).items():
        if isinstance(content, bytes):
            (folder / name).write_bytes(content)
        else:
            copyfile(content, folder / name)
