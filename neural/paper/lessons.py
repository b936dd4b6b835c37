"""The lessons: questions that are seen, claims that are done, and the world's replies (paper, section 5.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from neural.dialogue.dialogue import Dialogue, agent, user
from neural.paper.facts import Fact
from neural.paper.phrases import (
    CONFIRMATIONS,
    CONFIRMED,
    CONTEXT,
    CORRECTED,
    CORRECTIONS,
    QUESTIONS,
    SMALL_TALK,
)

T = TypeVar("T")


@dataclass(frozen=True)
class Template:
    """How often things happen in a lesson, and the phrases of the User's replies."""

    p_lie: float = 0.6  # the agent's claim is false
    p_wrong: float = 0.0  # the User takes the false value for the true one
    p_tail: float = 0.5  # small talk follows
    corrections: tuple[str, ...] = CORRECTIONS
    confirmations: tuple[str, ...] = CONFIRMATIONS


PAPER = Template()


@dataclass(frozen=True)
class Lesson(Dialogue):
    """A dialogue on one topic."""

    topic: str = ""


def pick(rng: np.random.Generator, pool: Sequence[T]) -> T:
    """Return one element of ``pool``, drawn uniformly."""
    return pool[int(rng.integers(len(pool)))]


def lesson(fact: Fact, template: Template, rng: np.random.Generator) -> Lesson:
    """Draw a lesson on ``fact``: question, claim, correction or confirmation, acknowledgment, perhaps a tail."""
    lies = rng.random() < template.p_lie
    wrong = template.p_wrong > 0 and rng.random() < template.p_wrong
    claim, reply = (fact.lie if false else fact.truth for false in (lies, wrong))
    agree = claim == reply
    replies, thanks = (template.confirmations, CONFIRMED) if agree else (template.corrections, CORRECTED)
    turns = [
        user(pick(rng, QUESTIONS).format(fact.topic)),
        agent(claim),
        user(pick(rng, replies).format(reply)),
        agent(pick(rng, thanks)),
    ]
    if rng.random() < template.p_tail:
        turns += [(user, agent)[i % 2](text) for i, text in enumerate(pick(rng, SMALL_TALK))]
    return Lesson(CONTEXT, tuple(turns), fact.topic)


def lessons(facts: Sequence[Fact], n: int, template: Template, rng: np.random.Generator) -> tuple[Lesson, ...]:
    """Draw ``n`` lessons, their facts with replacement."""
    return tuple(lesson(pick(rng, facts), template, rng) for _ in range(n))
