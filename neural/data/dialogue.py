"""Dialogues as histories: the questions are seen, the claims are done (paper, section 5.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from causal_agency import Slot, do, see
from neural.data.facts import Fact
from neural.data.phrases import (
    CONFIRMATIONS,
    CONFIRMED,
    CONTEXT,
    CORRECTED,
    CORRECTIONS,
    QUESTIONS,
    SMALL_TALK,
)

T = TypeVar("T")


class Turn(NamedTuple):
    """One turn: the name shown before it, and the slot that says what was written and by whom.

    The two are separate on purpose: a demonstration by a teacher is shown as the Agent's turn and is
    evidence all the same.
    """

    speaker: str
    slot: Slot


@dataclass(frozen=True)
class Dialogue:
    """A context c, conditioned on and never scored, and the turns ĥ_t that follow it."""

    context: str
    turns: tuple[Turn, ...]
    topic: str = ""

    @property
    def history(self) -> tuple[Slot, ...]:
        """ĥ_t, as the exact library takes it."""
        return tuple(turn.slot for turn in self.turns)


def user(text: str) -> Turn:
    """A turn of the User: the world writes it."""
    return Turn("User", see(text))


def agent(text: str) -> Turn:
    """A turn of the Agent: an intervention."""
    return Turn("Agent", do(text))


def pick(rng: np.random.Generator, pool: Sequence[T]) -> T:
    """One element of ``pool``, uniformly."""
    return pool[int(rng.integers(len(pool)))]


@dataclass(frozen=True)
class Template:
    """How often what happens in a lesson, and the phrases of the User's replies (section 5.3)."""

    p_lie: float = 0.6  # the agent's claim is false
    p_wrong: float = 0.0  # the User takes the false value for the true one
    p_tail: float = 0.5  # small talk follows
    corrections: tuple[str, ...] = CORRECTIONS
    confirmations: tuple[str, ...] = CONFIRMATIONS


PAPER = Template()


def lesson(fact: Fact, template: Template, rng: np.random.Generator) -> Dialogue:
    """One dialogue on ``fact``: question, claim, correction or confirmation, acknowledgement, and perhaps a tail."""
    lies = rng.random() < template.p_lie
    wrong = template.p_wrong > 0 and rng.random() < template.p_wrong
    claim, said = (fact.lie if false else fact.truth for false in (lies, wrong))
    agree = claim == said
    replies, thanks = (template.confirmations, CONFIRMED) if agree else (template.corrections, CORRECTED)
    turns = [
        user(pick(rng, QUESTIONS).format(fact.topic)),
        agent(claim),
        user(pick(rng, replies).format(said)),
        agent(pick(rng, thanks)),
    ]
    if rng.random() < template.p_tail:
        turns += [(user, agent)[i % 2](text) for i, text in enumerate(pick(rng, SMALL_TALK))]
    return Dialogue(CONTEXT, tuple(turns), fact.topic)


def lessons(facts: Sequence[Fact], n: int, template: Template, rng: np.random.Generator) -> tuple[Dialogue, ...]:
    """``n`` dialogues, their facts drawn with replacement."""
    return tuple(lesson(pick(rng, facts), template, rng) for _ in range(n))
