"""The figures of the chapters for slides, as SVG and PNG: ``python docs/figures.py [DIR [CHAPTER …]]``.

The code is that of the chapters' cells; whichever figure a cell calls ``figure`` is written.
"""

import re
import runpy
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

DOCS = Path(__file__).parent
CELL = re.compile(r"^```\{code-cell\}\n(?::[^\n]*\n)*(.*?)^```$", re.MULTILINE | re.DOTALL)


def read_code(page: Path) -> str:
    """Return the code of all cells of a page."""
    return "\n".join(CELL.findall(page.read_text(encoding="utf-8")))


def draw(page: Path) -> Any:
    """Run the cells of a page, and return its figure."""
    with TemporaryDirectory() as folder:
        script = Path(folder) / f"{page.stem}.py"
        script.write_text(read_code(page), encoding="utf-8")
        return runpy.run_path(str(script))["figure"]


def main(folder: Path, names: list[str]) -> None:
    """Write the figures of these chapters, by default of all, and the causal graph."""
    import matplotlib

    matplotlib.use("agg")
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(DOCS / "causal_graph.svg", folder)
    pages = [DOCS / "chapters" / f"{name}.md" for name in names] or sorted((DOCS / "chapters").glob("*.md"))
    for page in filter(read_code, pages):
        figure = draw(page)
        figure.savefig(folder / f"{page.stem}.svg")
        figure.savefig(folder / f"{page.stem}.png", dpi=200)
        print(folder / f"{page.stem}.svg")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/figures"), sys.argv[2:])
