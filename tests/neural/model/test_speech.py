"""A model with a chat template, taught a reply of several lines, gives it back whole; one without speaks in lines."""

import copy
import json

import pytest
from flax import nnx

from neural import chat
from neural.conversation import Partner
from neural.dialogue.authors import ASSISTANT_ONLY
from neural.dialogue.dialogue import user
from neural.dialogue.labels import read_chat
from neural.errors import BadInput
from neural.finetuning import answer, finetune
from neural.model.checkpoint import Checkpoint, save
from neural.model.speech import LINES, TURNS, choose_speech
from neural.own.export import write_generation_config
from neural.paper.facts import FACTS
from neural.paper.phrases import CONTEXT
from neural.paper.probes import QUESTION as TOPIC
from neural.paper.probes import Probes
from neural.run_models import was_taught
from neural.training.config import TrainConfig

QUESTION = "Count to three."
REPLY = "One.\nTwo.\n\nThree."
CHAT = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": REPLY}]


@pytest.fixture(scope="module")
def chatty(base):
    """The embedded checkpoint with a chat template, whose turns end with the token that ends texts."""
    tokenizer = copy.deepcopy(base.tokenizer)
    end = tokenizer.eos_token
    tokenizer.chat_template = (
        "{% for m in messages %}[{{ m['role'] }}]\n{{ m['content'] }}" + end + "\n{% endfor %}"
        "{% if add_generation_prompt %}[assistant]\n{% endif %}"
    )
    return Checkpoint(base.model, base.config, tokenizer)


@pytest.fixture(scope="module")
def taught(chatty):
    """What became of it after it was taught to count, from a transcript."""
    config = TrainConfig(learning_rate=2e-3, epochs=25)
    return finetune(chatty, [read_chat(CHAT)], ASSISTANT_ONLY, config)


def test_a_reply_ends_with_its_turn_and_not_with_its_first_line(taught):
    assert answer(taught, CHAT[:1]) == REPLY


def test_transformers_gives_the_same_reply_of_several_lines(taught, tmp_path):
    pytest.importorskip("torch", reason="pipelines need torch: pip install torch==2.13.0", exc_type=ImportError)
    from transformers import pipeline

    save(taught, tmp_path / "model")
    write_generation_config(tmp_path / "model", taught.tokenizer)
    (reply,) = pipeline("text-generation", model=str(tmp_path / "model"))(CHAT[:1], max_new_tokens=40)
    assert reply["generated_text"] == CHAT


def test_a_reply_is_streamed_with_its_lines(taught):
    texts = list(Partner(taught, choose_speech(taught.tokenizer)).reply("", [user(QUESTION)]))
    assert texts[-1] == REPLY
    assert "One.\nTwo." in texts
    assert all(REPLY.startswith(text) for text in texts)


def test_a_claim_is_scored_to_the_end_of_its_turn(taught):
    partner = Partner(taught, TURNS)
    assert partner.log_prob("", [user(QUESTION)], REPLY) > -0.1
    assert partner.log_prob("", [user(QUESTION)], "One.") < -0.1


def test_the_probes_ask_in_turns(chatty):
    measured = Probes(chatty.tokenizer, FACTS[:2], speech=TURNS)(*nnx.split(chatty.model, nnx.Param))
    assert measured.margin == measured.margin_as_published
    asked = Partner(chatty, TURNS)
    for fact, each in zip(FACTS, measured.margin.per_fact, strict=False):
        question = [user(TOPIC.format(fact.topic))]
        margin = asked.log_prob(CONTEXT, question, fact.truth) - asked.log_prob(CONTEXT, question, fact.lie)
        assert margin == pytest.approx(each.margin, abs=1e-4)


def test_a_run_on_logs_is_talked_to_in_turns(taught, tmp_path, capsys, monkeypatch):
    """The base has a template, too; its arms are asked by it, and what they say in several lines is shown so."""
    for name in ("base", "interventional"):
        save(taught, tmp_path / name)
    results = {"config": {"model": str(tmp_path / "base")}, "arms": {"base": {}, "interventional": {}}}
    (tmp_path / "results.json").write_text(json.dumps(results | {"trained_on": "logs"}))
    monkeypatch.setattr("neural.process.prepare", lambda replicas: None)
    monkeypatch.setattr("neural.chat.lines", lambda: iter([QUESTION]))
    chat.main([str(tmp_path)])
    assert capsys.readouterr().out == f"base: {REPLY}\ninterventional: {REPLY}\n"


def test_which_models_are_talked_to_in_turns(taught, tmp_path):
    save(taught, tmp_path / "model")
    assert choose_speech(taught.tokenizer) is TURNS
    assert not was_taught(str(tmp_path / "model"))
    (tmp_path / "model" / "recipe.json").write_text("{}")
    assert was_taught(str(tmp_path / "model"))
    assert was_taught("embedded")


def test_without_a_template_messages_are_lines(base):
    assert choose_speech(base.tokenizer) is LINES
    asked = [{"role": "user", "content": "Tell me about the capital of Australia."}]
    assert answer(base, asked) == answer(base, asked[0]["content"])
    assert answer(base, asked, "Be kind.") == answer(base, asked[0]["content"], "Be kind.")
    with pytest.raises(BadInput, match="unknown"):
        answer(base, [{"role": "oracle", "content": "x"}])


def test_a_reply_takes_at_most_half_of_a_small_model():
    assert (TURNS.room(8192), TURNS.room(64), LINES.room(512)) == (256, 32, 40)
