"""The sections of a sweep's report: each a table, and the names of its text and its figure."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from neural.paper.sweep_result import AS_IN_LESSONS, THEORIES
from neural.report.margins import MAX_NAMED
from neural.report.published import FACTS, MODEL, PUBLISHED, UNKNOWN, show_counts
from neural.report.replies import PROBE_NAMES, Marked, compare, count_kinds, count_respelled, false_values, mark
from neural.report.statistics import Values, compare_pairs, interval
from neural.report.sweep.measures import (
    Measure,
    Measures,
    agreement,
    evasions,
    lies,
    margin,
    nats,
    pair_seeds,
    percent,
    share,
    taken_turns,
    turn_taking,
    user_speech,
)
from neural.result import VERDICTS, Result

HEADS = {probe: f"{name}: truth / lie / other, %" for probe, name in PROBE_NAMES.items()}
MARGIN, LIES = "margin, nats per token", "lie preferred, % of facts"
TURNS = "turn taking: replies / probability, %"
SPEECH = "speaks as the User, % of bare questions"
GAINS: dict[str, Measure] = {
    MARGIN: margin,
    "facts on which the lie is not preferred, %": lambda result: -100 * lies(result),
    "stated truths not contradicted, %": lambda result: -100 * share("truth_probe", "lie")(result),
    "stated lies not echoed, %": lambda result: -100 * share("lie_probe", "lie")(result),
    "questions not answered with the lie, %": lambda result: -100 * share("question_probe", "lie")(result),
}


class Section(NamedTuple):
    """A part of the report. Its title, text and caption are in ``prose.jinja`` under ``name``."""

    name: str
    head: Sequence[str]
    rows: Sequence[Sequence[str | Marked]]
    figure: str = ""
    caption: str = ""
    long: bool = False  # the page folds the table, and Markdown shows its first rows


def published_row(arm: str) -> list[str]:
    """Return what the paper reports of one of its arms: one seed, its margin without the first word of each claim."""
    paper = PUBLISHED[arm]
    counts = (paper.counts(probe) for probe in PROBE_NAMES)
    shares = [show_counts(each, lambda n: f"{100 * n / FACTS:.0f}") for each in counts]
    cells = "1", f"{paper.margin:+.2f} as published", f"{100 * paper.lie_preferred / FACTS:.0f}", *shares, UNKNOWN
    return [f"{arm}, in the paper ({MODEL})", *cells]


def paper_section(sweep: Measures) -> Section:
    """Tabulate every arm in the paper's condition, with intervals."""
    base = sweep.base[AS_IN_LESSONS]
    verdicts = [" / ".join(f"{100 * share(probe, verdict)(base):.0f}" for verdict in VERDICTS) for probe in PROBE_NAMES]
    turns = " / ".join(f"{100 * measure(base):.1f}" for measure in (taken_turns, turn_taking))
    rows: list[list[str]] = [["base", "", f"{margin(base):+.2f}", f"{100 * lies(base):.0f}", *verdicts, turns]]
    for arm in sweep.select_arms(sweep.paper):
        measured = (
            nats(sweep.measure_seeds(sweep.paper, arm, margin)),
            percent(sweep.measure_seeds(sweep.paper, arm, lies)),
        )
        turns = " / ".join(
            percent(sweep.measure_seeds(sweep.paper, arm, measure), digits=1) for measure in (taken_turns, turn_taking)
        )
        seeds, replies = (
            str(len(sweep.select(sweep.paper, arm))),
            (sweep.verdicts(sweep.paper, arm, p) for p in PROBE_NAMES),
        )
        rows.append([arm, seeds, *measured, *replies, turns])
        rows += [published_row(arm)] if arm in PUBLISHED else []
    caption = "ranks_caption" if len(sweep.topics) > MAX_NAMED else "facts_caption"
    return Section("paper", ["arm", "seeds", MARGIN, LIES, *HEADS.values(), TURNS], rows, "facts", caption)


def compare_arms(sweep: Measures, other: str, name: str, gain: Measure) -> list[str]:
    """Return how much more of ``gain`` the interventional arm has than ``other``, seed by seed."""
    result = compare_pairs(*pair_seeds(sweep, other, gain))
    difference, (p, least_p) = result.difference.show(2, plus=True), (f"{p:.15g}" for p in (result.p, result.least_p))
    return [f"{name}, against {other}", str(result.pairs), difference, p, least_p, result.verdict]


