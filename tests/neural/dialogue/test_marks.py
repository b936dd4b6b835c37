import copy

import pytest
from hypothesis import given as draw
from hypothesis import strategies as st

from neural.dialogue.authors import Author
from neural.dialogue.marks import FIRST, LAST, Piece, align, find_spare, list_forms
from neural.dialogue.owners import own
from neural.dialogue.tokens import encode_transcript, read_control
from neural.dialogue.transcript import Kind, Part, Transcript, Writer
from neural.errors import BadInput
from oracle import CHATML, TEMPLATES, with_template

ONE, TWO = chr(FIRST), chr(FIRST + 1)
ASKED = Part(Writer.HUMAN, "user", Kind.TEXT, "Who?", 0)


@pytest.fixture(scope="module")
def given(tokenizer):
    made = with_template(tokenizer, TEMPLATES["Qwen"])

    def give(template):
        other = copy.copy(made)
        other.chat_template = template
        return other

    return give


def answer(text, kind=Kind.TEXT):
    return Part(Writer.AGENT, "assistant", kind, text, 1)


def owned(tokenizer, *parts):
    control = read_control(tokenizer, tokenizer.chat_template)
    return own(tokenizer, Transcript([], parts), control.finds, control.ends)


@pytest.mark.parametrize(
    ("marked", "real", "texts", "expected"),
    [
        (f"a{ONE}b", "a x b", [" x "], [Piece(1, 4, 0)]),
        (f"a{ONE}b", "axb", [" x "], [Piece(1, 2, 0)]),
        (f'"{ONE}"', r'"\"\n"', ['"\n'], [Piece(1, 5, 0)]),
        (f"{ONE}{ONE}", "xyxy", ["xy"], [Piece(0, 2, 0), Piece(2, 4, 0)]),
        (f"{ONE}|{TWO}", "|", ["", ""], [Piece(0, 0, 0), Piece(1, 1, 1)]),
        (f"a{ONE}b", "ayb", ["x"], None),
        (f"a{ONE}b", "axbc", ["x"], None),
        (f"a{ONE}b", "bxb", ["x"], None),
        (f"{ONE}{TWO}", "a b", ["a ", " b"], None),  # the space is the first one's or the second one's
        (f"{ONE}", "x", ["xx"], None),
    ],
)
def test_a_rendering_is_its_marks_with_the_texts_put_in_and_in_one_way(marked, real, texts, expected):
    assert align(marked, real, dict(zip((ONE, TWO), zip(texts, (0, 1))))) == expected


TEXTS = st.lists(st.text('ab \n"', max_size=4), min_size=1, max_size=4)


@draw(TEXTS, st.data())
def test_what_is_found_is_what_was_put_in(texts, data):
    """Whatever the forms and the text between them, a way that is found is the way that was taken, or none is."""
    literals = data.draw(st.lists(st.text("ab \n", max_size=2), min_size=len(texts) + 1, max_size=len(texts) + 1))
    marked, real, taken = literals[0], literals[0], []
    marks = {chr(FIRST + i): (text, i) for i, text in enumerate(texts)}
    for mark, literal in zip(marks, literals[1:]):
        form = data.draw(st.sampled_from(list_forms(marks[mark][0])))
        taken.append(Piece(len(real), len(real) + len(form), marks[mark][1]))
        marked, real = marked + mark + literal, real + form + literal
    assert align(marked, real, marks) in (taken, None)


def test_marks_stand_nowhere_in_the_texts():
    text = "".join(map(chr, (FIRST, FIRST + 9, LAST - 5, LAST)))
    spare = find_spare(text)
    assert {next(spare) for _ in range(100)}.isdisjoint(map(ord, text))
    with pytest.raises(BadInput, match="more texts than there are characters"):
        list(find_spare(""))


@pytest.mark.parametrize("text", [ONE, "".join(map(chr, range(FIRST, FIRST + 9))), chr(LAST) + ONE, "\ue000"])
def test_texts_with_the_characters_of_marks_are_texts(given, text):
    spans = owned(given(CHATML), ASKED, answer(text))
    assert (text, Author.AGENT, True) in [(span.text, span.author, span.said) for span in spans]


def test_a_template_that_changes_a_text_is_refused_with_the_message(given):
    with pytest.raises(BadInput, match=r"^message 2: the chat template changes its text, so who wrote what"):
        owned(
            given(CHATML.replace("message['content']", "message['content'] | replace('Bacon', 'B')")),
            ASKED,
            answer("Bacon"),
        )


def test_a_template_that_leaves_a_message_out_is_refused(given):
    quiet = given("{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}")
    with pytest.raises(BadInput, match=r"^message 2: the chat template does not show its text$"):
        owned(quiet, ASKED, answer("Bacon."))


THINKING = """{% for m in messages %}{% set text = m.content %}{% set thought = '' %}
{%- if '</think>' in text %}{% set thought = text.split('</think>')[0].split('<think>')[-1].strip('\\n') %}
{%- set text = text.split('</think>')[-1].lstrip('\\n') %}{% endif %}
{{- '<|im_start|>' + m.role + '\\n' }}
{%- if loop.last and thought %}{{ '<think>\\n' + thought + '\\n</think>\\n\\n' }}{% endif %}
{{- text + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"""


def test_a_template_that_reads_tags_in_the_agents_text_is_followed(given):
    """It drops the thoughts of earlier turns, and writes the last ones anew."""
    thinking = given(THINKING)
    for message in ("\n\nBacon.", "Bacon."):
        text = f"<think>\nHm, é.\n</think>{message}"
        last = "".join(span.text for span in owned(thinking, ASKED, answer(text)) if span.author is Author.AGENT)
        assert last == "<think>\nHm, é.\n</think>\n\nBacon.<|im_end|>"
        earlier = owned(thinking, ASKED, answer(text), Part(Writer.HUMAN, "user", Kind.TEXT, "Why?", 2))
        assert "".join(span.text for span in earlier if span.author is Author.AGENT) == "Bacon.<|im_end|>"


@pytest.mark.parametrize("more", [[], [Part(Writer.HUMAN, "user", Kind.TEXT, "And?", 2)]])
def test_reasoning_may_be_left_out_and_the_turn_is_still_the_agents(given, more):
    spans = owned(given(CHATML), ASKED, answer("Hm.", Kind.REASONING), *more)
    assert "".join(span.text for span in spans if span.author is not Author.AGENT).count("<|im_end|>") == 1 + len(more)


def test_an_empty_turn_is_its_writers_although_the_template_looks_whether_it_is_empty(given):
    curious = given(
        CHATML.replace("message['content']", "(message['content'] or '')").replace(
            "'\\n' +", "'\\n' + ('' if message['content'] else ' ') +", 1
        )
    )
    spans = owned(curious, ASKED, answer(""), Part(Writer.HUMAN, "user", Kind.TEXT, "And?", 2))
    rest = "".join(span.text for span in spans if span.author is not Author.AGENT)
    assert "assistant\n <|im_end|>" in "".join(span.text for span in spans)
    assert rest.count("<|im_end|>") == 2


def test_the_same_text_twice_is_owned_twice(given):
    echo = given(CHATML.replace("message['content']", "message['content'] + '|' + message['content']"))
    tokens = encode_transcript(echo, Transcript([], [ASKED, answer("Bacon.")]))
    assert echo.decode(tokens.ids[tokens.authors == Author.AGENT]) == "Bacon.|Bacon.<|im_end|>"
