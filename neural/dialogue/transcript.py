"""A transcript: what was said in a chat or by a tool, who wrote it, and where it stood in the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from neural.dialogue.authors import Author


class Writer(StrEnum):
    """Who wrote a part of a transcript, whatever role it was filed under.

    Only what the agent in training wrote is an intervention (γ = 1). Another agent's words, a teacher's and a simulated
    user's are models' words too, but not this agent's own: they are evidence, as a person's and a tool's are.

    Example:
        >>> Writer("simulated user").author.name
        'WORLD'
    """

    AGENT = "agent"
    OTHER_AGENT = "other agent"
    TEACHER = "teacher"
    HUMAN = "human"
    SIMULATED_USER = "simulated user"
    TOOL = "tool"
    HARNESS = "harness"

    @property
    def author(self) -> Author:
        """The author whose weight the loss uses: AGENT for the agent, WORLD for everyone else."""
        return Author.AGENT if self is Writer.AGENT else Author.WORLD


class Kind(StrEnum):
    """What a part of a message is."""

    TEXT = "text"
    REASONING = "reasoning"
    CALL = "call"  # of a tool: `name` is the tool's, `text` its arguments as JSON
    RESULT = "result"  # of a tool


class Place(NamedTuple):
    """Where a part stood: the file, its line (from 1), and the field within it."""

    file: str = ""
    line: int = 0
    field: str = ""

    def __str__(self) -> str:
        """Write what is known, as "logs.jsonl, line 3, messages[1].content"."""
        line = f"line {self.line}" if self.line else ""
        return ", ".join(piece for piece in (self.file, line, self.field) if piece)


NOWHERE = Place()


@dataclass(frozen=True)
class Part:
    """A piece of a message that one writer wrote.

    Attributes:
        writer: who wrote it.
        role: the role under which templates show it: system, developer, user, assistant or tool.
        kind: text, reasoning, a tool's call or its result.
        text: what it says; of a call, the arguments as JSON.
        message: the number of its message in the transcript, from 0. Parts of one message are shown as one.
        name: of a call and a result, the tool's name; otherwise the speaker's, if the file has one.
        call: of a call and its result, the id that joins them.
        train: the file's own wish: whether to train on this part; None if it says nothing. It is kept apart from
            authorship.
        place: where it stood.
    """

    writer: Writer
    role: str
    kind: Kind
    text: str
    message: int
    name: str = ""
    call: str = ""
    train: bool | None = None
    place: Place = NOWHERE


@dataclass(frozen=True)
class Transcript:
    """A context, which is conditioned on and never scored, and the parts of the history after it.

    Attributes:
        context: the parts before the first turn: what system and developer messages say.
        parts: the turns, in order.
        tools: descriptions of the tools, as JSON objects; they belong to the context.
        place: where the transcript begins.
        format: the name of the format it was read from; empty if it was not read from a file.
    """

    context: Sequence[Part]
    parts: Sequence[Part]
    tools: Sequence[Mapping[str, Any]] = ()
    place: Place = NOWHERE
    format: str = ""

    def __post_init__(self) -> None:
        for field in ("context", "parts", "tools"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
