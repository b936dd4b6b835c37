"""The words that the embedded model has read: of all others it can say nothing."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache

from neural.paper.facts import FACTS
from neural.paper.phrases import CONFIRMATIONS, CORRECTIONS, QUESTIONS, SMALL_TALK
from neural.paper.talk import NAMES, SCENES

FEW = 0.1  # the lessons bring some new words, too
WORD = re.compile(r"[^\W_]+")
SPEAKERS = "User", "Agent"  # the names in plain text
POOLS = QUESTIONS, CORRECTIONS, CONFIRMATIONS, *SMALL_TALK, NAMES, SCENES, SPEAKERS


def split_words(text: str) -> list[str]:
    """Return the words of ``text`` in small letters."""
    return WORD.findall(text.lower())


@cache
def known_words() -> frozenset[str]:
    """Return the words of the 33 facts and of the talk about them."""
    facts = (part for fact in FACTS for part in (fact.topic, fact.truth, fact.lie))
    return frozenset(
        word for text in (*facts, *(text for pool in POOLS for text in pool)) for word in split_words(text)
    )


def count_unknown(texts: Iterable[str]) -> tuple[float, list[str]]:
    """Return the share of the words of ``texts`` that the embedded model has never read, and these words.

    The most frequent come first.
    """
    counts = Counter(word for text in texts for word in split_words(text))
    unknown = [word for word, _ in counts.most_common() if word not in known_words()]
    return sum(counts[word] for word in unknown) / max(1, counts.total()), unknown


def describe_unknown(texts: Iterable[str]) -> str:
    """Say how many words of ``texts`` are new to the embedded model; an empty text if few are."""
    share, unknown = count_unknown(texts)
    return (
        f"{share:.0%} of the words are new to the embedded model ({', '.join(unknown[:3])}, …), and it writes "
        "gibberish about them: take a real model, such as smollm2"
        if share > FEW
        else ""
    )
