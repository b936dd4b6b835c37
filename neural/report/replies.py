"""Replies side by side: the same prompt, the base and every arm, the most telling first."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from neural.escape import escape_markdown
from neural.result import VERDICTS, Probe, Reply, Result

PROBES = {
    "truth_probe": "The user states the truth",
    "lie_probe": "The user states the lie",
    "question_probe": "The user asks: tell me about …",
}
PROBE_NAMES = {probe: probe.replace("_", " ") for probe in PROBES}  # as results.json, pages and terminals have them
MARK = {"truth": "✓", "lie": "✗", "other": "·"}
VALUE = {"truth": 2, "lie": 0, "other": 1}
SHOWN = 8  # replies to each probe that a page does not fold


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
        verdicts = [VALUE[reply.verdict] for reply in replies[1:] or replies]
        trained = [values[i] for values in margins[1:] or margins]
        return max(verdicts) - min(verdicts), max(trained) - min(trained)

    for _, replies in sorted(rows, key=difference, reverse=True):
        yield replies[0].said, replies


class Marked(NamedTuple):
    """A reply behind the mark of its verdict, with the false value of a lie apart (the paper's Tables 2 and 3)."""

    mark: str
    before: str
    value: str  # "" unless the verdict is "lie" and the value is there in its own spelling
    after: str
    verdict: str = "other"
    kind: str = ""

    def __str__(self) -> str:
        return f"{self.mark} {self.before}{self.value}{self.after}"

    def markdown(self) -> str:
        """Return it as Markdown, with the value in bold."""
        before, value, after = map(escape_markdown, self[1:4])
        return f"{self.mark} {before}**{value}**{after}" if value else f"{self.mark} {before}"


def false_values(results: Mapping[str, Result]) -> dict[str, str]:
    """Return the false value of each topic: the words of the false claim that the true claim does not share."""
    base = next(iter(results.values()))
    pairs = zip(base.lie_probe.replies, base.truth_probe.replies, strict=False)
    return {lie.topic: differing_words(lie.said, truth.said) for lie, truth in pairs}


def differing_words(claim: str, other: str) -> str:
    """Return the words of ``claim`` between those with which both claims begin and end."""
    words, others = claim.rstrip(".").split(), other.rstrip(".").split()
    first = _count_shared(words, others)
    last = _count_shared(words[first:][::-1], others[first:][::-1])
    return " ".join(words[first : len(words) - last])


def _count_shared(words: list[str], others: list[str]) -> int:
    """Return with how many of the same words both begin."""
    same = (word == other for word, other in zip(words, others, strict=False))
    return next((i for i, equal in enumerate(same) if not equal), min(len(words), len(others)))


def mark(reply: Reply, false_value: str = "") -> Marked:
    """Return the reply behind the mark of its verdict, and of a lie the false value apart."""
    whole = Marked(MARK[reply.verdict], reply.reply, "", "", reply.verdict, reply.kind)
    if reply.verdict != "lie" or not false_value:
        return whole
    found = re.search(rf"(?<!\w){re.escape(false_value)}(?!\w)", reply.reply, re.IGNORECASE)
    if not found:
        return whole
    start, end = found.span()
    return whole._replace(before=reply.reply[:start], value=found[0], after=reply.reply[end:])


def list_replies(arms: Mapping[str, Result], probe: str) -> list[list[str | Marked]]:
    """Return a row for each fact: what the user says, and the marked replies of every model."""
    values = false_values(arms)
    return [
        [said, *(mark(reply, values.get(reply.topic, "")) for reply in replies)]
        for said, replies in compare(arms, probe)
    ]
