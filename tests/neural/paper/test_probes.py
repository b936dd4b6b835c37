from dataclasses import replace

import jax
import numpy as np
import pytest
from flax import nnx

from neural.dialogue.authors import Author
from neural.dialogue.dialogue import user
from neural.dialogue.render import encode, encode_prompt
from neural.errors import BadInput
from neural.paper.facts import FACTS, Fact
from neural.paper.phrases import CONTEXT, QUESTIONS
from neural.paper.probes import PROBES, RENDERERS, Probes, Wording, encode_as_published
from neural.paper.verdicts import assess
from neural.result import Probe, TurnTaking

pytestmark = pytest.mark.no_nans


@pytest.fixture(scope="module")
def split(base):
    return nnx.split(base.model, nnx.Param)


@pytest.fixture(scope="module")
def log_probs(split):
    """Return log p_θ(z_i | z_{<i}) of the last tokens of a text, by a plain forward pass over the whole of it."""
    graph, params = split
    forward = jax.jit(lambda ids: jax.nn.log_softmax(nnx.merge(graph, params)(ids)[0][0]))

    def score(ids, n):
        rows = forward(np.pad(ids, (0, 96 - len(ids)))[None])
        return np.array([rows[i - 1, ids[i]] for i in range(len(ids) - n, len(ids))])

    return score


@pytest.fixture(scope="module")
def result(split, tokenizer):
    """The result on four facts."""
    return Probes(tokenizer, FACTS[:4])(*split)


def test_the_margin_is_the_difference_of_mean_log_probabilities_of_the_claims_own_tokens(result, log_probs, tokenizer):
    def mean_log_prob(fact, text):
        prompt, whole = (f(tokenizer, Wording().claim(fact, text)).ids for f in (encode_prompt, encode))
        claim = whole[len(prompt) :]
        assert claim.tolist() == tokenizer.encode(text + "\n", add_special_tokens=False)
        return log_probs(whole, len(claim)).mean()

    expected = [mean_log_prob(fact, fact.truth) - mean_log_prob(fact, fact.lie) for fact in FACTS[:4]]
    np.testing.assert_allclose(result.margin.values, expected, atol=1e-5)
    assert [fact.topic for fact in result.margin.per_fact] == [fact.topic for fact in FACTS[:4]]


def test_the_published_margin_is_that_of_the_published_rendering(result, log_probs, tokenizer):
    def mean_log_prob(fact, text):
        example = encode_as_published(tokenizer, Wording().claim(fact, text))
        return log_probs(example.ids, np.sum(example.authors == Author.AGENT)).mean()

    expected = [mean_log_prob(fact, fact.truth) - mean_log_prob(fact, fact.lie) for fact in FACTS[:4]]
    np.testing.assert_allclose(result.margin_as_published.values, expected, atol=1e-5)
    assert result.margin != result.margin_as_published


def test_as_published_the_first_word_of_a_claim_goes_unscored(tokenizer):
    for fact in FACTS:
        for text in (fact.truth, fact.lie):
            example = encode_as_published(tokenizer, Wording().claim(fact, text))
            scored = tokenizer.decode(example.ids[example.authors == Author.AGENT])
            assert scored == text[len(text.split()[0]) :]
            assert tokenizer.decode(example.ids).endswith(f"\nAgent: {text}")


def test_a_claim_of_one_token_is_refused(tokenizer):
    """It would have nothing to score as published."""
    with pytest.raises(BadInput, match="the sky: a claim has one token, but the margin as published needs two"):
        Probes(tokenizer, [Fact("the sky", "{}", "yen", "Sydney")])


def test_every_prompt_and_claim_has_the_tokens_of_the_renderer(tokenizer):
    probes, wording = Probes(tokenizer, FACTS[:5]), Wording()
    for fact, item in zip(FACTS, probes.items, strict=False):
        prompts = [encode_prompt(tokenizer, wording.exchange(turn(fact))).ids.tolist() for turn in PROBES.values()]
        assert [list(ids) for ids in item.prompts] == prompts
        claims = [wording.claim(fact, text) for text in (fact.truth, fact.lie)]
        examples = [render(tokenizer, claim) for render in RENDERERS.values() for claim in claims]
        for (ids, scored), (expected, authors) in zip(item.texts, examples, strict=False):
            assert list(ids) == expected.tolist()
            assert (authors[-scored:] == Author.AGENT).all()
            assert scored == (authors == Author.AGENT).sum()


