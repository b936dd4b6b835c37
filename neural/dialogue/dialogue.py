"""Dialogues as histories: what the User writes is seen, what the Agent writes is done (paper, section 3.1)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from causal_agency import Slot, do, see

NAME = re.compile(r"(?! )(?:(?!: )[^\n])+(?<!:)")  # of a speaker; ": " follows it


class Turn(NamedTuple):
    """One turn of a dialogue: the name shown before it, and the slot that records the text and its author.

    The name and the author are separate on purpose. A teacher's demonstration is shown as the Agent's turn, but the
    world wrote it, so it is evidence (section 3.3): ``Turn("Agent", see("Canberra."))``.

    Attributes:
        speaker: the name that the interface shows.
        slot: ``see(text)`` if the world wrote the text, ``do(text)`` if the agent did.

    Example:
        >>> Turn("Agent", see("Canberra."))
        Turn(speaker='Agent', slot=see('Canberra.'))
    """

    speaker: str
    slot: Slot


@dataclass(frozen=True)
class Dialogue:
    r"""A context c, which is conditioned on and never scored, and the turns ĥ_t after it (section 3.1).

    Attributes:
        context: the text before the first turn; may be empty.
        turns: the turns in order; any sequence is accepted and kept as a tuple.

    Raises:
        TypeError: if an entry of ``turns`` is not a `Turn`.
        ValueError: if a speaker's name could be confused with other text: if it is empty, begins with a space, or
            contains a newline or ": ".

    Example:
        >>> Dialogue("A lesson.", [user("Who wrote Hamlet?"), agent("Marlowe.")]).history
        (see('Who wrote Hamlet?'), do('Marlowe.'))
    """

    context: str
    turns: Sequence[Turn]

    def __post_init__(self) -> None:
        object.__setattr__(self, "turns", tuple(self.turns))
        for i, turn in enumerate(self.turns, 1):
            if not isinstance(turn, Turn):
                raise TypeError(f"turn {i} is {turn!r}: write user(text), agent(text) or Turn(speaker, slot)")
            if not NAME.fullmatch(turn.speaker):
                raise ValueError(f"turn {i} has the speaker {turn.speaker!r}: write a name without newlines and ': '")

    @property
    def history(self) -> tuple[Slot, ...]:
        """ĥ_t as `causal_agency` takes it, the slots without the speakers' names."""
        return tuple(turn.slot for turn in self.turns)


def user(text: str) -> Turn:
    """Return a turn of the User. The world writes it, so it is evidence (γ = 0; section 5.3).

    Args:
        text: what the User says, without the name and the newline.

    Returns:
        The turn; the interface shows "User" before it.

    Raises:
        TypeError: if ``text`` is not a string.

    Example:
        >>> user("Who wrote Hamlet?")
        Turn(speaker='User', slot=see('Who wrote Hamlet?'))
    """
    return Turn("User", see(_check_text(text)))


def agent(text: str) -> Turn:
    """Return a turn of the Agent: an intervention (γ = 1; section 5.3), in the context but not evidence.

    Args:
        text: what the Agent says, without the name and the newline.

    Returns:
        The turn; the interface shows "Agent" before it.

    Raises:
        TypeError: if ``text`` is not a string.

    Example:
        >>> agent("Marlowe.")
        Turn(speaker='Agent', slot=do('Marlowe.'))
    """
    return Turn("Agent", do(_check_text(text)))


def _check_text(text: str) -> str:
    """Return ``text``; raise TypeError if it is anything else."""
    if not isinstance(text, str):
        raise TypeError(f"a turn says text, not {text!r}")
    return text
