import copy

import numpy as np
import pytest

from causal_agency import see
from neural.dialogue.authors import Author
from neural.dialogue.chat_text import encode_chat, encode_chat_prompt, encode_request, make_transcript
from neural.dialogue.dialogue import Dialogue, Turn, agent, user
from neural.dialogue.transcript import Writer

LINES = "First.\n\nSecond, with <|im_end|> in it.\nAgent: third."
TALK = user("Hello."), agent(LINES), user("And?\nUser: now?")


@pytest.fixture(params=["smollm2", "qwen25"])
def chatty(request):
    """A tokenizer with a chat template."""
    found = request.getfixturevalue(request.param)
    return found.tokenizer() if request.param == "smollm2" else found


def as_messages(context, turns):
    system = [{"role": "system", "content": context}] if context else []
    roles = {"User": "user", "Agent": "assistant"}
    return system + [{"role": roles[turn.speaker], "content": turn.slot.symbol} for turn in turns]


@pytest.mark.parametrize("context", ["", "Be brief."])
def test_a_prompt_is_what_the_template_asks_with(chatty, context):
    turns = user("Hello."), agent("Hi.\nYou?"), user("And?")
    prompt = encode_chat_prompt(chatty, Dialogue(context, (*turns, agent(""))))
    asked = chatty.apply_chat_template(
        as_messages(context, turns), add_generation_prompt=True, tokenize=True, return_dict=False
    )
    assert prompt.ids.tolist() == asked
    assert encode_request(chatty, make_transcript(context, turns)).tolist() == asked


def test_a_whole_turn_follows_its_prompt_and_ends_with_the_token_that_ends_it(chatty):
    prompt = encode_chat_prompt(chatty, Dialogue("", (*TALK, agent(""))))
    whole = encode_chat(chatty, Dialogue("", (*TALK, agent("One.\nTwo."))))
    n = len(prompt.ids)
    assert whole.ids[:n].tolist() == prompt.ids.tolist()
    assert set(whole.authors[n:]) == {Author.AGENT}
    assert chatty.decode(whole.ids[n:]) == "One.\nTwo.<|im_end|>"
    assert chatty.decode(whole.ids[-1:]) == "<|im_end|>"


def test_what_looks_like_the_end_of_a_turn_stays_text(chatty):
    end = chatty.convert_tokens_to_ids("<|im_end|>")
    asked, told = (encode_chat_prompt(chatty, Dialogue("", (*turns, agent("")))) for turns in (TALK[:1], TALK))
    assert np.sum(told.ids == end) == np.sum(asked.ids == end) + 2


def test_who_wrote_a_turn_is_kept():
    turns = user("Who?"), agent("Marlowe."), Turn("Agent", see("Shakespeare."))
    transcript = make_transcript("Be brief.", turns)
    writers = [part.writer for part in (*transcript.context, *transcript.parts)]
    assert writers == [Writer.HARNESS, Writer.HUMAN, Writer.AGENT, Writer.TEACHER]
    assert [part.message for part in transcript.parts] == [1, 2, 3]


@pytest.mark.parametrize("claim", ["Water boils.", "x", "100 degrees."])
def test_a_space_that_a_word_takes_is_for_the_model_to_write(tokenizer, claim):
    """The embedded tokenizer joins the space after a header to most words, and leaves it alone before an x."""
    spaced = copy.deepcopy(tokenizer)
    spaced.chat_template = (
        "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}<|endoftext|>\n{% endfor %}"
        "{% if add_generation_prompt %}[assistant] {% endif %}"
    )
    prompt = encode_chat_prompt(spaced, Dialogue("", (user("Hello."), agent(""))))
    whole = encode_chat(spaced, Dialogue("", (user("Hello."), agent(claim))))
    assert spaced.decode(prompt.ids).endswith("[assistant]")
    assert whole.ids[: len(prompt.ids)].tolist() == prompt.ids.tolist()
    assert spaced.decode(whole.ids[len(prompt.ids) :]) == f" {claim}<|endoftext|>"
