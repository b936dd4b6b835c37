import numpy as np
import pytest

from neural.dialogue.authors import INTERVENTIONAL, Author
from neural.dialogue.render import Example, find_supervised
from neural.dialogue.transcript import Kind, Part, Transcript, Writer
from neural.errors import BadInput
from neural.own.examples import Examples, check, read_examples


def part(writer, role, text, message, train=None):
    return Part(writer, role, Kind.TEXT, text, message, train=train)


ASKED, LIE = part(Writer.HUMAN, "user", "Who?", 0), part(Writer.AGENT, "assistant", "Marlowe.", 1)
SHOWN = part(Writer.TEACHER, "assistant", "Shakespeare.", 1)


def read(tokenizer, *transcripts):
    return read_examples(transcripts, tokenizer, pytest.fail)


def test_every_token_is_somebodys(tokenizer):
    examples = read(tokenizer, Transcript([], [ASKED, LIE]), Transcript([], [ASKED, SHOWN]))
    assert sum(examples.written.values()) == sum(len(example.ids) for example in examples.all)
    assert examples.written["human"] == 2 * read(tokenizer, Transcript([], [ASKED, LIE])).written["human"]


def test_a_teachers_words_in_the_agents_place_are_counted(tokenizer):
    examples = read(tokenizer, Transcript([], [ASKED, SHOWN]))
    assert examples.informed == examples.written["teacher"] > 0
    assert read(tokenizer, Transcript([], [ASKED, LIE])).informed == 0


def test_what_the_file_withholds_is_read_and_never_scored(tokenizer):
    withheld = part(Writer.HUMAN, "user", "Who?", 0, train=False)
    (whole,), (less,) = (read(tokenizer, Transcript([], [first, LIE])).all for first in (ASKED, withheld))
    assert whole.ids.tolist() == less.ids.tolist()
    dropped = find_supervised(whole, INTERVENTIONAL) & ~find_supervised(less, INTERVENTIONAL)
    assert set(whole.authors[dropped]) == {Author.WORLD}


def test_without_evidence_nothing_is_learned(tokenizer):
    alone = read(tokenizer, Transcript([], [part(Writer.AGENT, "assistant", "x", 0, train=None)]))
    alone.all[0].authors[:] = Author.AGENT
    with pytest.raises(BadInput, match="no token of these transcripts is evidence"):
        check(alone, 100)


def test_too_long_a_transcript_is_refused_with_the_numbers():
    examples = Examples([Example(np.zeros(n, np.int32), np.full(n, 2, np.int8)) for n in (5, 50, 80)])
    with pytest.raises(BadInput, match=r"2 of 3 dialogues are longer than the 10 tokens .* has 80"):
        check(examples, 10)


def test_no_transcripts_are_refused():
    with pytest.raises(BadInput, match="no transcripts"):
        check(Examples(), 10)


def test_what_is_cut_off_is_not_counted(tokenizer):
    transcript = Transcript(
        [], [part(Writer.HUMAN, "user", "a b c d", 0), part(Writer.TEACHER, "assistant", "e f g", 1)]
    )
    whole, short = (read_examples([transcript], tokenizer, pytest.fail, most) for most in (None, 4))
    assert len(short.all[0].ids) == 4
    assert sum(short.written.values()) == 4 < sum(whole.written.values())
    assert short.informed == 0 < whole.informed
