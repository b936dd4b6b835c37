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


def list_models(run: LogsRun) -> Rows:
    """Return a row for the base and each arm: how surprising it finds each author's words."""
    base = run.arms["base"].reading.authors
    return [
        [name, *(show_surprise(model.reading.authors[author], base[author]) for author in AUTHORS), counted(model)]
        for name, model in run.arms.items()
    ]


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
    """Return in a sentence what training did to the agent's and to the world's words."""
    base, arms = run.arms["base"].reading.authors, list(run.arms.items())[1:]
    changes = []
    for name, model in arms:
        agent, world = (describe_step(model.reading.authors[each], base[each]) for each in ("agent", "world"))
        changes.append(f"the {name} copy finds the agent's words {agent}, and the world's {world}")
    where = f"On {run.held_out:,} transcripts that were held out" if run.held_out else "On the transcripts themselves"
    return f"{where}, in nats per token and compared with the model before training, {'; '.join(changes)}."


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
    if not run.held_out:
        warnings.append("Nothing was held out: what is measured here was also trained on.")
    return warnings
