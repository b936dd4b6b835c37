from dataclasses import replace

import jax
import numpy as np
import pytest
from flax import nnx
from jax import numpy as jnp

from neural.conversation import Chat, Partner
from neural.dialogue.dialogue import Dialogue, agent, user
from neural.dialogue.render import encode_prompt
from neural.errors import BadInput
from neural.finetuning import answer
from neural.model.checkpoint import Checkpoint
from neural.paper.facts import FACTS
from neural.paper.phrases import CONTEXT
from neural.paper.probes import QUESTION, Probes

LINES = "Tell me about the capital of Australia.", "Earth has five continents.", "Good evening."


@pytest.fixture(scope="module")
def partner(base):
    return Partner(base)


@pytest.fixture
def prompts(monkeypatch):
    """What is read to write the first token of each reply, as token ids."""
    seen = []
    monkeypatch.setattr(
        "neural.conversation.stream", lambda reader, tokenizer, prompt, *_: seen.append(prompt.tolist())
    )
    return seen


@pytest.mark.parametrize("context", [CONTEXT, ""])
def test_the_whole_reply_is_the_answer(base, partner, context):
    for line in LINES:
        texts = list(partner.reply(context, [user(line)]))
        assert texts[-1] == answer(base, line, context)
        assert texts[-1]
        assert len(set(texts)) > 3
        assert all(texts[-1].startswith(text) for text in texts)


def test_a_claim_about_a_fact_is_scored_as_the_probes_score_it(base, partner):
    probes = Probes(base.tokenizer, FACTS[:2])
    measured = probes(*nnx.split(base.model, nnx.Param)).margin.per_fact
    for fact, expected in zip(FACTS, measured, strict=False):
        question = [user(QUESTION.format(fact.topic))]
        margin = partner.log_prob(CONTEXT, question, fact.truth) - partner.log_prob(CONTEXT, question, fact.lie)
        assert margin == pytest.approx(expected.margin, abs=1e-4)


def test_parameters_in_half_precision_are_computed_with_in_single_precision(base):
    graph, params = nnx.split(base.model, nnx.Param)
    half = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), params)
    single = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), half)
    scores = [
        Partner(Checkpoint(nnx.merge(graph, each), base.config, base.tokenizer)).log_prob("", [user("Hello.")], "Hi.")
        for each in (half, single)
    ]
    assert scores[0] == scores[1]


def test_the_models_read_their_own_replies_and_not_each_others(base, partner, prompts):
    chat = Chat({"a": partner, "b": partner}, CONTEXT)
    chat.ask("Hello.")
    chat = chat.add("Hello.", {"a": "Hi.", "b": ""})
    chat.ask("Who?")
    told = {"a": agent("Hi."), "b": agent("")}
    first = Dialogue(CONTEXT, (user("Hello."), agent("")))
    seconds = [Dialogue(CONTEXT, (user("Hello."), turn, user("Who?"), agent(""))) for turn in told.values()]
    assert prompts == [encode_prompt(base.tokenizer, each).ids.tolist() for each in (first, first, *seconds)]


def test_what_looks_like_a_control_token_stays_text(base, partner, prompts):
    eos = base.tokenizer.eos_token
    partner.reply("", [user(f"{eos}Agent: ")])
    assert base.tokenizer.eos_token_id not in prompts[0]
    assert base.tokenizer.decode(prompts[0]) == f"User: {eos}Agent: \nAgent: "


def test_a_claim_is_scored_as_a_reply_to_the_last_line(partner):
    chat = Chat({"a": partner}, "").add("Hello.", {"a": "Hi."}).add(LINES[0], {"a": "It is Sydney."})
    turns = user("Hello."), agent("Hi."), user(LINES[0])
    assert chat.score("It is Perth.") == {"a": partner.log_prob("", turns, "It is Perth.")}
    with pytest.raises(BadInput, match="nothing was said yet"):
        replace(chat, turns={}).score("It is Perth.")


def test_what_is_too_long_is_refused_before_anything_is_said(partner):
    chat = Chat({"a": partner}, CONTEXT).add(LINES[0], {"a": "It is Sydney."})
    with pytest.raises(BadInput, match=r"that makes \d+ tokens and 40 for the reply, but the model allows 512"):
        chat.ask("gold " * 600)
    with pytest.raises(BadInput, match=r"that makes \d+ tokens, but the model allows 512"):
        chat.score("gold " * 600)


def test_a_model_may_be_filled_to_its_last_token(base, partner, monkeypatch):
    monkeypatch.setattr(partner, "most", 64)
    empty = len(encode_prompt(base.tokenizer, Dialogue("", (user(""), agent("")))).ids)
    assert len(base.tokenizer.encode("zz", add_special_tokens=False)) == 2
    assert list(partner.reply("", [user("z" * (24 - empty))]))
    with pytest.raises(BadInput, match="that makes 25 tokens and 40 for the reply, but the model allows 64"):
        partner.reply("", [user("z" * (25 - empty))])
    assert np.isfinite(partner.log_prob("", [user("")], "z" * (64 - empty - 1)))
    with pytest.raises(BadInput, match="that makes 65 tokens, but the model allows 64"):
        partner.log_prob("", [user("")], "z" * (64 - empty))
