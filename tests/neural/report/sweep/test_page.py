import json
import re

import numpy as np
import pytest

from neural.report.measures import Study, agrees, percent
from neural.report.sections import sections
from neural.report.study import collected, write_study
from neural.study.sweep import ASKED, CONDITIONS

ARMS = "standard", "interventional", "assistant-only"
PROBES = "truth_probe", "lie_probe", "question_probe"
GOOD = {"standard": -0.1, "interventional": 1.0, "assistant-only": -0.4}


def answers(rng, mean):
    verdicts = {probe: [str(v) for v in rng.choice(["truth", "lie", "other"], 4)] for probe in PROBES}
    return {"margins": (mean + 0.1 * rng.normal(size=4)).tolist(), "verdicts": verdicts, "replies": verdicts}


def row(rng, condition, seed, arm, mean):
    asked = {way: answers(rng, mean) for way in ASKED}
    return {
        "condition": condition,
        "seed": seed,
        "arm": arm,
        "taught": [True, True, True, False],
        "theory": {"one kind": 0.25, "two channels, 1/5": 0.5, "two channels, 1/3": 0.75},
        **asked,
    }


@pytest.fixture
def folder(tmp_path):
    """A finished sweep of three seeds, its numbers made up."""
    rng = np.random.default_rng(0)
    (tmp_path / "cells").mkdir()
    for i, condition in enumerate(CONDITIONS):
        for seed in range(3):
            rows = [row(rng, condition, seed, arm, GOOD[arm]) for arm in ARMS]
            (tmp_path / "cells" / f"{i}.{seed}.json").write_text(json.dumps(rows))
    base = {"arm": "base", "topics": list("abcd"), **{way: answers(rng, 0.1) for way in ASKED}}
    kl = {
        whose: {exact: rng.random(5).tolist() for exact in ("interventional", "bystander")}
        for whose in ("world", "agent")
    }
    losses, policies = ("every symbol", "the world's symbols"), ("knows", "sees")
    bridge = [
        {"provenance": p, "loss": loss, "seed": seed, **kl} for p in policies for seed in range(3) for loss in losses
    ]
    plan = {"model": "a model", "steps": 7, "arms": {}}
    for name, value in (("base", base), ("bridge", bridge), ("plan", plan)):
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    (tmp_path / "bridge").mkdir()
    (tmp_path / "bridge.json").rename(tmp_path / "bridge" / "0.json")
    return tmp_path


def test_every_part_has_a_table_and_says_of_how_many_seeds(folder):
    parts = list(sections(Study(collected(folder))))
    assert len(parts) == 8
    for part in parts:
        assert part.rows
        assert {len(cells) for cells in part.rows} == {len(part.head)}
    assert parts[0].text.strip().startswith("3 seeds")


def test_the_numbers_are_the_means_over_seeds(folder):
    study = Study(collected(folder))
    paper = next(sections(study))
    margins = [np.mean(row["as in the lessons"]["margins"]) for row in study.rows
               if row["arm"] == "standard" and row["condition"] == "paper"]  # fmt: skip
    (standard,) = (cells for cells in paper.rows if cells[0] == "standard")
    assert standard[1].startswith(f"{np.mean(margins):+.2f} [")


def test_a_claim_that_does_not_hold_is_said_not_to_hold(folder):
    study = collected(folder)
    (paired,) = (part for part in sections(Study(study)) if part.title == "Is the difference there?")
    assert {cells[-1] for cells in paired.rows if "margin" in cells[0]} == {"above zero"}
    swap = {"standard": "interventional", "interventional": "standard"}
    for entry in study["rows"]:
        entry["arm"] = swap.get(entry["arm"], entry["arm"])
    (paired,) = (part for part in sections(Study(study)) if part.title == "Is the difference there?")
    against = next(cells for cells in paired.rows if cells[0] == "margin, nats per token, against standard")
    assert against[-1].startswith("NOT above zero")


def test_the_files(folder):
    write_study(folder)
    page = (folder / "report.html").read_text()
    assert not re.search(r"(src|href)=\"http", page)
    assert page.count("<svg") == 3
    text = (folder / "results.md").read_text()
    for name in ("facts", "dose", "bridge"):
        assert (folder / f"{name}.png").stat().st_size > 10_000
        assert f"({name}.png)" in text
    assert json.loads((folder / "study.json").read_text())["plan"]["steps"] == 7
    assert "&lt;" not in text
    assert "&#39;" not in text


