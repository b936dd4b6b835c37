"""The page as files: finished before any script runs, and the library beside it."""

import re
import subprocess
import sys
import zipfile
from html import unescape
from io import BytesIO

from causal_agency.examples import two_action
from causal_agency.explore._npm import PYODIDE
from causal_agency.explore._page import STATIC, files, index, is_free, library, write
from causal_agency.ledger import format_number


def text_of(html):
    return unescape(re.sub("<[^>]*>", " ", html))


def test_the_picture_is_finished_before_anything_is_loaded():
    page = index("server").decode()
    assert "{{" not in page
    words = text_of(page)
    for entry in two_action.mix.ledger(two_action.HISTORY):
        for x in (*entry.w.values(), *entry.w_obs.values(), *entry.false_evidence.values()):
            assert words.count(format_number(x)) >= 2  # in the picture and in the ledger
    assert page.count('class="flow"') == 6


def test_no_script_or_style_stands_in_the_page():
    page = index("").decode()
    assert not re.search(r"\son\w+=|style=|<style|<script(?! type=\"module\" src=\"\w+\.js\"></script>)", page)
    assert not re.search(r"(src|href)=\"(https?:)?//", page)


def test_no_script_names_another_site():
    for file in STATIC.iterdir():
        assert set(re.findall(r"https?://[\w./]+", file.read_text())) <= {"http://www.w3.org/2000/svg"}, file


def test_nothing_is_evaluated():
    for file in STATIC.glob("*.js"):
        assert not re.search(r"\beval\b|\bFunction\(|innerHTML|document\.write", file.read_text()), file


def test_the_library_answers_from_its_archive_alone(tmp_path):
    assert library() == library()
    with zipfile.ZipFile(BytesIO(library())) as archive:
        assert {name.rpartition(".")[2] for name in archive.namelist()} == {"py"}
    (tmp_path / "library.zip").write_bytes(library())
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from causal_agency.explore import answer; "
        "print(answer({})['slots'][1]['w']['p_B']); "
        "sys.exit(bool({'rich', 'numpy', 'causal_agency.explore._server'} & sys.modules.keys()))"
    )
    command = [sys.executable, "-I", "-S", "-c", code, tmp_path / "library.zip"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "0.8115942028985507", "")


def test_the_folder_for_any_web_server(tmp_path):
    pyodide = tmp_path / "pyodide"
    pyodide.mkdir()
    for name in PYODIDE.files:
        (pyodide / name).write_text(name)
    write(tmp_path / "site", pyodide)
    names = {str(file.relative_to(tmp_path / "site")) for file in (tmp_path / "site").rglob("*") if file.is_file()}
    assert names == set(files(pyodide, server=False)) >= {"index.html", "causal_agency.zip", "pyodide/pyodide.mjs"}
    assert 'data-backends="pyodide"' in (tmp_path / "site" / "index.html").read_text()
    assert is_free(tmp_path / "site")
    write(tmp_path / "site", pyodide)


def test_a_folder_with_other_files_is_not_free(tmp_path):
    assert is_free(tmp_path)
    assert is_free(tmp_path / "new")
    (tmp_path / "index.html").write_text("another page")
    assert not is_free(tmp_path)
    assert not is_free(tmp_path / "index.html")
