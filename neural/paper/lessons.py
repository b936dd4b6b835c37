"""The lessons: questions that are seen, claims that are done, and the world's replies (paper, section 5.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from causal_agency import see
from neural.dialogue.dialogue import Dialogue, Turn, agent, user
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
    p_teacher: float = 0.0  # a teacher shows the Agent's turn: it is true, and the world wrote it (section 3.3)
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
    shown = template.p_teacher > 0 and rng.random() < template.p_teacher
    lies = rng.random() < template.p_lie and not shown
    wrong = template.p_wrong > 0 and rng.random() < template.p_wrong
    claim, reply = (fact.false if false else fact.true for false in (lies, wrong))
    agree = claim == reply
    replies, thanks = (template.confirmations, CONFIRMED) if agree else (template.corrections, CORRECTED)
    turns = [
        user(pick(rng, QUESTIONS).format(fact.topic)),
        Turn(agent("").speaker, see(fact.state(claim))) if shown else agent(fact.state(claim)),
        user(fact.fill(pick(rng, replies), reply)),
        agent(pick(rng, thanks)),
    ]
    if rng.random() < template.p_tail:
        turns += [(user, agent)[i % 2](text) for i, text in enumerate(pick(rng, SMALL_TALK))]
    return Lesson(CONTEXT, tuple(turns), fact.topic)


def lessons(facts: Sequence[Fact], n: int, template: Template, rng: np.random.Generator) -> tuple[Lesson, ...]:
    """Draw ``n`` lessons, their facts with replacement."""
    return tuple(lesson(pick(rng, facts), template, rng) for _ in range(n))
