import re

import pytest

from neural.errors import BadInput
from neural.report.run.page import write_report
from neural.result import write
from results import RUN


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a run with its report."""
    folder = tmp_path_factory.mktemp("run")
    write(folder / "results.json", RUN)
    write_report(folder)
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "report.html").read_text()


def test_the_page_loads_nothing_from_elsewhere(page):
    assert not re.findall(r"""(?:src|href)=["'](?!#)""", page.split("</style>")[1].split("<svg")[0])
    assert not re.findall(r"""(?:src|href)=["'](?:https?:|//)""", page)
    assert "<script" not in page
    assert "<link" not in page
    assert "@import" not in page
    assert page.count("<svg") == 3


def test_what_models_and_users_say_is_escaped(page):
    assert "said &lt;1&gt;" in page
    assert "said <1>" not in page
    assert "reply 2" in page


def test_every_placeholder_is_filled(page):
    prose = re.sub(r"<svg.*?</svg>|<style>.*?</style>", "", page, flags=re.DOTALL)
    for trace in ("{{", "{%", "ndefined", "None", "nan"):
        assert trace not in prose


def test_the_page_tells_the_result(page):
    prose = " ".join(page.split())
    assert "train for 3 steps" in prose
    assert "one of 480 lessons" in prose
    assert "In 60% of the lessons" in prose
    assert "Asked afterward about 3 facts" in prose
    assert "<td>standard</td><td>-0.200</td><td>-0.100</td><td>2 of 3</td>" in prose
    assert '<td>1/1/1<br><span class="soft">1 off topic</span></td>' in prose
    assert "<td>2 of 9; 12.50%</td>" in prose
    assert "<td>3/0/0</td>" in prose
    assert "exact spelling alone, 24 of the 27 replies would be judged differently" in prose


def test_the_files(folder):
    assert {file.name for file in folder.iterdir()} == {
        "results.json",
        "report.html",
        "loss.png",
        "agent.png",
        "margin.png",
    }


def test_a_folder_without_results_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"results\.json: No such file"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []
