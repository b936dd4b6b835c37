import json
import re

import numpy as np
import pytest

from neural.report.study import Study, collected, sections, write_study
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
        "theory": 0.25,
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
    return tmp_path


def test_every_part_has_a_table_and_says_of_how_many_seeds(folder):
    parts = list(sections(Study(collected(folder))))
    assert len(parts) == 6
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
    (folder / "bridge.json").unlink()
    write_study(folder)
    assert len(list(sections(Study(collected(folder))))) == 2
