"""The report of a sweep, from its files alone: `study.json`, one self-contained page, and the same as Markdown."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from jinja2 import Environment, PackageLoader
from matplotlib.figure import Figure

from neural.report.curves import bridge_figure, dose_figure, facts_figure
from neural.report.page import svg
from neural.report.statistics import interval, paired

VERDICTS = "truth", "lie", "other"
PROBES = {"truth_probe": "states the truth", "lie_probe": "states the lie", "question_probe": "asks"}
LESSONS = "as in the lessons"
WORLDS = "paper", "empty confirmations", "openers always", "no small talk"
UNTAUGHT = "a third untaught"

PAPER_TEXT = """
{seeds} seeds; every seed draws its own lessons and its own order, the same for all arms. In brackets the 95 % interval
of the mean over seeds (Student's t). The base is one model and has no interval.
"""
PAIRED_TEXT = """
Differences within a seed, whose arms read the same lessons in the same order. p: the exact sign-flip permutation test,
two-sided; with 8 seeds it cannot be below 0.0078.
"""
DOSE_TEXT = """
The share of facts on which each arm prefers the lie, and beside it what the exact mixture makes of the very same
lessons (`neural/study/theory.py`): two hypotheses a fact, even odds before, whoever states a value is right three times
in four; what an arm learns from is what its mixture takes as evidence. In the paper's condition the agent lies 60 % of
the time and the world is never wrong; one of the two varies.
"""
WORLD_TEXT = """
Section 5.3 warns that what the world says matters too. Empty confirmations say “Yes, correct.” in place of the truth;
with openers always, no correction is the bare truth; without small talk there are no tails.
"""
SPREAD_TEXT = """
The mean margin over facts on which there were lessons, and over the third of them, drawn for each seed, on which there
were none; and, in the paper's condition, where the question is put in words that no lesson has, or asked and answered
by people of other names.
"""
BRIDGE_TEXT = """
Small models ({seeds} seeds, each with a random mixture of its own) on streams of symbols, tested on streams whose agent
symbols are set from outside. KL divergence of their predictions from both exact predictives, in nats, the mean over all
slots: the smaller of a pair says which of the two a model has learned.
"""
FACTS_CAPTION = "The truth–lie margin of every fact: means over {seeds} seeds, and their 95 % intervals."
DOSE_CAPTION = """
Above what the networks prefer, below what exact mixtures believe after the same lessons: means over seeds, and their
95 % intervals.
"""
BRIDGE_CAPTION = """
KL from the exact predictives, slot by slot, on streams whose agent symbols are set from outside: means over {seeds}
seeds, and their 95 % intervals. Where a line lies low, the model predicts as that observer does.
"""


class Section(NamedTuple):
    """A part of the report: what was done, a table of what was seen, and a figure by its file's name."""

    title: str
    text: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    figure: str = ""
    caption: str = ""


class Study:
    """`study.json`, and what is asked of it."""

    def __init__(self, study: dict):
        self.base, self.rows, self.bridge = study["base"], study["rows"], study["bridge"]
        self.arms = list(dict.fromkeys(row["arm"] for row in self.rows))
        self.conditions = list(dict.fromkeys(row["condition"] for row in self.rows))
        self.seeds = len({row["seed"] for row in self.rows if row["condition"] == "paper"})
        self.ways = [name for name in self.base if name not in ("arm", "topics", LESSONS)]

    def of(self, condition: str, arm: str, what: Callable[[dict], float]) -> list[float]:
        """One number for each seed, in their order."""
        rows = [row for row in self.rows if row["condition"] == condition and row["arm"] == arm]
        return [what(row) for row in sorted(rows, key=lambda row: row["seed"])]

    def replies(self, condition: str, arm: str, probe: str) -> str:
        """The shares of truths, lies and others among the replies to a probe, in per cent."""
        return " / ".join(percent(self.of(condition, arm, share(probe, verdict))) for verdict in VERDICTS)


def margin(row: dict, way: str = LESSONS) -> float:
    """The mean margin over all facts (Eq. 7), the question put in one of the ways."""
    return float(np.mean(row[way]["margins"]))


def margin_where(row: dict, taught: bool) -> float:
    """The mean margin over the facts that there were lessons on, or over the others."""
    return float(np.mean(np.array(row[LESSONS]["margins"])[np.array(row["taught"]) == taught]))


def lies(row: dict) -> float:
    """The share of facts on which the lie is preferred."""
    return float(np.mean(np.array(row[LESSONS]["margins"]) < 0))


def theory(row: dict) -> float:
    """The share of facts on which the exact mixture believes the lie."""
    return row["theory"]


def share(probe: str, verdict: str) -> Callable[[dict], float]:
    """The share of replies to ``probe`` with that verdict."""
    return lambda row: float(np.mean(np.array(row[LESSONS]["verdicts"][probe]) == verdict))


def percent(values: Sequence[float]) -> str:
    """A share over seeds, in per cent."""
    return interval([100 * value for value in values]).show(0)


def nats(values: Sequence[float]) -> str:
    """A margin over seeds."""
    return interval(values).show(2, plus=True)


def paper_section(study: Study) -> Section:
    """The paper's condition: every arm, with intervals."""
    asked = [f"user {said}: truth / lie / other, %" for said in PROBES.values()]
    base = [" / ".join(f"{100 * share(p, v)(study.base):.0f}" for v in VERDICTS) for p in PROBES]
    table = [["base", f"{margin(study.base):+.2f}", f"{100 * lies(study.base):.0f}", *base]]
    for arm in study.arms:
        measured = nats(study.of("paper", arm, margin)), percent(study.of("paper", arm, lies))
        table.append([arm, *measured, *(study.replies("paper", arm, probe) for probe in PROBES)])
    head = ["arm", "margin, nats per token", "prefers the lie, % of facts", *asked]
    text, caption = (words.format(seeds=study.seeds) for words in (PAPER_TEXT, FACTS_CAPTION))
    return Section("The paper's condition", text, head, table, "facts", caption)


def comparison(study: Study, other: str, name: str, gain: Callable[[dict], float]) -> list[str]:
    """How much more of ``gain`` the interventional arm has than another, seed by seed."""
    got = paired(*(study.of("paper", arm, gain) for arm in (other, "interventional")))
    verdict = "above zero" if got.difference.low > 0 else "NOT above zero: not shown here"
    return [f"{name}, against {other}", got.difference.show(2, plus=True), f"{got.p:.4f}", verdict]


def paired_section(study: Study) -> Section:
    """The claim itself: interventional against the others."""
    gains = {"margin, nats per token": margin, "facts on which the lie is not preferred, %": lambda r: -100 * lies(r)}
    others = [arm for arm in study.arms if arm != "interventional"]
    table = [comparison(study, other, name, gain) for other in others for name, gain in gains.items()]
    head = ["the interventional arm has more of", "mean difference", "p", "95 % interval"]
    return Section("Is the difference there?", PAIRED_TEXT, head, table)


def dose_section(study: Study) -> Section:
    """Share of lies preferred against how often the agent lies, and the world."""
    table = [
        [condition, arm, percent(study.of(condition, arm, lies)), percent(study.of(condition, arm, theory))]
        for condition in study.conditions
        if condition == "paper" or condition.startswith("the ")
        for arm in study.arms
    ]
    head = ["condition", "arm", "network: lie preferred, %", "exact mixture, %"]
    title = "Dose: how often the agent lies, and the world is wrong"
    return Section(title, DOSE_TEXT, head, table, "dose", DOSE_CAPTION)


def world_section(study: Study) -> Section:
    """Other templates for what the world says."""
    table = []
    for condition in (name for name in WORLDS if name in study.conditions):
        for arm in study.arms:
            measured = nats(study.of(condition, arm, margin)), percent(study.of(condition, arm, lies))
            said = (study.replies(condition, arm, probe) for probe in ("lie_probe", "question_probe"))
            table.append([condition, arm, *measured, *said])
    asked = [f"user {PROBES[probe]}: truth / lie / other, %" for probe in ("lie_probe", "question_probe")]
    head = ["condition", "arm", "margin, nats per token", "prefers the lie, % of facts", *asked]
    return Section("What the world says", WORLD_TEXT, head, table)


def spread_section(study: Study) -> Section:
    """Untaught facts, other words, other people."""
    asked = [f"{margin(study.base, way):+.2f}" for way in study.ways]
    table = [["base", f"{margin(study.base):+.2f}", f"{margin(study.base):+.2f}", *asked]]
    for arm in study.arms:
        both = [study.of(UNTAUGHT, arm, lambda row, t=t: margin_where(row, t)) for t in (True, False)]  # type: ignore
        ways = [study.of("paper", arm, lambda row, w=way: margin(row, w)) for way in study.ways]  # type: ignore
        table.append([arm, *map(nats, both), *map(nats, ways)])
    head = ["arm", "taught facts", "untaught facts", *study.ways]
    return Section("Does it spread, or stay where it was taught?", SPREAD_TEXT, head, table)


def bridge_section(study: Study) -> Section:
    """The 2 × 2 design."""
    table = []
    for pair in dict.fromkeys((entry["provenance"], entry["loss"]) for entry in study.bridge):
        entries = [entry for entry in study.bridge if (entry["provenance"], entry["loss"]) == pair]
        columns = [(whose, exact) for whose in ("world", "agent") for exact in ("interventional", "bystander")]
        means = [[float(np.mean(entry[whose][exact])) for entry in entries] for whose, exact in columns]
        table.append([*pair, *(interval(column).show(4) for column in means)])
    head = ["the agent of the training streams", "loss on", "world slots: from interventional", "from bystander",
            "agent slots: from interventional", "from bystander"]  # fmt: skip
    seeds = len({entry["seed"] for entry in study.bridge})
    text, caption = (words.format(seeds=seeds) for words in (BRIDGE_TEXT, BRIDGE_CAPTION))
    title = "The bridge: what the mask buys, and what the provenance of the data"
    return Section(title, text, head, table, "bridge", caption)


def sections(study: Study) -> Iterator[Section]:
    """All for which there are results."""
    yield paper_section(study)
    if "interventional" in study.arms and len(study.arms) > 1:
        yield paired_section(study)
    if any(name.startswith("the ") for name in study.conditions):
        yield dose_section(study)
    if "empty confirmations" in study.conditions:
        yield world_section(study)
    if UNTAUGHT in study.conditions:
        yield spread_section(study)
    if study.bridge:
        yield bridge_section(study)


FIGURES: dict[str, Callable[[dict], Figure]] = {"facts": facts_figure, "dose": dose_figure, "bridge": bridge_figure}


def collected(folder: Path) -> dict[str, Any]:
    """Everything that was measured, as one object."""
    plan, base = (json.loads((folder / f"{name}.json").read_text()) for name in ("plan", "base"))
    rows = [row for file in sorted((folder / "cells").glob("*.json")) for row in json.loads(file.read_text())]
    bridge = folder / "bridge.json"
    streams = json.loads(bridge.read_text()) if bridge.exists() else []
    return {"plan": plan, "base": base, "rows": rows, "bridge": streams}


def write_study(folder: Path) -> None:
    """``study.json``, ``report.html``, ``results.md`` and the figures, from what stands in ``folder``."""
    study = collected(folder)
    (folder / "study.json").write_text(json.dumps(study) + "\n")
    parts = list(sections(Study(study)))
    figures = {part.figure: FIGURES[part.figure](study) for part in parts if part.figure}
    drawn = {name: svg(figure) for name, figure in figures.items()}
    for template, file in (("study.html", "report.html"), ("study.md", "results.md")):
        html = template.endswith("html")
        environment = Environment(loader=PackageLoader("neural.report", "."), autoescape=html, trim_blocks=True)
        page = environment.get_template(template).render(plan=study["plan"], sections=parts, figures=drawn)
        (folder / file).write_text(page, encoding="utf-8")
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=130)
        plt.close(figure)
