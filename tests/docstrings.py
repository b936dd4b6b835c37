"""What a docstring lacks: `undocumented` lists it, for the public names of any module."""

import ast
import dataclasses
import enum
import inspect
import re
import textwrap
from collections.abc import Iterator
from typing import get_origin


def undocumented(module, examples=True) -> list[str]:
    """List what the docstrings of the names in ``module.__all__`` lack.

    Args:
        module: A module with ``__all__``. Values, type aliases and names from other packages are skipped.
        examples: Whether every function and class needs a ``>>>`` example.

    Returns:
        One line for each thing that is missing, empty if nothing is.
    """
    package = module.__name__.partition(".")[0]
    named = {name: getattr(module, name) for name in module.__all__}
    missing = [] if inspect.getdoc(module) else [f"{module.__name__}: no docstring"]
    for name, thing in named.items():
        if getattr(thing, "__module__", "").partition(".")[0] != package or get_origin(thing):
            continue
        if inspect.isclass(thing):
            missing += [f"{name}{gap}" for gap in _gaps_of_class(thing)]
        elif callable(thing):
            missing += [f"{name}{gap}" for gap in _gaps_of_function(thing)]
        else:
            continue
        if examples and ">>>" not in (inspect.getdoc(thing) or ""):
            missing.append(f"{name}: no example")
    return missing


def _gaps_of_function(function) -> Iterator[str]:
    """Yield what the docstring of a function or method lacks."""
    doc = inspect.getdoc(function) or ""
    if not doc:
        yield ": no docstring"
    signature = inspect.signature(function)
    names = [name for name in signature.parameters if name not in ("self", "cls") and not name.startswith("_")]
    yield from _unnamed(names, doc, "Args")
    body = _syntax(function)
    trivial = not names and len(body.body) <= 2
    returned = ast.unparse(body.returns) if body.returns else ""
    if not trivial and returned not in ("None", "NoReturn") and not re.search("^(Returns|Yields):", doc, re.M):
        yield ": no Returns"
    if any(isinstance(node, ast.Raise) for node in ast.walk(body)) and "\nRaises:" not in doc:
        yield ": no Raises"


def _gaps_of_class(cls) -> Iterator[str]:
    """Yield what the docstrings of a class, its fields and its public methods lack."""
    doc = cls.__doc__ or ""
    doc = "" if doc.startswith(f"{cls.__name__}(") else inspect.cleandoc(doc)  # which dataclasses and tuples generate
    if not doc:
        yield ": no docstring"
    yield from _unnamed(_fields(cls), doc, "Args", "Attributes")
    for name, member in vars(cls).items():
        member = getattr(member, "__func__", member)  # of a class method or a static one
        function = member.fget if isinstance(member, property) else member
        if not inspect.isfunction(function) or name.startswith("_") or function.__name__.startswith("_"):
            continue
        yield from (f".{name}{gap}" for gap in _gaps_of_function(function))


def _fields(cls) -> list[str]:
    """Return the public fields of a dataclass, a named tuple or an enum."""
    if dataclasses.is_dataclass(cls):
        names = [field.name for field in dataclasses.fields(cls)]
    elif issubclass(cls, enum.Enum):
        names = list(cls.__members__)
    else:
        names = getattr(cls, "_fields", ())
    return [name for name in names if not name.startswith("_")]


def _unnamed(names, doc, *sections) -> Iterator[str]:
    """Yield the names that none of the sections describes."""
    text = "\n".join(_section(doc, section) for section in sections)
    for name in names:
        if not re.search(rf"^    \*{{0,2}}{name}( \(.*\))?: \S", text, re.M):
            yield f": no {name} under {' or '.join(sections)}"


def _section(doc: str, title: str) -> str:
    """Return the lines of a section, indented as they are."""
    match = re.search(rf"^{title}:\n((?:(?:    .*)?\n?)*)", doc, re.M)
    return match[1] if match else ""


def _syntax(function) -> ast.FunctionDef:
    """Return the syntax tree of a function's own definition."""
    source = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
    (definition,) = ast.parse(source).body
    return definition