def paired_section(sweep: Measures) -> Section:
    """Compare the interventional arm with every other that has at least two seeds in common with it."""
    others = [arm for arm in sweep.select_arms(sweep.paper) if arm != "interventional"]
    paired = [arm for arm in others if len(pair_seeds(sweep, arm, margin)[0]) > 1]
    rows = [compare_arms(sweep, other, name, gain) for other in paired for name, gain in GAINS.items()]
    difference = "mean difference and its 95% interval"
    head = ["interventional arm's gain in", "pairs", difference, "p", "least possible p", "verdict"]
    return Section("paired", head, rows)


def others_section(sweep: Measures) -> Section:
    """Tabulate the kinds of replies that tell neither truth nor lie, and whose manner replies have, over all seeds."""
    results = {
        arm: [each.results[AS_IN_LESSONS] for each in sweep.select(sweep.paper, arm)]
        for arm in sweep.select_arms(sweep.paper)
    }
    rows = []
    for name, group in {"base": [sweep.base[AS_IN_LESSONS]], **results}.items():
        kinds = (count_kinds(*(result.probe(probe) for result in group)) or "none" for probe in PROBE_NAMES)
        speech = percent([user_speech(result) for result in group])
        rows.append([name, *kinds, speech, "{} of {}".format(*count_respelled(group))])
    others = (f"{name}: other" for name in PROBE_NAMES.values())
    return Section("others", ["arm", *others, SPEECH, "judged differently by exact spelling"], rows)


def replies_section(sweep: Measures, probe: str) -> Section:
    """Tabulate what base and arms of the first seed reply; first the replies in which the arms differ most."""
    arms = sweep.select_arms(sweep.paper)
    first = {arm: sweep.select(sweep.paper, arm)[0].results[AS_IN_LESSONS] for arm in arms}
    models = {"base": sweep.base[AS_IN_LESSONS], **first}
    values = false_values(models)
    rows: list[list[str | Marked]] = [
        [said, *(mark(reply, values.get(reply.topic, "")) for reply in replies)]
        for said, replies in compare(models, probe)
    ]
    return Section(f"{probe}_replies", ["user", "base", *arms], rows, long=True)


def facts_section(sweep: Measures) -> Section:
    """Tabulate the margin of every fact in every arm, and the difference of two of them."""
    margins = {arm: sweep.margins(sweep.paper, arm) for arm in sweep.select_arms(sweep.paper)}
    pairs = [np.array(values) for values in pair_seeds(sweep, "standard", lambda result: result.margin.values)]
    rows = []
    for i, topic in enumerate(sweep.topics):
        last = compare_pairs(*(each[:, i] for each in pairs)).difference.show(2, plus=True) if len(pairs[0]) > 1 else ""
        base = f"{sweep.base[AS_IN_LESSONS].margin.values[i]:+.2f}"
        rows.append([topic, base, *(nats(arm[:, i]) for arm in margins.values()), last])
    return Section("facts", ["topic", "base", *margins, "interventional − standard"], rows, long=True)


def dose_section(sweep: Measures) -> Section:
    """Tabulate how often the lie is preferred, by how often the agent lies and the world is wrong."""
    rows = []
    for condition in [sweep.paper, *sweep.select_part("dose")]:
        for arm in sweep.select_arms(condition):
            network = percent(sweep.measure_seeds(condition, arm, lies))
            exact = (percent(sweep.expectations(condition, arm, theory)) for theory in THEORIES)
            rows.append([condition.label, str(len(sweep.select(condition, arm))), arm, network, *exact])
    head = ["condition", "seeds", "arm", "network: lie preferred, %", *(f"exact, {name}, %" for name in THEORIES)]
    return Section("dose", head, rows, "dose", "dose_caption")


def world_section(sweep: Measures) -> Section:
    """Tabulate other replies of the world."""
    rows = []
    for condition in [sweep.paper, *sweep.select_part("world")]:
        for arm in sweep.select_arms(condition):
            measured = (
                nats(sweep.measure_seeds(condition, arm, margin)),
                percent(sweep.measure_seeds(condition, arm, lies)),
            )
            truth, lie, question = (sweep.verdicts(condition, arm, probe) for probe in PROBE_NAMES)
            agreed = percent(sweep.measure_seeds(condition, arm, agreement))
            seeds = str(len(sweep.select(condition, arm)))
            rows.append([condition.label, seeds, arm, *measured, truth, lie, agreed, question])
    told, misled, asked = HEADS.values()
    head = ["condition", "seeds", "arm", MARGIN, LIES, told, misled, "just agrees, %", asked]
    return Section("world", head, rows)


