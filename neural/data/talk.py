"""The world of a base model that is made here: everyday talk between named people, right three times in four."""

from collections.abc import Iterator, Sequence

import numpy as np

from causal_agency import see
from neural.data.dialogue import Dialogue, Turn, pick
from neural.data.facts import Fact
from neural.data.phrases import CONFIRMATIONS, CORRECTIONS, QUESTIONS, SMALL_TALK

NAMES = tuple(
    "Ada Amir Anna Ben Clara Dario Elif Emil Fatima Felix Greta Hana Ivan Jonas Kemal Lena Luca Maria Mei Nora "
    "Omar Paula Ravi Sofia Tom".split()
)

SCENES = (
    "{} and {} meet at the market.",
    "{} visits {} on a Sunday.",
    "{} and {} wait for the bus.",
    "{} calls {} on the phone.",
    "{} and {} have lunch together.",
    "{} helps {} with the homework.",
    "A lesson. {} teaches {}.",
    "A conversation. {} listens and {} talks.",
)

P_TRUE = 0.75  # a statement of one's own is true this often, whoever makes it
P_AGREE = 0.5  # a reply repeats what was just said this often; else the speaker says what they think


def own_view(fact: Fact, rng: np.random.Generator) -> str:
    """What somebody states about ``fact`` of their own accord."""
    return fact.truth if rng.random() < P_TRUE else fact.lie


def exchange(facts: Sequence[Fact], rng: np.random.Generator) -> tuple[str, ...]:
    """Small talk, or a claim and a reply to it, the claim asked for half of the time."""
    kind = rng.integers(3)
    if kind == 0:
        return pick(rng, SMALL_TALK)
    fact = pick(rng, facts)
    claim = own_view(fact, rng)
    reply = claim if rng.random() < P_AGREE else own_view(fact, rng)
    opener = pick(rng, CONFIRMATIONS if reply == claim else CORRECTIONS)
    question = (pick(rng, QUESTIONS).format(fact.topic),) if kind == 1 else ()
    return (*question, claim, opener.format(reply))


def talk(facts: Sequence[Fact], rng: np.random.Generator) -> Dialogue:
    """One to three exchanges between two people, set in a scene half of the time. All of it is seen."""
    names = rng.choice(NAMES, 2, replace=False).tolist()
    scene = pick(rng, SCENES).format(*names) if rng.random() < 0.5 else ""
    texts = [text for _ in range(rng.integers(1, 4)) for text in exchange(facts, rng)]
    return Dialogue(scene, tuple(Turn(names[i % 2], see(text)) for i, text in enumerate(texts)))


def talks(facts: Sequence[Fact], rng: np.random.Generator) -> Iterator[Dialogue]:
    """Talk about ``facts`` without end."""
    while True:
        yield talk(facts, rng)
