"""How Sphinx builds the site: ``make docs``."""

import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from sphinx.errors import ExtensionError

import causal_agency
import neural

sys.path.insert(0, str(Path(__file__).parent))  # for our own extensions

project = "causal_agency"
author = "The causal_agency maintainers"
release = metadata.version("causal-agency")
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "mathml", "explorer_copy"]

html_theme = "furo"
html_title = "causal_agency"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
exclude_patterns = ["site"]

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 4
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 1800  # seconds; the lying agent takes a minute or two on an idle machine
nb_merge_streams = True

default_role = "py:obj"  # of `names` in docstrings: code, and a link if the reference has them
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # signatures name their types
napoleon_google_docstring = True
napoleon_use_ivar = True  # Attributes of named tuples are described once
napoleon_attr_annotations = False  # a shape such as "*streams T" is not markup
suppress_warnings = ["mystnb.unknown_mime_type"]


def strip_last_line(app: Any, docname: str, source: list[str]) -> None:
    """Remove the empty line at the end of each block of code, which doctest needs and a page does not."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")


def skip_field(app: Any, kind: str, name: str, member: Any, skip: bool, options: Any) -> bool | None:
    """Return True for a field of a named tuple: its class describes it, and Python says no more than its number."""
    return True if type(member).__name__ == "_tuplegetter" else None


def check_reference(app: Any, problem: Exception | None) -> None:
    """Raise ExtensionError if a public name is not in the reference."""
    described = {name for name, *_ in app.env.get_domain("py").get_objects()}
    public = {f"{package.__name__}.{name}" for package in (causal_agency, neural) for name in package.__all__}
    if problem is None and (missing := sorted(public - described)):
        raise ExtensionError(f"not in the reference: {', '.join(missing)}")


def setup(app: Any) -> None:
    """Listen to what Sphinx reads and builds."""
    app.connect("source-read", strip_last_line)
    app.connect("autodoc-skip-member", skip_field)
    app.connect("build-finished", check_reference)