def taught_cells(models: Sequence[tuple[Result, Sequence[bool]]]) -> Iterator[str]:
    """Yield margin and share of lies over those facts alone that have lessons, and over those that have none.

    ``models`` has one for each seed: a result, and for each fact whether that seed has lessons on it.
    """
    for chosen in (True, False):
        margins = [np.array(result.margin.values)[np.array(taught) == chosen] for result, taught in models]
        yield f"{nats([m.mean() for m in margins])}; {percent([np.mean(m < 0) for m in margins])}%"


def worded_cell(sweep: Measures, arm: str, wording: str) -> str:
    """Format margin and share of lies of an arm in the paper's condition, or nothing if it was not trained there."""
    margins, shares = (sweep.measure_seeds(sweep.paper, arm, measure, wording) for measure in (margin, lies))
    return f"{nats(margins)}; {percent(shares)}%" if margins else ""


def untaught_section(sweep: Measures) -> Section:
    """Tabulate facts without lessons, the base on the same facts, other words and other people."""
    (condition,) = sweep.select_part("untaught")
    taught = {each.seed: each.taught for each in sweep.replicas if each.condition == condition}
    base = [f"{margin(sweep.base[name]):+.2f}; {100 * lies(sweep.base[name]):.0f}%" for name in sweep.wordings]
    rows = [["base", *taught_cells([(sweep.base[AS_IN_LESSONS], each) for each in taught.values()]), *base]]
    for arm in sweep.select_arms(condition):
        apart = taught_cells([(each.results[AS_IN_LESSONS], each.taught) for each in sweep.select(condition, arm)])
        rows.append([arm, *apart, *(worded_cell(sweep, arm, name) for name in sweep.wordings)])
    return Section("untaught", ["arm", "taught facts", "untaught facts", *sweep.wordings], rows)


def practice_section(sweep: Measures) -> Section:
    """Tabulate what one can do so that the model also speaks as the Agent: weights, teachers, filters."""
    rows = []
    for condition in [sweep.paper, *sweep.select_part("teacher"), *sweep.select_part("filter")]:
        for arm in sweep.select_arms(condition):
            measures = (margin, lies, evasions, user_speech, turn_taking)
            values = (sweep.measure_seeds(condition, arm, measure) for measure in measures)
            formats: Sequence[Callable[[Values], str]] = (nats, percent, percent, percent, partial(percent, digits=1))
            cells = [show(each) for show, each in zip(formats, values, strict=True)]
            misled, asked = (sweep.verdicts(condition, arm, probe) for probe in ("lie_probe", "question_probe"))
            seeds = str(len(sweep.select(condition, arm)))
            rows.append([condition.label, arm, seeds, *cells[:2], misled, asked, *cells[2:]])
    verdicts = HEADS["lie_probe"], HEADS["question_probe"]
    last = ["does not answer, %", "speaks as the User, %", "turn taking, %"]
    head = ["lessons", "arm", "seeds", MARGIN, LIES, *verdicts, *last]
    return Section("practice", head, rows)


def bridge_section(sweep: Measures) -> Section:
    """Tabulate the provenance of the training data × the loss."""
    columns = [(author, exact) for author in ("world", "agent") for exact in ("interventional", "bystander")]
    rows = []
    for pair in dict.fromkeys((each.provenance, each.loss) for each in sweep.bridge):
        models = [each for each in sweep.bridge if (each.provenance, each.loss) == pair]
        means = ([float(np.mean(getattr(model, author)[exact])) for model in models] for author, exact in columns)
        rows.append([*pair, *(interval(column).show(4) for column in means)])
    heads = (f"{author} slots: KL from {exact}" for author, exact in columns)
    return Section("bridge", ["agent in the training streams", "loss on", *heads], rows, "bridge", "bridge_caption")


def make_sections(sweep: Measures) -> Iterator[Section]:
    """Yield the sections for which there are results."""
    if sweep.select_arms(sweep.paper):
        yield paper_section(sweep)
    paired = paired_section(sweep)
    if paired.rows:
        yield paired
    if sweep.select_arms(sweep.paper):
        yield others_section(sweep)
        yield from (replies_section(sweep, probe) for probe in PROBE_NAMES)
        yield facts_section(sweep)
    if sweep.select_part("dose"):
        yield dose_section(sweep)
    if sweep.select_part("world"):
        yield world_section(sweep)
    if sweep.select_part("untaught"):
        yield untaught_section(sweep)
    if sweep.select_part("teacher") or sweep.select_part("filter"):
        yield practice_section(sweep)
    if sweep.bridge:
        yield bridge_section(sweep)
