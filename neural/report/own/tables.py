"""A run on logs in rows of text, and in sentences."""

from neural.own.delusion import Surprise
from neural.own.result import LogsRun, Model

AUTHORS = {"agent": "the agent's words", "world": "the world's words", "protocol": "the protocol's"}
PROBES = {"truth_probe": "told the truth", "lie_probe": "told the lie", "question_probe": "asked"}
Rows = list[list[str]]


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
        agent, world = (describe_level(base[each]) for each in ("agent", "world"))
        return f"{first} finds the agent's words {agent}, and the world's {world}, on {run.held_out:,} transcripts."
    changes = []
    for name, authors in others:
        agent, world = (describe_step(authors[each], base[each]) for each in ("agent", "world"))
        who = name if run.compared else f"the {name} copy"
        changes.append(f"{who} finds the agent's words {agent}, and the world's {world}")
    before = first if run.compared else "the model before training"
    return f"{describe_place(run)}, in nats per token and compared with {before}, {'; '.join(changes)}."


def describe_place(run: LogsRun) -> str:
    """Return what was read."""
    if run.compared:
        return f"On {run.held_out:,} transcripts"
    return f"On {run.held_out:,} transcripts that were held out" if run.held_out else "On the transcripts themselves"


def describe_level(surprise: Surprise) -> str:
    """Return how surprising something is."""
    return f"{surprise.nats:.2f} nats per token surprising" if surprise.tokens else "nowhere"


def describe_step(after: Surprise, before: Surprise) -> str:
    """Return by how much something has become more or less surprising."""
    change = after.nats - before.nats
    return f"{abs(change):.2f} {'more' if change > 0 else 'less'} surprising" if after.tokens else "nowhere"


def list_warnings(run: LogsRun) -> list[str]:
    """Return what the reader must know of these logs."""
    warnings = []
    if run.informed:
        warnings.append(
            f"{run.informed:,} tokens in the agent's place were written by a teacher, a person or another model. If "
            "they knew more than the transcript says, their words are evidence in it, and a model that reads such logs "
            "learns to treat what stands in the agent's place as evidence, whether or not it counts in the loss."
        )
    if run.config.get("model") == "embedded":
        warnings.append(
            "The embedded model knows the words of its 33 facts and little else. Trained on logs about anything else, "
            "it writes gibberish, however much less surprising the logs have become."
        )
    distinct = run.config.get("held_out_distinct", run.held_out)
    if distinct < run.held_out:
        warnings.append(f"Only {distinct:,} of the {run.held_out:,} transcripts that were held out are distinct.")
    if run.compared:
        warnings.append("What a model was trained on surprises it little: compare models on transcripts new to all.")
    if not run.held_out:
        warnings.append("Nothing was held out: what is measured here was also trained on.")
    return warnings
