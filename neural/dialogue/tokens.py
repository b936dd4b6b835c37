"""The tokens of a rendered transcript, and whose each is (paper, section 5.3)."""

import json
import re
import unicodedata
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerBase

from neural.dialogue.authors import Author
from neural.dialogue.owners import GUARD, Span, own
from neural.dialogue.template import list_parts, read_template
from neural.dialogue.transcript import Part, Transcript
from neural.errors import BadInput

RANKS = np.argsort(GUARD)  # of each author: the higher one owns a token that two share
NEIGHBORS = 8  # characters on each side of a border that could be joined into one


class Tokens(NamedTuple):
    """A transcript's tokens, and whose each is.

    Attributes:
        ids: the token ids z_1 … z_T.
        authors: the `Author` of each token.
        parts: the number of the part that each token belongs to, the context's counted first; −1 if it is of none.
        train: whether the file lets each token be trained on.
        straddles: how many tokens have two owners.
    """

    ids: Int[np.ndarray, " T"]
    authors: Int[np.ndarray, " T"]
    parts: Int[np.ndarray, " T"]
    train: Bool[np.ndarray, " T"]
    straddles: int


class Control(NamedTuple):
    """The control tokens of a tokenizer and its template.

    Attributes:
        ids: of each control token.
        finds: matches a control token, the longest that stands somewhere.
        ends: matches one that can end a turn.
        wide: of the tokens that take the space beside them, whether it is that before and that after.
        plain: makes tokens of text, with or without control tokens, and says exactly where they stand.
    """

    ids: Mapping[str, int]
    finds: re.Pattern[str]
    ends: re.Pattern[str]
    wide: Mapping[str, tuple[bool, bool]]
    plain: Tokenizer


def match_any(texts: Sequence[str]) -> re.Pattern[str]:
    """Return a pattern that matches the longest of ``texts``, or nothing if there are none."""
    return re.compile("|".join(map(re.escape, sorted(texts, key=len, reverse=True))) or "(?!)")


def read_control(tokenizer: PreTrainedTokenizerBase, template: str) -> Control:
    """Return the control tokens: those that are special, and those that the template writes, such as <tool_call>."""
    added = tokenizer.added_tokens_decoder
    return _read_control(tokenizer, template, tuple((i, token.content, token.special) for i, token in added.items()))


@lru_cache(maxsize=4)
def _read_control(tokenizer: PreTrainedTokenizerBase, template: str, state: Hashable) -> Control:
    """Read them again if the template changes, or the ``state`` of the added tokens."""
    added = {token.content: (i, token) for i, token in tokenizer.added_tokens_decoder.items()}
    special = [text for text, (_, token) in added.items() if token.special and text]
    written = [text for text in added if text.strip() and text in template]
    names = list(dict.fromkeys(special + written))
    rules = json.loads(tokenizer.backend_tokenizer.to_str()) | {
        "post_processor": None,
        "truncation": None,
        "padding": None,
    }
    for token in rules["added_tokens"]:
        token["special"] = token["content"] in names
    return Control(
        {name: added[name][0] for name in names},
        match_any(names),
        match_any(special),
        {name: (added[name][1].lstrip, added[name][1].rstrip) for name in names},
        Tokenizer.from_str(json.dumps(rules)),
    )


class Stretch(NamedTuple):
    """Tokens that stand next to each other, and the characters at which each begins and ends."""

    ids: list[int]
    offsets: Int[np.ndarray, "T 2"]


def encode_stretch(control: Control, text: str, start: int, as_text: bool) -> Stretch:
    """Tokenize ``text``, which begins at ``start``; names of control tokens are text on request."""
    control.plain.encode_special_tokens = as_text
    encoding = control.plain.encode(text, add_special_tokens=False)
    return Stretch(encoding.ids, start + np.array(encoding.offsets, np.int64).reshape(-1, 2))


def find_genuine(control: Control, spans: Sequence[Span]) -> Iterator[tuple[int, int, str]]:
    """Yield where a control token stands in the text that the template wrote: from where to where, and which."""
    start, run = 0, ""
    for span in (*spans, Span("", Author.NOBODY, -1, True)):
        if span.said:
            begin = start - len(run)
            yield from ((begin + found.start(), begin + found.end(), found[0]) for found in control.finds.finditer(run))
            run = ""
        else:
            run += span.text
        start += len(span.text)


def encode_apart(control: Control, spans: Sequence[Span], text: str) -> Iterator[Stretch]:
    """Tokenize a rendered transcript whose texts name control tokens: only those that the template wrote are ones."""
    last = 0
    for start, end, name in find_genuine(control, spans):
        before, after = control.wide[name]
        while before and start > last and text[start - 1].isspace():
            start -= 1
        while after and end < len(text) and text[end].isspace():
            end += 1
        yield encode_stretch(control, text[last:start], last, True)
        yield Stretch([control.ids[name]], np.array([[start, end]]))
        last = end
    yield encode_stretch(control, text[last:], last, True)


