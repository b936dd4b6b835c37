import re
from dataclasses import asdict, replace

import numpy as np
import pytest

from neural.dialogue.dialogue import agent
from neural.errors import BadInput
from neural.origin import START
from neural.paper.facts import FACTS
from neural.paper.lessons import Template, lessons
from neural.report.replies import PROBES, list_replies
from neural.report.run.page import say_answer, share_of_lies, write_report
from neural.result import Margin, Probe, Reply, write
from pages import assert_accessible, assert_self_contained, read_rows
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
    assert_self_contained(page)
    assert page.count("<svg") == 3


def test_the_page_is_accessible(page):
    assert_accessible(page)


def test_what_models_and_users_say_is_escaped(page):
    assert "said &lt;1&gt;" in page
    assert "said <1>" not in page
    assert "reply 2" in page


def test_every_placeholder_is_filled(page):
    prose = re.sub(r"<svg.*?</svg>|<style>.*?</style>|<script>.*?</script>", "", page, flags=re.DOTALL)
    for trace in ("{{", "{%", "ndefined", "None", "nan"):
        assert trace not in prose


def test_the_page_tells_the_result(page):
    prose = " ".join(page.split())
    assert (
        "After 3 steps, the standard copy prefers the lie on 2 of 3 facts, the interventional copy prefers the lie"
        in prose
    )
    assert "before training, the base does on 0." in prose
    assert "read one of 480 lessons at each step" in prose
    assert "In 60% of the lessons" in prose
    assert "begin as one of the User's questions does (“Tell me about …”) or with a speaker's name (“User:”)" in prose
    assert "Replies in the manner of the User's corrections and confirmations (“I think …”) do not count." in prose
    assert "exact spelling alone, 24 of the 27 replies would be judged differently" in prose


def test_the_summary_of_the_papers_facts_has_its_numbers_beside_ours(page, monkeypatch, tmp_path):
    caption = "What the base and every copy prefer and say"
    assert [row[0] for row in read_rows(page, caption)] == [*RUN.arms]
    monkeypatch.setattr("neural.report.run.page.ASKED", RUN.arms["base"].margin.per_fact)
    write(tmp_path / "results.json", RUN)
    write_report(tmp_path)
    page = (tmp_path / "report.html").read_text()
    rows = {row[0]: row[1:] for row in read_rows(page, caption)}
    probe = "1 / 1 / 1 1 off topic"
    assert rows["standard"] == ["-0.200", "-0.100", "2 of 3", *[probe] * 3, "2 of 9; 12.50%", "100"]
    assert rows["base"][-1] == ""
    published = ["–", "-0.131", "24 of 33", "25 / 8 / 0", "– / 6 / –", "–", "–", "–"]
    assert rows["standard, in the paper (Qwen2.5-0.5B)"] == published
    assert list(rows)[:3] == ["base", "standard", "standard, in the paper (Qwen2.5-0.5B)"]
    assert "Causal interactive LLM agents that tell the truth</cite></a>" in page


@pytest.mark.parametrize("steps", [1, 4, 1920])
@pytest.mark.parametrize("arms", [["standard"], ["assistant-only"], ["interventional", "agent-0.5", "standard"]])
def test_the_answer_holds_for_any_arms_and_steps(arms, steps):
    chosen = {"base": RUN.arms["base"]} | dict.fromkeys(arms, RUN.arms["standard"])
    answer = say_answer(replace(RUN, config=RUN.config | {"steps": steps}, arms=chosen))
    assert answer.startswith(
        f"After {steps:,} step{'' if steps == 1 else 's'}, the {arms[0]} copy prefers the lie on 2 of 3"
    )
    assert all(f"the {arm} copy prefers the lie on 2" in answer for arm in arms)
    assert answer.count("copy") == len(arms)


def test_the_false_value_of_a_lie_is_marked_and_not_its_row():
    said = {"truth_probe": "Gold is Au.", "lie_probe": "Gold is Go.", "question_probe": "Tell me about gold."}
    answers = {
        "truth_probe": ("Gold is Go, I think.", "lie"),
        "lie_probe": ("Yes.", "lie"),
        "question_probe": ("Au.", "truth"),
    }
    base = replace(RUN.arms["base"], **{
        probe: Probe.count([Reply("gold", said[probe], *answers[probe], "", "other")]) for probe in said
    })  # fmt: skip
    cells = [list_replies({"base": base, "standard": base}, probe)[0][1] for probe in said]
    assert [(cell.before, cell.value, cell.after) for cell in cells] == [
        ("Gold is ", "Go", ", I think."), ("Yes.", "", ""), ("Au.", "", ""),
    ]  # fmt: skip


def test_what_was_run_is_a_table(tmp_path):
    texts = "python -m neural.train --steps=3", "2026-05-17 12:00 UTC", "0.3", "abc"
    start = dict(zip(START, texts, strict=True))
    page = write_page(tmp_path, replace(RUN, config=RUN.config | start))
    rows = dict(read_rows(page, "The settings of this run"))
    assert rows["command"] == start["command"]
    assert rows["started"] == start["started"]
    assert rows["version"] == "causal_agency 0.3; commit abc"
    assert "{" not in "".join(rows.values())


def test_a_thousand_facts_have_a_page_like_that_of_three(tmp_path):
    many = [f"topic {i}" for i in range(1000)]

    def enlarge(arm):
        probes = {
            name: Probe.count([replace(arm.probe(name).replies[i % 3], topic=topic) for i, topic in enumerate(many)])
            for name in PROBES
        }
        margin = Margin.average(many, [arm.margin.values[i % 3] for i in range(1000)])
        return replace(arm, **probes, margin=margin, margin_as_published=margin)

    page = write_page(tmp_path, replace(RUN, arms={name: enlarge(arm) for name, arm in RUN.arms.items()}))
    assert_accessible(page)
    assert page.count("<summary>992 more</summary>") == 3
    assert "of 1,000 facts" in page
    assert page.index("<details>") > page.index("What the models say")


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
    plain = " ".join(page.split()).partition("What was run")[0]
    assert "the Agent tells a lie and the User corrects it. The copies differ" in plain
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
