"""Whose each character of a transcript is that a chat template has rendered (paper, section 5.3)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from transformers import PreTrainedTokenizerBase

from neural.dialogue.authors import Author
from neural.dialogue.marks import locate
from neural.dialogue.template import TOOLS, Frame, group, list_parts, read_frame, read_template
from neural.dialogue.transcript import Part, Transcript

GUARD = (Author.PROTOCOL, Author.WORLD, Author.NOBODY, Author.AGENT)  # whoever comes later keeps what is shared


class Span(NamedTuple):
    """A stretch of a rendered transcript that one owner wrote.

    Attributes:
        text: what is shown.
        author: whose it is: NOBODY's if it is the context, PROTOCOL's if it is between messages.
        part: the number of the part it belongs to, the context's counted first; −1 if none.
        said: whether the part says it; otherwise the template wrote it, as the syntax of a call or the end of a turn.
    """

    text: str
    author: Author
    part: int
    said: bool


@dataclass(frozen=True)
class Owners:
    """Tells whose the text between the pieces is.

    What the template writes within a message belongs to the message, and so does the control token that ends it: its
    writer would have had to write them. So does what follows the header that the template writes to be answered.
    """

    parts: Sequence[Part]
    context: int  # how many of the parts are the context's
    turns: Mapping[int, int]  # of parts
    frame: Frame
    ends: re.Pattern[str]  # finds a special token

    def author(self, part: int | None) -> Author:
        """Return whose a part is."""
        return Author.NOBODY if part is None or part < self.context else self.parts[part].writer.author

    def between(self, gap: str, before: int | None, after: int | None) -> Iterator[Span]:
        """Yield whose the text is between a piece of the part ``before`` and one of the part ``after``."""
        if before is not None and after is not None and self.turn(before) == self.turn(after):
            part = max(before, after, key=lambda part: GUARD.index(self.author(part)))
            yield Span(gap, self.author(part), part, False)
            return
        in_context = before is None or before < self.context
        end = 0 if before is None else self.end_of_turn(gap)
        if before is not None and end:
            yield Span(gap[:end], self.author(before), before, False)
        rest = gap[end:]
        if before is not None and not in_context and (skipped := self.skipped(before, after)) is not None:
            yield Span(rest, Author.AGENT, skipped, False)
        elif after is None or after < self.context:
            nobody = len(rest) if in_context or after is not None else 0
            yield from self.protocol(rest, nobody, len(rest), -1)
        elif in_context or before is None:
            header = self.frame.headers.get(self.parts[after].role, "")
            shared = common_suffix(rest, header[self.end_of_turn(header) :])
            yield from self.protocol(rest, len(rest) - shared, len(rest), after)
        else:
            yield from self.protocol(rest, 0, max(0, self.answer(gap, before, after) - end), after)

    def protocol(self, text: str, nobody: int, header: int, after: int) -> Iterator[Span]:
        """Yield a stretch of context, one of protocol, and one that belongs to the part ``after``."""
        for piece, author, part in (
            (text[:nobody], Author.NOBODY, -1),
            (text[nobody:header], Author.PROTOCOL, -1),
            (text[header:], self.author(after if after >= 0 else None), after),
        ):
            if piece:
                yield Span(piece, author, part, False)

    def turn(self, part: int) -> int:
        """Return the turn of a part; all descriptions of tools are one."""
        return self.turns.get(part, TOOLS)

    def skipped(self, before: int, after: int | None) -> int | None:
        """Return a part of the agent's between two others whose turn shows no text; None if there is none."""
        end = len(self.parts) if after is None else after
        turns, between = {self.turn(before), self.turn(end)}, range(before + 1, end)
        return next((i for i in between if self.author(i) is Author.AGENT and self.turn(i) not in turns), None)

    def end_of_turn(self, gap: str) -> int:
        """Return where the turn before a gap ends: after the token that ends answers, else another, else the line."""
        usual = self.ends.search(self.frame.headers["user"])
        if usual and usual[0] in gap:
            return gap.index(usual[0]) + len(usual[0])
        found = self.ends.search(gap)
        return found.end() if found else gap.find("\n") + 1

    def answer(self, gap: str, before: int, after: int) -> int:
        """Return where the header of the turn after a gap ends, and what its writer has to write begins."""
        if self.parts[after].role != "assistant":
            return len(gap)
        return common_prefix(gap, self.frame.prompts.get(self.parts[before].role, ""))


def common_prefix(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    return next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


def common_suffix(one: str, other: str) -> int:
    """Return how many characters two texts end with alike."""
    return common_prefix(one[::-1], other[::-1])


def own(
    tokenizer: PreTrainedTokenizerBase, transcript: Transcript, control: re.Pattern[str], ends: re.Pattern[str]
) -> list[Span]:
    """Render ``transcript`` with the chat template of ``tokenizer``, and say whose every character is.

    Args:
        tokenizer: a fast tokenizer with a chat template.
        transcript: what was said.
        control: finds what would be a control token.
        ends: finds the control tokens that can end a turn.

    Returns:
        Spans that make up the rendered text, in its order.

    Raises:
        BadInput: if the template does not show the transcript, or who wrote what cannot be proved.
    """
    parts, template = list_parts(transcript), read_template(tokenizer, bool(transcript.tools))
    turns = group(parts, template)
    text, pieces = locate(tokenizer, transcript, turns, control)
    homes = {i: number for number, turn in enumerate(turns) for i, _ in turn.parts}
    owners = Owners(parts, len(transcript.context), homes, read_frame(tokenizer, template), ends)
    spans: list[Span] = []
    last, before = 0, None
    for start, end, part in pieces:
        spans += owners.between(text[last:start], before, part) if start > last else ()
        spans += [Span(text[start:end], owners.author(part), part, True)] if end > start else ()
        last, before = end, part
    spans += owners.between(text[last:], before, None) if last < len(text) else ()
    return spans or [Span("", Author.NOBODY, -1, False)]
