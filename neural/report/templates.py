"""Templates and figures on a page: one Jinja environment for everything that is reported."""

import io

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from matplotlib.figure import Figure

from neural.escape import escape_markdown, show_lines

ENVIRONMENT = Environment(
    loader=PackageLoader("neural.report", "."),
    autoescape=select_autoescape(["html"]),
    trim_blocks=True,
    undefined=StrictUndefined,  # a name that no template was given is an error
    finalize=lambda value: show_lines(value) if type(value) is str else value,  # not of Markup
)
ENVIRONMENT.filters["escape_markdown"] = escape_markdown


def render(template: str, **values: object) -> str:
    """Return the page that ``template`` makes of ``values``; what is not escaped, a template says."""
    return ENVIRONMENT.get_template(template).render(**values)


def prose(template: str, **values: object) -> dict[str, str]:
    """Return the texts that ``template`` sets, by their names."""
    module = ENVIRONMENT.get_template(template).make_module(values)
    return {name: str(text).strip() for name, text in vars(module).items() if not name.startswith("_")}


def svg(figure: Figure) -> Markup:
    """Return the figure as an <svg> element."""
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return Markup(text.getvalue()[text.getvalue().index("<svg") :])
