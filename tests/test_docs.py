"""The README's transcript and the notation's names, held to the code."""

import doctest
import importlib
import re
from pathlib import Path

import numpy as np
import pytest

from neural.paper.conditions import PAPER_CONDITION
from neural.paper.sweep_result import AS_IN_LESSONS
from neural.report.sweep.page import collect
from neural.result import Run, read

ARMS = "standard", "interventional", "assistant-only"
ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("document", "examples"), [("README.md", 10), ("docs/exact.md", 20), ("docs/logs.md", 5), ("docs/labels.md", 7)]
)
def test_every_transcript_works_exactly_so(document, examples, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    failed, tried = doctest.testfile(str(ROOT / document), module_relative=False)
    assert tried >= examples
    assert failed == 0


NAMES = re.findall(r"`((?:causal_agency|neural)(?:\.\w+)+)`", (ROOT / "docs" / "notation.md").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_notation_exists(name):
    parts = name.split(".")
    for i in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:i]))
        except ModuleNotFoundError:
            continue
        for part in parts[i:]:
            found = getattr(found, part)
        return
    pytest.fail(name)


def test_the_notation_names_many():
    assert len(NAMES) > 20


def _mean(values, digits=1, sign=""):
    text = f"{np.mean(values):{sign}.{digits}f}"
    return (text.removesuffix(".0") if digits == 1 else text).replace("-", "−")


def _row(label, results):
    """A row of the first table of docs/evidence.md: margins, then counts of the 33 facts."""
    margins = (
        _mean([getattr(each, which).mean for each in results], 2, "+") for which in ("margin", "margin_as_published")
    )
    truth, lie, question = (
        [getattr(each, f"{name}_probe") for each in results] for name in ("truth", "lie", "question")
    )
    asked = " / ".join(_mean([getattr(probe, verdict) for probe in question]) for verdict in ("truth", "lie", "other"))
    lies = _mean([each.margin.lie_preferred for each in results])
    counts = _mean([probe.lie for probe in truth]), _mean([probe.lie for probe in lie])
    return f"| {label} | {'{} ({})'.format(*margins)} | {lies} | {' | '.join(counts)} | {asked} |"


def test_the_first_table_of_the_evidence_is_that_of_the_stored_results():
    sweep = collect(ROOT / "results" / "smollm2")
    full = read(ROOT / "results" / "smollm2-full" / "results.json", Run)
    paper = {
        arm: [r.results[AS_IN_LESSONS] for r in sweep.replicas if r.condition == PAPER_CONDITION and r.arm == arm]
        for arm in ARMS
    }
    rows = [_row("base", [full.arms["base"]])]
    rows += [_row(f"{arm}, 480 steps, mean of {len(results)} seeds", results) for arm, results in paper.items()]
    rows += [_row(f"{arm}, 1,920 steps, 1 seed", [full.arms[arm]]) for arm in ("standard", "interventional")]
    table = (ROOT / "docs" / "evidence.md").read_text().replace("**", "")
    assert [row for row in rows if row not in table] == []
