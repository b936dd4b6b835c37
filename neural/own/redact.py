"""Copies of logs without likely secrets."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from neural.dialogue.logs.fields import Field, refuse
from neural.dialogue.logs.sources import File, find_files, read_records
from neural.errors import BadInput
from neural.files import new_folder
from neural.own.secrets import redact_value


def write_redacted(source: str, folder: Path, on_bad: Callable[[BadInput], object]) -> int:
    """Write each file of ``source`` to the new ``folder`` as JSON lines without likely secrets; return how many.

    Records keep their form, so the copies are logs of the same format. ``on_bad`` is told of those that are damaged,
    which are left out.
    """
    files = find_files(source)
    with new_folder(folder) as scratch:
        for file in files:
            copy = name_copy(scratch, file, Path(source))
            copy.parent.mkdir(parents=True, exist_ok=True)
            with copy.open("x", encoding="utf-8") as opened:
                for record in read_records(file):
                    if isinstance(record, BadInput):
                        on_bad(record)
                    else:
                        opened.write(json.dumps(redact(record), ensure_ascii=False) + "\n")
    return len(files)


def redact(record: Field) -> Any:
    """Return the value of ``record`` without likely secrets; raise BadInput if it is nested too deeply."""
    try:
        return redact_value(record.value)
    except RecursionError:
        refuse(record.place, "its JSON is nested too deeply")


def name_copy(folder: Path, file: File, source: Path) -> Path:
    """Return where in ``folder`` the copy of ``file`` goes: named as below ``source``, and as no other copy is."""
    path = Path(file.name)
    name = Path(path.name) if path == source else path.relative_to(source)
    copy = folder / name.with_name(name.name.removesuffix(".gz")).with_suffix(".jsonl")
    return folder / f"{name}.jsonl" if copy.exists() else copy
