"""Packages from npm: nothing but the archive that was checked is unpacked, and what goes wrong is one line."""

import tarfile
from base64 import b64encode
from hashlib import sha512
from io import BytesIO

import pytest

from causal_agency.explore._npm import NotFetched, Package, fetch, find, home, unpack


def archive(**files):
    content = BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as packed:
        for name, text in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text)
            packed.addfile(member, BytesIO(text.encode()))
    return content.getvalue()


CONTENT = archive(a="one", b="two", c="not needed")
PACKAGE = Package("thing", "1.0", "sha512-" + b64encode(sha512(CONTENT).digest()).decode(), ("a", "b"))


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def npm(monkeypatch, tmp_path):
    """Make a program called npm of the given lines, and the only one."""

    def make(*lines):
        program = tmp_path / "bin" / "npm"
        program.parent.mkdir()
        program.write_text("\n".join(["#!/bin/sh", *lines]))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent))

    return make


def test_the_files_that_are_needed_are_unpacked(tmp_path):
    folder = unpack(PACKAGE, CONTENT, tmp_path / "there")
    assert {file.name: file.read_text() for file in folder.iterdir()} == {"a": "one", "b": "two"}


def test_another_archive_is_refused(tmp_path):
    with pytest.raises(NotFetched, match=r"thing 1\.0 is not the one"):
        unpack(PACKAGE, archive(a="one", b="three"), tmp_path / "there")
    assert not (tmp_path / "there").exists()


def test_it_is_fetched_once(npm, tmp_path):
    (tmp_path / "thing.tgz").write_bytes(CONTENT)
    npm(f'/bin/cp {tmp_path}/thing.tgz "$4/thing.tgz"')
    assert find(PACKAGE) is None
    assert fetch(PACKAGE) == home(PACKAGE) == find(PACKAGE)
    (tmp_path / "thing.tgz").unlink()
    assert fetch(PACKAGE) == home(PACKAGE)


def test_a_half_finished_package_does_not_count():
    home(PACKAGE).mkdir(parents=True)
    (home(PACKAGE) / "a").write_text("one")
    assert find(PACKAGE) is None


def test_no_npm(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFetched, match="npm, which is not installed"):
        fetch(PACKAGE)


def test_npm_fails(npm):
    npm("echo first >&2", "echo no network >&2", "exit 1")
    with pytest.raises(NotFetched, match=r"npm cannot fetch thing 1\.0: no network$"):
        fetch(PACKAGE)
