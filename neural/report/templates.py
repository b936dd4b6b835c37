"""Templates: one Jinja environment for everything that is reported."""

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from neural.escape import code_markdown, escape_markdown, show_lines
from neural.report.lesson import WRITERS
from neural.report.published import ADDRESS, AUTHORS, PAPER
from neural.report.replies import Marked

SCRIPT = files("neural.report").joinpath("pointer.js").read_text(encoding="utf-8")
ENVIRONMENT = Environment(
    loader=PackageLoader("neural.report", "."),
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    undefined=StrictUndefined,  # a name that no template was given is an error
    finalize=lambda value: show_lines(value) if type(value) is str else value,  # not of Markup
)
ENVIRONMENT.globals |= {
    "writers": WRITERS,
    "paper": {"title": PAPER, "authors": AUTHORS, "address": ADDRESS},
    "script": Markup(SCRIPT),
    "script_hash": f"sha256-{b64encode(sha256(SCRIPT.encode()).digest()).decode()}",  # no other script runs on a page
}


def to_markdown(value: str | Marked) -> str:
    """Return a cell of a table as Markdown."""
    return value.markdown() if isinstance(value, Marked) else escape_markdown(value)


ENVIRONMENT.filters |= {"code_markdown": code_markdown, "escape_markdown": escape_markdown, "to_markdown": to_markdown}


def render(template: str, **values: object) -> str:
    """Return the page that ``template`` makes of ``values``, escaped as in HTML, or as in Markdown if it says so."""
    return ENVIRONMENT.get_template(template).render(**values)


def prose(template: str, **values: object) -> dict[str, str]:
    """Return the texts that ``template`` sets, by their names."""
    module = ENVIRONMENT.get_template(template).make_module(values)
    return {name: str(text).strip() for name, text in vars(module).items() if not name.startswith("_")}
