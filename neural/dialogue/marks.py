"""Where a chat template shows the texts of a transcript.

A template is a program, so what it did with a text is not read off its source. It runs twice: on the texts themselves,
and with a mark in the place of every text. The second rendering shows where the texts stand and what the template
writes; the first must be exactly the second with the texts put in. Where it is not, nothing is guessed.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from transformers import PreTrainedTokenizerBase

from neural.dialogue.template import AS_IS, TOOLS, Turn, Voice, list_parts, read_template, render
from neural.dialogue.transcript import Kind, Transcript
from neural.errors import BadInput

FIRST, LAST = 0xF0000, 0x10FFFD  # of the characters that mean nothing to anybody, of which marks are made
MARK = re.compile(f"([{chr(FIRST)}-{chr(LAST)}])")
TAG = re.compile(r"</?\w+>")


class Piece(NamedTuple):
    """Where a rendering shows a text of a part: from ``start`` to ``end``."""

    start: int
    end: int
    part: int


@dataclass
class Marker:
    """Puts a mark in the place of each text, and remembers which text that was.

    Attributes:
        spare: characters that stand nowhere in the transcript.
        control: finds the names of control tokens.
        turns: the turns of the transcript.
        kept: finds what is left in the assistant's texts, since the template may read it itself; empty texts are left,
            too. None to mark everything.
        only: the number of the one turn to mark; None for all.
        texts: what each mark stands for, and the number of its part.
    """

    spare: Iterator[int]
    control: re.Pattern[str]
    turns: Sequence[Turn]
    kept: re.Pattern[str] | None = None
    only: int | None = None
    texts: dict[str, tuple[str, int]] = field(default_factory=dict)

    @cached_property
    def homes(self) -> dict[int, int]:
        """Which turn each part is in."""
        return {i: number for number, turn in enumerate(self.turns) for i, _ in turn.parts}

    @cached_property
    def accompanied(self) -> set[int]:
        """The parts in whose turn any part says something: a template may show an empty text there or not."""
        talks = {
            number: any(part.text or part.kind is Kind.CALL for _, part in turn.parts)
            for number, turn in enumerate(self.turns)
        }
        return {i for i, number in self.homes.items() if talks[number]}

    def mark(self, text: str, part: int) -> str:
        """Return a new mark for ``text``."""
        if self.only is not None and self.homes.get(part) != self.only:
            return text
        mark = chr(next(self.spare))
        self.texts[mark] = text, part
        return mark

    def say(self, text: str, part: int) -> str:
        """Return a mark for what a part says, or several if some of it is kept."""
        if not text and (self.kept or part in self.accompanied or part == TOOLS):
            return text
        if self.kept is None or part == TOOLS or self.turns[self.homes[part]].role != "assistant":
            return self.mark(text, part)
        pieces = re.split(f"({self.kept.pattern})", text)
        return "".join(piece if i % 2 or not piece else self.mark(piece, part) for i, piece in enumerate(pieces))

    def name(self, text: str, part: int) -> str:
        """Return a mark for a name that holds a control token; templates may look at any other."""
        return self.mark(text, part) if self.control.search(text) else text


def find_spare(text: str) -> Iterator[int]:
    """Yield characters for marks that do not stand in ``text``: those of the widest gap between the ones that do."""
    used = sorted({FIRST - 1, LAST + 1} | {ord(mark) for mark in set(MARK.findall(text))})
    before, after = max(pairwise(used), key=lambda pair: pair[1] - pair[0])
    yield from range(before + 1, after)
    raise BadInput("the transcript has more texts than there are characters to mark them with: split it")


def list_forms(text: str) -> list[str]:
    """Return the forms in which templates show a text: as it is, trimmed, and as JSON, or JSON within JSON."""
    trimmed = text.strip(), text.strip("\n"), text.lstrip(), text.rstrip(), text.lstrip("\n"), text.rstrip("\n")
    escaped = [json.dumps(form, ensure_ascii=False)[1:-1] for form in (text, trimmed[0])]
    twice = json.dumps(escaped[0], ensure_ascii=False)[1:-1]
    ascii_only = [json.dumps(form)[1:-1] for form in (text, escaped[0])]
    return list(dict.fromkeys([text, *trimmed, *escaped, twice, *ascii_only]))


class Path(NamedTuple):
    """One way to read a rendering: its last piece so far, and the way to it."""

    piece: Piece
    before: "Path | None"


def align(marked: str, real: str, texts: Mapping[str, tuple[str, int]]) -> list[Piece] | None:
    """Return where ``real`` shows each text, if it is ``marked`` with the texts put in, and in one way only.

    Each text may be in any of its forms, all at the same time, so every way is followed from the left to the right.
    """
    literals, marks = split(marked, texts)
    if not real.startswith(literals[0]):
        return None
    paths: dict[int, list[Path | None]] = {len(literals[0]): [None]}
    for mark, literal in zip(marks, literals[1:]):
        text, part = texts[mark]
        forms = list_forms(text)
        reached: dict[int, list[Path | None]] = {}
        for start, before in paths.items():
            for form in forms:
                end = start + len(form)
                if real.startswith(form, start) and real.startswith(literal, end):
                    ways = reached.setdefault(end + len(literal), [])
                    ways += [Path(Piece(start, end, part), way) for way in before][: 2 - len(ways)]
        paths = reached
    ways = paths.get(len(real), [])
    return unwind(ways[0]) if len(ways) == 1 else None


def split(marked: str, texts: Mapping[str, tuple[str, int]]) -> tuple[list[str], list[str]]:
    """Split ``marked`` at its marks: the literal text around them, and the marks."""
    literals, marks = [""], []
    for i, piece in enumerate(MARK.split(marked)):
        if i % 2 and piece in texts:
            marks.append(piece)
            literals.append("")
        else:
            literals[-1] += piece
    return literals, marks


def unwind(path: Path | None) -> list[Piece]:
    """Return the pieces of a path in their order."""
    pieces = []
    while path is not None:
        pieces.append(path.piece)
        path = path.before
    return pieces[::-1]


class Rendering(NamedTuple):
    """A rendered transcript, and where the texts of its parts stand in it."""

    text: str
    pieces: list[Piece]


def locate(
    tokenizer: PreTrainedTokenizerBase, transcript: Transcript, turns: Sequence[Turn], control: re.Pattern[str]
) -> Rendering:
    """Render ``transcript``, and find every text in it.

    Raises:
        BadInput: if the template refuses it, changes a text in a way that is not known, or leaves one out.
    """
    real = render(tokenizer, turns, transcript.tools, AS_IS)
    everything = real + "".join(part.text + part.name for part in list_parts(transcript))

    def attempt(kept: re.Pattern[str] | None, only: int | None = None) -> list[Piece] | None:
        marker = Marker(find_spare(everything), control, turns, kept, only)
        marked = render(tokenizer, turns, transcript.tools, Voice(marker.say, marker.name))
        return align(marked, real, marker.texts)

    pieces = attempt(None) or attempt(find_tags(tokenizer, transcript))
    if pieces is None:
        guilty = next((turn for i, turn in enumerate(turns) if attempt(None, i) is None), None)
        where = f"message {guilty.message + 1}" if guilty else "a message"
        raise BadInput(f"{where}: the chat template changes its text, so who wrote what cannot be proved")
    check_shown(turns, {piece.part for piece in pieces})
    return Rendering(real, pieces)


def find_tags(tokenizer: PreTrainedTokenizerBase, transcript: Transcript) -> re.Pattern[str]:
    """Return a pattern for the tags, such as </think>, that the template may read in the assistant's texts."""
    template = read_template(tokenizer, bool(transcript.tools))
    special = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    tags = {tag for part in transcript.parts for tag in TAG.findall(part.text)} & set(TAG.findall(template))
    return re.compile("|".join(map(re.escape, sorted(tags - special))) or "(?!)")


def check_shown(turns: Sequence[Turn], shown: set[int]) -> None:
    """Raise BadInput if the template leaves out a text. It may leave out reasoning: many do so in earlier turns."""
    for turn in turns:
        for i, part in turn.parts:
            if i not in shown and part.kind is not Kind.REASONING and (part.text or part.kind is Kind.CALL):
                raise BadInput(f"message {turn.message + 1}: the chat template does not show its {part.kind}")
