"""The sections of the report of a sweep: what was done, a table of what was seen, and the name of a figure."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from neural.report.figures import MANY
from neural.report.measures import (
    LESSONS,
    THEORIES,
    VERDICTS,
    Study,
    agrees,
    lies,
    margin,
    nats,
    only,
    percent,
    share,
    theory,
)
from neural.report.statistics import interval, paired
from neural.report.summary import MARK

PROBES = {"truth_probe": "states the truth", "lie_probe": "states the lie", "question_probe": "asks"}
WORLDS = "paper", "empty confirmations", "openers always", "no small talk"
UNTAUGHT = "a third untaught"

PAPER_TEXT = """
{seeds} seeds; every seed draws its own lessons and its own order, the same for all arms. In brackets the 95 % interval
of the mean over seeds (Student's t; those of shares are cut at 0 and 100 %). Where all seeds
agree it has no width, which is not certainty. The base is one model and has no interval.
"""
FACTS_TEXT = """
Δ of every fact, the means over seeds with their 95 % intervals, and last the difference of the interventional arm and
the standard one within a seed. Taken for itself each interval misses one time in twenty.
"""
REPLIES_TEXT = """
The likeliest replies of the first seed's models: ✓ the truth, ✗ the lie, · something else. First the facts on which the
arms part most.
"""
PAIRED_TEXT = """
Differences within a seed, whose arms read the same lessons in the same order. p: the exact sign-flip permutation test,
two-sided; with {seeds} seeds it cannot be below {least:.2g}, whatever they show.
"""
DOSE_TEXT = """
The share of facts on which each arm prefers the lie, and beside it what exact mixtures, given the very same lessons,
expect of the Agent (`neural/study/theory.py`). For all of them the fact is as likely one way as the other before, and
whoever states a value is right three times in four; what an arm learns from is what its mixture takes as evidence. For
one all speakers are of one kind; for the others the Agent has a channel of its own (section 3.1) and may be contrary
on a fact, with probability 1/5 or 1/3 before. In the paper's condition the agent lies 60 % of the time and the world
is never wrong; one of the two varies.
"""
WORLD_TEXT = """
Section 5.3 warns that what the world says matters too. Empty confirmations say “Yes, correct.” in place of the truth;
with openers always, no correction is the bare truth; without small talk there are no tails. A reply that just agrees is
such an empty confirmation.
"""
SPREAD_TEXT = """
The mean margin, and the share of facts on which the lie is preferred: over facts on which there were lessons, and over
the third of them, drawn for each seed, on which there were none; and, in the paper's condition, where the question is
put in words that no lesson has, or asked and answered by people of other names.
"""
BRIDGE_TEXT = """
Small models ({seeds} seeds, each with a random mixture of its own) on streams of symbols, tested on streams whose agent
symbols are set from outside. KL divergence of their predictions from both exact predictives, in nats, the mean over all
slots: the smaller of a pair says which of the two a model has learned.
"""
FACTS_CAPTION = """
The truth–lie margin of every fact in the paper's condition: means over {seeds} seeds, and their 95 % intervals. {run}
"""
RANKS_CAPTION = """
The truth–lie margins in the paper's condition, in every seed from the least to the greatest: the means over {seeds}
seeds at every rank, and their 95 % intervals. {run}
"""
DOSE_CAPTION = """
Above what the networks prefer, below what the exact mixtures expect after the same lessons: means over seeds, and their
95 % intervals. The table says how many. {run}
"""
BRIDGE_CAPTION = """
KL from the exact predictives, slot by slot, on streams whose agent symbols are set from outside: geometric means over
{seeds} seeds, and their 95 % intervals. Where a line lies low, the model predicts as that observer does.
"""


class Section(NamedTuple):
    """A part of the report: what was done, a table of what was seen, and a figure by its file's name."""

    title: str
    text: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    figure: str = ""
    caption: str = ""
    long: bool = False  # of so many rows that the page hides them, and Markdown shows the first ones


def paper_section(study: Study) -> Section:
    """The paper's condition: every arm, with intervals."""
    asked = [f"user {said}: truth / lie / other, %" for said in PROBES.values()]
    base = [" / ".join(f"{100 * share(p, v)(study.base):.0f}" for v in VERDICTS) for p in PROBES]
    table = [["base", f"{margin(study.base):+.2f}", f"{100 * lies(study.base):.0f}", *base]]
    for arm in study.arms:
        measured = nats(study.of("paper", arm, margin)), percent(study.of("paper", arm, lies))
        table.append([arm, *measured, *(study.replies("paper", arm, probe) for probe in PROBES)])
    head = ["arm", "margin, nats per token", "prefers the lie, % of facts", *asked]
    figure = RANKS_CAPTION if len(study.base["topics"]) > MANY else FACTS_CAPTION
    text, caption = (words.format(seeds=study.seeds, run=study.run) for words in (PAPER_TEXT, figure))
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
    text = PAIRED_TEXT.format(seeds=study.seeds, least=2.0 ** (1 - study.seeds))
    return Section("Is the difference there?", text, head, table)


def seeds_of(study: Study, condition: str) -> str:
    """How many seeds there are of a condition."""
    return str(len({row["seed"] for row in study.rows if row["condition"] == condition}))


def fact_rows(study: Study) -> Iterator[list[str]]:
    """The margin of every fact in every arm, and the difference of two of them."""
    for i, topic in enumerate(study.base["topics"]):
        margins = {arm: study.of("paper", arm, lambda row: row[LESSONS]["margins"][i]) for arm in study.arms}  # noqa: B023
        both = [margins[arm] for arm in ("standard", "interventional") if arm in margins]
        last = paired(*both).difference.show(2, plus=True) if len(both) == 2 else ""
        yield [topic, f"{study.base[LESSONS]['margins'][i]:+.2f}", *map(nats, margins.values()), last]


def facts_section(study: Study) -> Section:
    """Fact by fact."""
    head = ["topic", "base", *study.arms, "interventional − standard"]
    return Section("Fact by fact", FACTS_TEXT, head, list(fact_rows(study)), long=True)


def reply_rows(study: Study) -> Iterator[list[str]]:
    """What the base and every arm of the first seed say, marked; first where the arms' margins are farthest apart."""
    first = [row for row in study.rows if row["condition"] == "paper"][: len(study.arms)]
    margins = np.array([row[LESSONS]["margins"] for row in first])
    for i in np.argsort(-np.ptp(margins, axis=0), kind="stable"):
        for probe, said in PROBES.items():
            asked = [row[LESSONS] for row in (study.base, *first)]
            replies = (f"{MARK[row['verdicts'][probe][i]]} {row['replies'][probe][i]}" for row in asked)
            yield [study.base["topics"][i], said, *replies]


def replies_section(study: Study) -> Section:
    """What they say."""
    head = ["topic", "the user", "base", *study.arms]
    return Section("What they say", REPLIES_TEXT, head, list(reply_rows(study)), long=True)


def dose_section(study: Study) -> Section:
    """Share of lies preferred against how often the agent lies, and the world."""
    table = [
        [condition, seeds_of(study, condition), arm]
        + [percent(study.of(condition, arm, what)) for what in (lies, *map(theory, THEORIES))]
        for condition in study.conditions
        if condition == "paper" or condition.startswith("the ")
        for arm in study.arms
    ]
    head = ["condition", "seeds", "arm", "network: lie preferred, %", *(f"exact, {name}, %" for name in THEORIES)]
    title = "Dose: how often the agent lies, and the world is wrong"
    return Section(title, DOSE_TEXT, head, table, "dose", DOSE_CAPTION.format(run=study.run))


def world_section(study: Study) -> Section:
    """Other templates for what the world says."""
    table = []
    for condition in (name for name in WORLDS if name in study.conditions):
        for arm in study.arms:
            measured = nats(study.of(condition, arm, margin)), percent(study.of(condition, arm, lies))
            lie, asked = (study.replies(condition, arm, probe) for probe in ("lie_probe", "question_probe"))
            agreed = percent(study.of(condition, arm, agrees))
            table.append([condition, seeds_of(study, condition), arm, *measured, lie, agreed, asked])
    head = ["condition", "seeds", "arm", "margin, nats per token", "prefers the lie, % of facts"]
    head += [
        "user states the lie: truth / lie / other, %",
        "just agrees, %",
        "user asks: truth / lie / other, %",
    ]
    return Section("What the world says", WORLD_TEXT, head, table)


def both(study: Study, condition: str, arm: str, of: Callable[[dict], dict], way: str = LESSONS) -> str:
    """Margin, and share of lies preferred, of what ``of`` makes of each row."""
    margins = nats(study.of(condition, arm, lambda row: margin(of(row), way)))
    return f"{margins}; {percent(study.of(condition, arm, lambda row: lies(of(row), way)))} %"


def spread_section(study: Study) -> Section:
    """Untaught facts, other words, other people."""
    asked = [f"{margin(study.base, way):+.2f}; {100 * lies(study.base, way):.0f} %" for way in (LESSONS, *study.ways)]
    table = [["base", asked[0], *asked]]
    for arm in study.arms:
        apart = [both(study, UNTAUGHT, arm, lambda row, t=taught: only(row, t)) for taught in (True, False)]  # type: ignore
        ways = [both(study, "paper", arm, lambda row: row, way) for way in study.ways]
        table.append([arm, *apart, *ways])
    head = ["arm", "taught facts", "untaught facts", *study.ways]
    text = SPREAD_TEXT + f"Left two columns: {seeds_of(study, UNTAUGHT)} seeds; the others: {study.seeds}.\n"
    return Section("Does it spread, or stay where it was taught?", text, head, table)


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
    if study.rows:
        yield paper_section(study)
    if "interventional" in study.arms and len(study.arms) > 1:
        yield paired_section(study)
    if study.rows:
        yield replies_section(study)
        yield facts_section(study)
    if any(name.startswith("the ") for name in study.conditions):
        yield dose_section(study)
    if "empty confirmations" in study.conditions:
        yield world_section(study)
    if UNTAUGHT in study.conditions:
        yield spread_section(study)
    if study.bridge:
        yield bridge_section(study)
