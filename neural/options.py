"""The options of a run as values: in its folder, in a file that a person wrote (--config), and on the command line."""

import tomllib
from argparse import Namespace
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from neural.cli import Command
from neural.errors import BadInput, summarize
from neural.run_folder import OPTIONS

NOT_OPTIONS = "out", "resume", "like", "config", "show_tokens", "plan"  # of a run: they say where, not what


def to_option(value: Any) -> Any:
    """Return the value of an option as JSON knows it."""
    return list(value) if isinstance(value, tuple) else str(value) if isinstance(value, Path) else value


def write_option(name: str, value: Any) -> str:
    """Return an option of a run as one types it; one that is set or not has no value."""
    option = f"--{name.replace('_', '-')}"
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return option if value is True else f"{option}={text}"


def write_given(options: dict[str, Any]) -> list[str]:
    """Return ``options`` as one types them, without those that are not set."""
    return [write_option(name, value) for name, value in options.items() if value is not None and value is not False]


def list_options(command: Command, options: dict[str, Any]) -> list[str]:
    """Return those of ``options`` that are not as they are by default, as one types them."""
    default = {name: to_option(value) for name, value in vars(command.parse_args([])).items()}
    return [write_option(name, value) for name, value in options.items() if value != default[name]]


def parse_begun(command: Command, options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a run as its folder holds them, checked as those of a command line are."""
    known = vars(command.parse_args([])).keys() - set(NOT_OPTIONS)
    if unknown := sorted(options.keys() - known):
        raise BadInput(f"there is no option {unknown[0]}, which {OPTIONS} names")
    parsed = vars(command.parse_args(write_given(options)))
    return {name: parsed[name] for name in options}


def parse_yaml(text: str) -> Any:
    """Return what YAML holds; raise ValueError if it is none."""
    try:
        yaml: Any = import_module("yaml")  # which comes with transformers
    except ModuleNotFoundError:
        raise BadInput("YAML needs its package: pip install pyyaml, or write TOML") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise ValueError(problem) from None


PARSERS: dict[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".yaml": parse_yaml, ".yml": parse_yaml}


def read_values(file: Path) -> Any:
    """Return what a TOML or YAML file holds; raise BadInput if it cannot be read."""
    kind = file.suffix.lower()
    if kind not in PARSERS:
        raise BadInput(f"{file}: the name of a file of options ends in {', '.join(PARSERS)}")
    try:
        return PARSERS[kind](file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise BadInput(f"cannot read {file}: {problem.strerror}") from None
    except BadInput:
        raise
    except (ValueError, RecursionError) as problem:
        raise BadInput(f"{file} is not {'TOML' if kind == '.toml' else 'YAML'}: {summarize(problem)}") from None


def is_plain(value: Any) -> bool:
    """Return whether ``value`` is one that an option can have: a text, a number, true or false, or a list of such."""
    return all(isinstance(each, str | int | float) for each in (value if isinstance(value, list) else [value]))


def read_config(command: Command, file: Path) -> list[str]:
    """Return the options in ``file`` as one types them; raise BadInput if it names one that the command has not."""
    values = read_values(file)
    if not isinstance(values, dict):
        raise BadInput(f"{file} has no options: write lines such as seed = 1")
    known = {name.replace("_", "-") for name in vars(command.parse_args([]))} - {"config"}
    for name, value in values.items():
        if name not in known:
            raise BadInput(f"{file}: there is no option {name}")
        if not is_plain(value):
            raise BadInput(f"{file}: {name} is neither a text, a number, true or false, nor a list of them")
    return write_given(values)


def parse_all(command: Command, arguments: list[str]) -> tuple[Namespace, list[str]]:
    """Return what ``arguments`` say, and these arguments behind those of the file that --config names, if one is."""
    args = command.parse_args(arguments)
    if args.config:
        arguments = [*read_config(command, args.config), *arguments]
        args = command.parse_args(arguments)
    return args, arguments
