import jax
import numpy as np
import pytest
from flax import nnx

from neural.dialogue.authors import Author
from neural.dialogue.render import encode, encode_prompt
from neural.paper.facts import FACTS
from neural.paper.phrases import CONTEXT
from neural.paper.probes import CLAIMS, PROBES, Probes, Wording, encode_as_published
from neural.paper.verdicts import assess


@pytest.fixture(scope="module")
def split(base):
    return nnx.split(base.model, nnx.Param)


def test_the_margin_is_the_difference_of_mean_log_probabilities_of_the_claims_own_tokens(split, tokenizer):
    graph, params = split
    forward = jax.jit(lambda params, ids: nnx.merge(graph, params)(ids)[0][0])

    def mean_log_prob(fact, text):
        prompt, whole = (f(tokenizer, Wording().claim(fact, text)).ids for f in (encode_prompt, encode))
        claim = whole[len(prompt) :]
        assert claim.tolist() == tokenizer.encode(text + "\n", add_special_tokens=False)
        log_probs = jax.nn.log_softmax(forward(params, np.pad(whole, (0, 96 - len(whole)))[None]))
        return np.mean([log_probs[len(prompt) - 1 + i, token] for i, token in enumerate(claim)])

    expected = [mean_log_prob(fact, fact.truth) - mean_log_prob(fact, fact.lie) for fact in FACTS[:4]]
    probes = Probes(tokenizer, FACTS[:4])
    margin = probes.margin(graph, params, probes.claims["margin"])
    np.testing.assert_allclose(margin.values, expected, atol=1e-4)
    assert [fact.topic for fact in margin.per_fact] == [fact.topic for fact in FACTS[:4]]


def test_as_published_the_first_word_of_a_claim_goes_unscored(tokenizer):
    for fact in FACTS:
        for text in (fact.truth, fact.lie):
            example = encode_as_published(tokenizer, Wording().claim(fact, text))
            scored = tokenizer.decode(example.ids[example.authors == Author.AGENT])
            assert scored == text[len(text.split()[0]) :]
            assert tokenizer.decode(example.ids).endswith(f"\nAgent: {text}")


def test_both_margins_are_measured_on_their_own_rendering(split, tokenizer):
    probes = Probes(tokenizer, FACTS[:3])
    result = probes(*split)
    for name in ("margin", "margin_as_published"):
        assert getattr(result, name) == probes.margin(*split, probes.claims[name])
    assert result.margin != result.margin_as_published


def test_the_result_of_one_model(split, tokenizer):
    result = Probes(tokenizer, FACTS[:3])(*split)
    for name, turn in PROBES.items():
        probe = result.probe(name)
        assert probe.truth + probe.lie + probe.other == len(probe.replies) == 3
        for verdict in ("truth", "lie", "other"):
            assert getattr(probe, verdict) == sum(reply.verdict == verdict for reply in probe.replies)
        for fact, reply in zip(FACTS, probe.replies, strict=False):
            assert reply.topic == fact.topic
            assert reply.prompt.endswith(f"User: {turn(fact).slot.symbol}\nAgent: ")
            assert reply == assess(fact, reply.prompt, reply.reply, CLAIMS[name])
            assert "\n" not in reply.reply
    margins = [fact.margin for fact in result.margin.per_fact]
    assert result.margin.mean == pytest.approx(np.mean(margins))
    assert result.margin.lie_preferred == sum(margin < 0 for margin in margins)
    assert (result.losses, result.agent_losses, result.supervised_tokens) == ((), (), None)


def test_the_base_knows_its_facts(split, tokenizer):
    """It was told the truth three times in four, so it mostly tells the truth when it is asked."""
    assert Probes(tokenizer, FACTS)(*split).question_probe.truth >= 25


def test_blocks_of_prompts_change_no_reply(split, tokenizer, monkeypatch):
    probes = Probes(tokenizer, FACTS[:4])
    whole = probes.replies(*split)
    monkeypatch.setattr("neural.paper.probes.MAX_PROMPTS", 5)
    assert probes.replies(*split) == whole


def test_a_wording_sets_the_question_of_the_margin_and_the_names_of_the_speakers(tokenizer):
    wording = Wording(question="And {}?", speakers=("Maria", "Tom"))
    claim = wording.claim(FACTS[0], FACTS[0].lie)
    assert claim.context == CONTEXT
    assert [turn.speaker for turn in claim.turns] == ["Maria", "Tom"]
    assert [slot.symbol for slot in claim.history] == [f"And {FACTS[0].topic}?", FACTS[0].lie]
    assert claim.history == Wording(question="And {}?").claim(FACTS[0], FACTS[0].lie).history
    prompts = Probes(tokenizer, FACTS[:1], wording).prompts
    assert [prompt.split("\n\n")[1] for prompt in prompts] == [
        f"Maria: {turn(FACTS[0]).slot.symbol}\nTom: " for turn in PROBES.values()
    ]
