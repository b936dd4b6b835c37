"""Copies of logs without likely secrets."""

import json
from pathlib import Path

from neural.dialogue.logs.sources import find_files, read_records
from neural.errors import BadInput
from neural.files import new_folder
from neural.own.secrets import redact_value


def write_redacted(source: str, folder: Path) -> int:
    """Write each file of ``source`` to the new ``folder`` as JSON lines without likely secrets; return how many.

    Records keep their form, so the copies are logs of the same format. A file is named as it was, below ``source``.
    """
    files = find_files(source)
    with new_folder(folder) as scratch:
        for file in files:
            name = Path(file.path.relative_to(source) if file.path and file.path != Path(source) else file.name)
            copy = scratch / (name.name if name.is_absolute() else name)
            copy = copy.with_name(copy.name.removesuffix(".gz")).with_suffix(".jsonl")
            copy.parent.mkdir(parents=True, exist_ok=True)
            with copy.open("x", encoding="utf-8") as opened:
                for record in read_records(file):
                    if isinstance(record, BadInput):
                        raise record
                    opened.write(json.dumps(redact_value(record.value), ensure_ascii=False) + "\n")
    return len(files)
