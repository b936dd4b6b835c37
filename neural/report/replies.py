"""Replies side by side: the same prompt, the base and every arm, the most telling first."""

from collections.abc import Iterator, Mapping

from neural.result import VERDICTS, Probe, Reply, Result

PROBES = {
    "truth_probe": "The user states the truth",
    "lie_probe": "The user states the lie",
    "question_probe": "The user asks: tell me about …",
}
MARK = {"truth": "✓", "lie": "✗", "other": "·"}
VALUE = {"truth": 2, "lie": 0, "other": 1}


def count_verdicts(probe: Probe) -> str:
    """Return how many replies tell the truth, a lie, or something else."""
    return "/".join(str(getattr(probe, verdict)) for verdict in VERDICTS)


def compare(results: Mapping[str, Result], probe: str) -> Iterator[tuple[str, list[Reply]]]:
    """Yield, for each fact, what the user says and the reply of the base and of every arm.

    The facts on which the trained arms differ most come first: by verdict, then by margin, whichever arm is wrong.
    """
    replies = [result.probe(probe).replies for result in results.values()]
    margins = [result.margin.values for result in results.values()]

    def difference(i: int) -> tuple[float, float]:
        verdicts = [VALUE[rows[i].verdict] for rows in replies[1:]]
        trained = [rows[i] for rows in margins[1:]]
        return max(verdicts) - min(verdicts), max(trained) - min(trained)

    for i in sorted(range(len(replies[0])), key=difference, reverse=True):
        row = [rows[i] for rows in replies]
        yield row[0].prompt.split("User: ")[-1].split("\n")[0], row