def encode_spans(control: Control, spans: Sequence[Span]) -> Stretch:
    """Tokenize a rendered transcript: as the tokenizer does, unless its texts name control tokens.

    Raises:
        BadInput: if the tokenizer makes a control token of ordinary text.
    """
    text = "".join(span.text for span in spans)
    genuine = list(find_genuine(control, spans))
    if [found.span() for found in control.finds.finditer(text)] == [(start, end) for start, end, _ in genuine]:
        return encode_stretch(control, text, 0, False)
    stretches = list(encode_apart(control, spans, text))
    ids = [i for each in stretches for i in each.ids]
    if np.isin(ids, list(control.ids.values())).sum() != len(genuine):
        raise BadInput("the tokenizer makes control tokens of ordinary text: its vocabulary cannot be used safely")
    return Stretch(ids, np.concatenate([each.offsets for each in stretches]))


def check_borders(spans: Sequence[Span], text: str) -> None:
    """Raise BadInput if a character and an accent of two owners are joined into one character."""
    for border, (before, after) in zip(accumulate(len(span.text) for span in spans), pairwise(spans)):
        if after.text[:1].isascii() or before.author == after.author:
            continue
        left, right = text[max(0, border - NEIGHBORS) : border], text[border : border + NEIGHBORS]
        if unicodedata.normalize("NFC", left + right) != "".join(
            unicodedata.normalize("NFC", s) for s in (left, right)
        ):
            raise BadInput(
                f"an accent at the border of two writers, {left + right!r}, joins their characters: separate them"
            )


def share_out(spans: Sequence[Span], offsets: Int[np.ndarray, "T 2"]) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and the last span of each token. Characters that no token shows are of the token before them."""
    borders = np.array(list(accumulate(len(span.text) for span in spans)))
    starts, ends = offsets.T
    starts[:1] = 0
    ends = np.maximum(ends, np.append(starts[1:], borders[-1:]))
    first = np.searchsorted(borders, starts, side="right")
    return first, np.maximum(first, np.searchsorted(borders, ends - 1, side="right"))


def find_owners(
    spans: Sequence[Span], first: Int[np.ndarray, " T"], last: Int[np.ndarray, " T"]
) -> Int[np.ndarray, " T"]:
    """Return the span that owns each token: of those it touches, the one whose author ranks highest."""
    ranks = RANKS[[span.author for span in spans]]
    owner = np.where(ranks[first] >= ranks[last], first, last)
    for i in np.flatnonzero(last - first > 1):
        owner[i] = first[i] + np.argmax(ranks[first[i] : last[i] + 1])
    return owner


def find_wishes(
    transcript: Transcript, spans: Sequence[Span], first: Int[np.ndarray, " T"], last: Int[np.ndarray, " T"]
) -> Bool[np.ndarray, " T"]:
    """Return which tokens the file lets be trained on: those that touch no part for which it says not to."""
    withheld = [part.train is False for part in list_parts(transcript)]
    count = np.cumsum([0] + [span.part >= 0 and withheld[span.part] for span in spans])
    return count[last + 1] == count[first]


def count_changes(parts: Sequence[Part], spans: Sequence[Span]) -> Int[np.ndarray, " S"]:
    """Return how often the owner (a message, the context or the protocol) has changed up to each span."""
    alone = Author.NOBODY, Author.PROTOCOL
    owners = [span.author if span.author in alone else (parts[span.part].message,) for span in spans]
    return np.cumsum([False, *(before != after for before, after in pairwise(owners))])[: len(spans)]


def encode_transcript(tokenizer: PreTrainedTokenizerBase, transcript: Transcript) -> Tokens:
    """Render ``transcript`` with the tokenizer's chat template, and say whose every token is.

    The ids are those of the rendered text, except that texts which look like control tokens stay text. A token belongs
    to the owner of its characters. One that two owners share is the agent's if any of it is, else context if any of it
    is, else the world's: nothing that the agent wrote, or that nobody says in the history, counts as the world's.

    Args:
        tokenizer: a fast tokenizer with a chat template.
        transcript: what was said.

    Raises:
        BadInput: if the template does not show the transcript, or who wrote what cannot be proved.
    """
    control = read_control(tokenizer, read_template(tokenizer, bool(transcript.tools)))
    spans = own(tokenizer, transcript, control.finds, control.ends)
    text = "".join(span.text for span in spans)
    if control.plain.normalizer is not None and not text.isascii():
        check_borders(spans, text)
    ids, offsets = encode_spans(control, spans)
    first, last = share_out(spans, offsets)
    owner, train = find_owners(spans, first, last), find_wishes(transcript, spans, first, last)
    changes = count_changes(list_parts(transcript), spans)
    return Tokens(
        np.array(ids, np.int32),
        np.array([span.author for span in spans], np.int8)[owner],
        np.array([span.part for span in spans], np.int32)[owner],
        train,
        int(np.sum(changes[first] != changes[last])),
    )
