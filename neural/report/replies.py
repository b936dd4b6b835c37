"""Replies side by side: the same prompt, the base and every arm, the most telling first."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

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


def count_kinds(*probes: Probe) -> str:
    """Return how many of the replies that tell neither are of each kind: "3 empty, 1 denies"."""
    kinds = Counter(reply.kind for probe in probes for reply in probe.replies if reply.kind)
    return ", ".join(f"{n} {kind}" for kind, n in kinds.most_common())


def count_respelled(results: Iterable[Result]) -> tuple[int, int]:
    """Return how many replies the values' own spelling would judge differently, and how many replies there are."""
    replies = [reply for result in results for probe in PROBES for reply in result.probe(probe).replies]
    return sum(reply.verbatim != reply.verdict for reply in replies), len(replies)


def compare(results: Mapping[str, Result], *probes: str) -> Iterator[tuple[str, list[Reply]]]:
    """Yield, for each fact and probe, what the user says and the reply of the base and of every arm.

    The replies in which the trained arms differ most come first: by verdict, then by margin, whichever arm is wrong.
    """
    margins = [result.margin.values for result in results.values()]
    rows = [
        (i, [result.probe(probe).replies[i] for result in results.values()])
        for probe in probes
        for i in range(len(next(iter(results.values())).probe(probe).replies))
    ]

    def difference(row: tuple[int, list[Reply]]) -> tuple[float, float]:
        i, replies = row
        verdicts = [VALUE[reply.verdict] for reply in replies[1:]]
        trained = [values[i] for values in margins[1:]]
        return max(verdicts) - min(verdicts), max(trained) - min(trained)

    for _, replies in sorted(rows, key=difference, reverse=True):
        yield replies[0].said, replies


def mark(reply: Reply) -> str:
    """Return the reply behind the mark of its verdict."""
    return f"{MARK[reply.verdict]} {reply.reply}"
