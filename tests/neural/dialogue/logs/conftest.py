"""Logs that tests write: `write` makes a file of JSON lines, `read` gives its transcripts."""

import json

import pytest

from neural.dialogue.logs.reading import read_transcripts


@pytest.fixture
def write(tmp_path):
    """A function that writes records to a file, one a line, and returns the file."""

    def write(*records, name="log.jsonl"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(json.dumps(record) + "\n" for record in records))
        return file

    return write


@pytest.fixture
def read(write):
    """A function that returns the transcripts of records."""
    return lambda *records, **options: list(read_transcripts(write(*records), **options))