def test_the_paper_alone_makes_a_report_too(folder):
    for file in (folder / "cells").glob("*"):
        if not file.name.startswith("0."):
            file.unlink()
    (folder / "bridge" / "0.json").unlink()
    write_study(folder)
    assert len(list(sections(Study(collected(folder))))) == 4


def test_every_fact_and_every_reply_stands_on_the_page_and_the_first_ones_in_markdown(folder):
    base = json.loads((folder / "base.json").read_text())
    parts = {part.title: part for part in sections(Study(collected(folder)))}
    facts, replies = parts["Fact by fact"], parts["What they say"]
    assert [cells[0] for cells in facts.rows] == base["topics"]
    assert len(replies.rows) == len(PROBES) * len(base["topics"])
    first = json.loads((folder / "cells" / "0.0.json").read_text())
    topic = base["topics"].index(replies.rows[2][0])
    said = first[1]["as in the lessons"]["replies"]["question_probe"][topic]
    assert replies.rows[2][:2] == [base["topics"][topic], "asks"]
    assert replies.rows[2][4].endswith(said)
    write_study(folder)
    assert (folder / "report.html").read_text().count("<details>") == 2


def test_a_fact_has_the_difference_within_seeds(folder):
    study = Study(collected(folder))
    rows = [row for row in study.rows if row["condition"] == "paper"]
    first = {(row["seed"], row["arm"]): row["as in the lessons"]["margins"][0] for row in rows}
    difference = np.mean([first[seed, "interventional"] - first[seed, "standard"] for seed in range(3)])
    (facts,) = (part for part in sections(study) if part.title == "Fact by fact")
    assert facts.rows[0][-1].startswith(f"{difference:+.2f} [")


def test_what_was_taught_and_what_was_not_are_told_apart(folder):
    study = Study(collected(folder))
    rows = [row for row in study.rows if row["condition"] == "a third untaught" and row["arm"] == "standard"]
    margins = np.array([row["as in the lessons"]["margins"] for row in rows])
    (spread,) = (part for part in sections(study) if part.title.startswith("Does it spread"))
    (cells,) = (cells for cells in spread.rows if cells[0] == "standard")
    assert cells[1].startswith(f"{margins[:, :3].mean():+.2f} [")
    assert cells[2].startswith(f"{margins[:, 3:].mean():+.2f} [")
    assert f"; {100 * np.mean(margins[:, 3:] < 0):.0f} [" in cells[2]


def test_shares_stay_between_0_and_100_per_cent():
    assert percent([0.0, 0.0, 0.1]) == "3 [0, 18]"
    assert percent([1.0, 0.9]) == "95 [31, 100]"
    assert percent([0.5]) == "50 [nan, nan]"


def test_a_reply_that_just_agrees_is_counted():
    said = ["Yes, correct.", "No. Gold is Au.", "Right.", "Yes, correct. Gold is Go."]
    assert agrees({"as in the lessons": {"replies": {"lie_probe": said}}}) == 0.5


def test_the_columns_of_the_dose_and_of_the_bridge_hold_what_their_heads_say(folder):
    study = Study(collected(folder))
    parts = {part.title.split(":")[0]: part for part in sections(study)}
    dose = parts["Dose"]
    cells = dict(zip(dose.head, next(c for c in dose.rows if c[:3] == ["paper", "3", "standard"]), strict=True))
    margins = [row["as in the lessons"]["margins"] for row in study.rows
               if row["condition"] == "paper" and row["arm"] == "standard"]  # fmt: skip
    assert cells["network: lie preferred, %"].startswith(f"{100 * np.mean(np.array(margins) < 0):.0f} [")
    expected = {"one kind": "25 [25, 25]", "two channels, 1/5": "50 [50, 50]", "two channels, 1/3": "75 [75, 75]"}
    assert {name: cells[f"exact, {name}, %"] for name in expected} == expected
    bridge = parts["The bridge"]
    pairs = [(whose, exact) for whose in ("world", "agent") for exact in ("interventional", "bystander")]
    for text, head, (whose, exact) in zip(bridge.rows[0][2:], bridge.head[2:], pairs, strict=True):
        entries = [e for e in study.bridge if [e["provenance"], e["loss"]] == bridge.rows[0][:2]]
        assert text.startswith(f"{np.mean([e[whose][exact] for e in entries]):.4f} [")
        assert head.endswith(f"from {exact}")
    assert [head.split(":")[0] for head in bridge.head[2::2]] == ["world slots", "agent slots"]