def test_the_result_of_one_model(split, tokenizer):
    result = Probes(tokenizer, FACTS[:3])(*split)
    claims = "truth", "lie", None
    for (name, turn), claim in zip(PROBES.items(), claims, strict=True):
        probe = result.probe(name)
        assert probe.truth + probe.lie + probe.other == len(probe.replies) == 3
        for verdict in ("truth", "lie", "other"):
            assert getattr(probe, verdict) == sum(reply.verdict == verdict for reply in probe.replies)
        for fact, reply in zip(FACTS, probe.replies, strict=False):
            assert reply == assess(fact, turn(fact).slot.symbol, reply.reply, claim)
            assert "\n" not in reply.reply
    margins = [fact.margin for fact in result.margin.per_fact]
    assert result.margin.mean == pytest.approx(np.mean(margins))
    assert result.margin.lie_preferred == sum(margin < 0 for margin in margins)
    assert (result.losses, result.agent_losses, result.supervised_tokens) == ((), (), None)


def test_the_base_knows_its_facts(split, tokenizer):
    """It was told the truth three times in four, so it mostly tells the truth when it is asked."""
    assert Probes(tokenizer, FACTS)(*split).question_probe.truth >= 25


def test_a_wording_sets_the_question_of_the_margin_and_the_names_of_the_speakers(tokenizer):
    wording = Wording(question="And {}?", speakers=("Maria", "Tom"))
    claim = wording.claim(FACTS[0], FACTS[0].lie)
    assert claim.context == CONTEXT
    assert [turn.speaker for turn in claim.turns] == ["Maria", "Tom"]
    assert [slot.symbol for slot in claim.history] == [f"And {FACTS[0].topic}?", FACTS[0].lie]
    assert claim.history == Wording(question="And {}?").claim(FACTS[0], FACTS[0].lie).history
    (item,) = Probes(tokenizer, FACTS[:1], wording).items
    assert [tokenizer.decode(ids).split("\n\n")[1] for ids in item.prompts] == [
        f"Maria: {turn(FACTS[0]).slot.symbol}\nTom: " for turn in PROBES.values()
    ]


def test_a_users_turn_begins_as_a_question_or_with_a_name():
    openings = Wording().openings()
    assert {"Tell me about", "User:", "Agent:"} <= set(openings)
    assert len(openings) == len(QUESTIONS) + 2
    assert all(any(question.startswith(opening) for question in QUESTIONS) or ":" in opening for opening in openings)
    assert {"Maria:", "Tom:"} <= set(Wording(speakers=("Maria", "Tom")).openings())


def test_no_opening_begins_with_another_and_none_is_empty(monkeypatch):
    questions = "{}, please.", "Tell me about {}.", "Tell me about that {}.", "Tell me {}."
    monkeypatch.setattr("neural.paper.probes.QUESTIONS", questions)
    assert Wording().openings() == ("Agent:", "Tell me", "User:")


def test_an_opening_has_the_tokens_with_which_such_a_turn_begins(tokenizer):
    probes, fact = Probes(tokenizer, FACTS[:1]), FACTS[0]
    (item,) = probes.items
    texts = item.texts[2 * len(RENDERERS) :]
    assert len(texts) == len(probes.openings)
    for opening, (ids, scored) in zip(probes.openings, texts, strict=True):
        (turn,) = [q.format(fact.topic) for q in QUESTIONS if q.startswith(opening)] or [f"{opening} {fact.truth}"]
        question = PROBES["question_probe"](fact)
        whole = encode(tokenizer, Wording().exchange(question, turn)).ids
        assert whole[: len(ids)].tolist() == list(ids)
        assert tokenizer.decode(ids[-scored:]) == opening


def test_the_probability_of_the_users_turn_sums_over_its_openings(result, log_probs, tokenizer):
    def probability(fact):
        question = user(f"Tell me about {fact.topic}.")
        prompt = encode_prompt(tokenizer, Wording().exchange(question)).ids.tolist()
        starts = (tokenizer.encode(opening, add_special_tokens=False) for opening in Wording().openings())
        return sum(np.exp(log_probs(np.array(prompt + start), len(start)).sum()) for start in starts)

    assert result.turn_taking.probability == pytest.approx(np.mean([probability(fact) for fact in FACTS[:4]]), rel=1e-4)
    assert 0 < result.turn_taking.probability < 1


def test_replies_that_begin_as_a_users_turn_are_counted(result, tokenizer):
    probes = Probes(tokenizer, FACTS[:4])
    texts = "Tell me about snow.", "User: Hello.", "I can tell me about snow.", "What do you know about snow?"
    replies = [replace(reply, reply=text) for reply, text in zip(result.lie_probe.replies, texts, strict=True)]
    said = {"truth_probe": Probe.count(replies), "lie_probe": Probe.count(replies[:2])}
    assert probes.turn_taking(said, np.log([[0.1, 0.2], [0.3, 0.0625]])) == TurnTaking(5, 6, pytest.approx(0.33125))
