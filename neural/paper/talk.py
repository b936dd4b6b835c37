"""What a base model reads before the lessons: everyday talk between named people, right three times in four."""

from collections.abc import Iterator, Sequence

import numpy as np

from causal_agency import see
from neural.dialogue.dialogue import Dialogue, Turn
from neural.paper.facts import Fact
from neural.paper.lessons import pick
from neural.paper.phrases import CONFIRMATIONS, CORRECTIONS, QUESTIONS, SMALL_TALK

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

P_TRUE = 0.75  # how often a speaker's own view is true
P_AGREE = 0.5  # how often a reply repeats the claim; otherwise it states the speaker's own view


def own_view(fact: Fact, rng: np.random.Generator) -> str:
    """Draw the value that a speaker believes in."""
    return fact.true if rng.random() < P_TRUE else fact.false


def exchange(facts: Sequence[Fact], rng: np.random.Generator) -> tuple[str, ...]:
    """Draw small talk, or a claim and a reply to it; half of the claims answer a question."""
    kind = rng.integers(3)
    if kind == 0:
        return pick(rng, SMALL_TALK)
    fact = pick(rng, facts)
    claim = own_view(fact, rng)
    reply = claim if rng.random() < P_AGREE else own_view(fact, rng)
    opener = pick(rng, CONFIRMATIONS if reply == claim else CORRECTIONS)
    question = (pick(rng, QUESTIONS).format(fact.topic),) if kind == 1 else ()
    return (*question, fact.state(claim), fact.fill(opener, reply))


def talk(facts: Sequence[Fact], rng: np.random.Generator) -> Dialogue:
    """Draw one to three exchanges between two people, half of the time set in a scene. All of it is seen."""
    names = rng.choice(NAMES, 2, replace=False).tolist()
    scene = pick(rng, SCENES).format(*names) if rng.random() < 0.5 else ""
    texts = [text for _ in range(rng.integers(1, 4)) for text in exchange(facts, rng)]
    return Dialogue(scene, tuple(Turn(names[i % 2], see(text)) for i, text in enumerate(texts)))


def talks(facts: Sequence[Fact], rng: np.random.Generator) -> Iterator[Dialogue]:
    """Yield talk about ``facts`` forever."""
    while True:
        yield talk(facts, rng)
