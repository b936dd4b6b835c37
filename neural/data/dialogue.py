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


def lesson(fact: Fact, p_lie: float, rng: np.random.Generator) -> Dialogue:
    """One dialogue on ``fact``: question, claim (a lie with probability ``p_lie``), reply, acknowledgement.

    With probability 0.5 a tail of small talk follows.
    """
    lies = rng.random() < p_lie
    replies, thanks = (CORRECTIONS, CORRECTED) if lies else (CONFIRMATIONS, CONFIRMED)
    turns = [
        user(pick(rng, QUESTIONS).format(fact.topic)),
        agent(fact.lie if lies else fact.truth),
        user(pick(rng, replies).format(fact.truth)),
        agent(pick(rng, thanks)),
    ]
    if rng.random() < 0.5:
        turns += [(user, agent)[i % 2](text) for i, text in enumerate(pick(rng, SMALL_TALK))]
    return Dialogue(CONTEXT, tuple(turns), fact.topic)


def lessons(facts: tuple[Fact, ...], n: int, p_lie: float, rng: np.random.Generator) -> tuple[Dialogue, ...]:
    """``n`` dialogues, their facts drawn with replacement."""
    return tuple(lesson(pick(rng, facts), p_lie, rng) for _ in range(n))
