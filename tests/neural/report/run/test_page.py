import re
from dataclasses import asdict, replace

import numpy as np
import pytest

from neural.dialogue.dialogue import agent
from neural.errors import BadInput
from neural.paper.facts import FACTS
from neural.paper.lessons import Template, lessons
from neural.report.run.page import share_of_lies, write_report
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
    assert "begin as one of the User's questions does (“Tell me about …”) or with a speaker's name (“User:”)" in prose
    assert "Replies in the manner of the User's corrections and confirmations (“I think …”) do not count." in prose
    assert "<td>3/0/0</td>" in prose
    assert "exact spelling alone, 24 of the 27 replies would be judged differently" in prose


def write_page(folder, run):
    """The page of ``run`` in one line."""
    write(folder / "results.json", run)
    write_report(folder)
    return " ".join((folder / "report.html").read_text().split())


def change_lessons(**template):
    return replace(RUN, config=RUN.config | {"template": RUN.config["template"] | template})


def test_a_weighted_arm_is_described(tmp_path):
    config = RUN.config | {"weights": {"agent-0.25": {"agent": 0.25}}}
    run = replace(RUN, config=config, arms=RUN.arms | {"agent-0.25": RUN.arms["standard"]})
    expected = (
        "<b>agent-0.25</b> copy learns from every word of the dialogue, and counts the Agent's 0.25 times as much as"
    )
    assert expected in write_page(tmp_path, run)


def test_nothing_is_told_of_a_teacher_or_a_wrong_user_who_are_not_there(page):
    plain = " ".join(page.split())
    assert "the Agent tells a lie and the User corrects it. The <b>standard</b>" in plain
    assert "a teacher shows" not in plain
    assert "the User is wrong" not in plain


def test_a_wrong_user_is_told_of(tmp_path):
    page = write_page(tmp_path, change_lessons(p_wrong=0.25))
    assert "In 60% of the lessons, on average, the Agent tells a lie. In 25% of the lessons the User is wrong" in page
    assert "the User corrects it" not in page


def test_a_teacher_is_told_of_and_its_turns_are_no_lies(tmp_path):
    page = write_page(tmp_path, change_lessons(p_teacher=0.5))
    assert "In 30% of the lessons, on average, the Agent tells a lie" in page
    assert "In 50% of the lessons a teacher shows the Agent's turn" in page


@pytest.mark.parametrize("template", [Template(), Template(p_teacher=0.5), Template(p_lie=0.9, p_teacher=0.2)])
def test_the_share_of_lies_is_that_of_the_lessons(template):
    fact, n = FACTS[0], 2000
    claims = (each.turns[1].slot for each in lessons([fact], n, template, np.random.default_rng(0)))
    lies = np.mean([claim == agent(fact.lie).slot for claim in claims])
    assert share_of_lies(asdict(template)) == pytest.approx(lies, abs=4 * np.sqrt(0.25 / n))


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
