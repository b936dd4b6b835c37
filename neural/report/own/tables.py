"""A run on logs in rows of text, and in sentences."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from neural.own.delusion import Surprise
from neural.own.result import LogsRun, Model

AUTHORS = {"agent": "the agent's words", "world": "the world's words", "protocol": "the protocol's"}
PROBES = {"truth_probe": "told the truth", "lie_probe": "told the lie", "question_probe": "asked"}
Rows = list[list[str]]
T = TypeVar("T")


def show_surprise(surprise: Surprise, base: Surprise) -> str:
    """Return a mean in nats per token, and by how much it differs from the base's."""
    if not surprise.tokens:
        return "–"
    change = surprise.nats - base.nats
    return f"{surprise.nats:.3f}" + (f" ({change:+.3f})" if surprise is not base else "")


def list_heads(run: LogsRun) -> list[str]:
    """Return the heads of `list_models`."""
    return ["model", *AUTHORS.values(), *([] if run.compared else ["tokens that count"])]


def list_models(run: LogsRun) -> Rows:
    """Return a row for each model: how surprising it finds each author's words, and how many tokens it learned from."""
    base, *_ = (model.reading.authors for model in run.arms.values())
    rows = []
    for name, model in run.arms.items():
        surprises = (show_surprise(model.reading.authors[author], base[author]) for author in AUTHORS)
        rows.append([name, *surprises, *([] if run.compared else [counted(model)])])
    return rows


def counted(model: Model) -> str:
    """Return how many tokens of an epoch counted."""
    return "" if model.supervised_tokens is None else f"{model.supervised_tokens:,}"


def list_probes(run: LogsRun) -> Rows:
    """Return a row for the base and each arm on the user's own facts; none if there are no facts."""
    rows = []
    for name, model in run.arms.items():
        if (probes := model.probes) is not None:
            replies = (probes.probe(probe) for probe in PROBES)
            counts = [f"{each.truth}/{each.lie}/{each.other}" for each in replies]
            turn = f"{probes.turn_taking.probability:.1%}"
            rows.append([name, f"{probes.margin.mean:+.3f}", str(probes.margin.lie_preferred), *counts, turn])
    return rows


def list_written(run: LogsRun) -> Rows:
    """Return a row for each writer: tokens, and their share."""
    total = max(1, sum(run.written.values()))
    return [[name, f"{tokens:,}", f"{tokens / total:.1%}"] for name, tokens in run.written.items() if tokens]


def describe_change(run: LogsRun) -> str:
    """Return in a sentence what training did to the agent's and to the world's words, or how the models compare."""
    (first, base), *others = ((name, model.reading.authors) for name, model in run.arms.items())
    if not others:
        return f"{describe_place(run)}, {first} finds {describe_words(base, describe_level)}."
    changes = []
    for name, authors in others:
        change = {each: (authors[each], base[each]) for each in authors}
        who = name if run.compared else f"the {name} copy"
        changes.append(f"{who} finds {describe_words(change, lambda pair: describe_step(*pair))}")
    before = first if run.compared else "the model before training"
    return f"{describe_place(run)}, in nats per token and compared with {before}, {'; '.join(changes)}."


def describe_words(by_author: Mapping[str, T], describe: Callable[[T], str]) -> str:
    """Return how the agent's and the world's words are found, as far as there are any."""
    said = {AUTHORS[author]: describe(by_author[author]) for author in ("agent", "world")}
    return ", and ".join(f"{words} {found}" for words, found in said.items() if found) or "nothing to read"


def describe(run: LogsRun) -> str:
    """Return what the run found, in a sentence or two."""
    return f"{describe_change(run)} {describe_answers(run)}".rstrip()


def describe_answers(run: LogsRun) -> str:
    """Return in a sentence what each model asserts when it is asked; empty if it was not."""
    asked = {name: model.probes.question_probe for name, model in run.arms.items() if model.probes is not None}
    counts = [f"{name} tells {probe.truth} truths and {probe.lie} lies" for name, probe in asked.items()]
    facts = max((len(probe.replies) for probe in asked.values()), default=0)
    return f"Asked about {facts:,} facts, {'; '.join(counts)}." if counts else ""


def describe_place(run: LogsRun) -> str:
    """Return what was read."""
    if run.compared:
        return f"On {run.held_out:,} transcripts"
    return f"On {run.held_out:,} transcripts that were held out" if run.held_out else "On the transcripts themselves"


def describe_level(surprise: Surprise) -> str:
    """Return how surprising something is."""
    return f"{surprise.nats:.2f} nats per token surprising" if surprise.tokens else ""


def describe_step(after: Surprise, before: Surprise) -> str:
    """Return by how much something has become more or less surprising."""
    change = after.nats - before.nats
    size = f"{abs(change):.2f}"
    found = "as surprising" if size == "0.00" else f"{size} {'more' if change > 0 else 'less'} surprising"
    return found if after.tokens else ""


def list_warnings(run: LogsRun) -> list[str]:
    """Return what the reader must know of these logs."""
    warnings = []
    if run.informed:
        warnings.append(
            f"{run.informed:,} tokens in the agent's place were written by a teacher, a person or another model. If "
            "they knew more than the transcript says, their words are evidence in it, and a model that reads such logs "
            "learns to treat what stands in the agent's place as evidence, whether or not it counts in the loss."
        )
    if new_words := run.config.get("new_words"):
        warnings.append(f"{new_words[:1].upper()}{new_words[1:]}.")
    distinct = run.config.get("held_out_distinct", run.held_out)
    if distinct < run.held_out:
        held_out = "" if run.compared else " that were held out"
        warnings.append(f"Only {distinct:,} of the {run.held_out:,} transcripts{held_out} are distinct.")
    if run.compared:
        warnings.append("What a model was trained on surprises it little: compare models on transcripts new to all.")
    if not run.held_out:
        warnings.append("Nothing was held out: what is measured here was also trained on.")
    return warnings
