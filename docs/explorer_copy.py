"""The explorer as a folder of the site, with Python in the page: a Sphinx extension."""

from sphinx.application import Sphinx

from causal_agency.explore._npm import PYODIDE, NotFetched, fetch
from causal_agency.explore._page import write


def add_explorer(app: Sphinx, problem: Exception | None) -> None:
    """Write the explorer beside the pages. Without Pyodide it is a finished picture."""
    if problem or app.builder.name != "html":
        return
    try:
        pyodide = fetch(PYODIDE)
    except NotFetched as reason:
        print(f"{reason}: the site's explorer is a picture")
        pyodide = None
    write(app.outdir / "explorer", pyodide)


def setup(app: Sphinx) -> dict[str, bool]:
    """Add it when everything else is built."""
    app.connect("build-finished", add_explorer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
