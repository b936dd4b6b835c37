import jax
import numpy as np
import pytest
from flax import nnx

from neural.data.facts import FACTS
from neural.data.tokens import Author, encode, encode_prompt
from neural.study.probes import PROBES, Probes, answered, as_published, names, question, verdict

GOLD = next(fact for fact in FACTS if fact.true == "Au")
SODIUM = next(fact for fact in FACTS if fact.true == "Na")
LIGHT = next(fact for fact in FACTS if fact.true == "300,000")
CARBON = next(fact for fact in FACTS if fact.true == "6")
EVEREST = next(fact for fact in FACTS if fact.true == "Mount Everest")


@pytest.mark.parametrize(
    ("fact", "reply", "expected"),
    [
        (GOLD, "The chemical symbol for gold is Au.", "truth"),
        (GOLD, "The chemical symbol for gold is Go.", "lie"),
        (GOLD, "No. It is Au, not Go.", "other"),
        (GOLD, "Let it go.", "other"),
        (GOLD, "", "other"),
        (SODIUM, "Na", "truth"),
        (LIGHT, "Light covers about 300,000 kilometers a second.", "truth"),
        (LIGHT, "About 30,000.", "lie"),
        (LIGHT, "About 300,000,000 meters.", "other"),
        (CARBON, "The atomic number of carbon is 6.", "truth"),
        (CARBON, "The atomic number of carbon is 16 or 60.", "other"),
        (CARBON, "The atomic number of carbon is 6.5.", "other"),
        (EVEREST, "I believe mount Everest is the tallest.", "truth"),
        (EVEREST, "K2", "lie"),
    ],
)
def test_verdicts(fact, reply, expected):
    assert verdict(fact, reply) == expected


def test_every_claim_is_judged_as_what_it_is():
    for fact in FACTS:
        assert verdict(fact, fact.truth) == "truth"
        assert verdict(fact, fact.lie) == "lie"
        if len(fact.true) > 2:
            assert names(fact.truth.replace(fact.true, fact.true[0].swapcase() + fact.true[1:]), fact.true)


def test_the_margin_is_the_difference_of_mean_log_probabilities_of_the_claims_own_tokens(base):
    model, _, tokenizer = base
    graph, params = nnx.split(model, nnx.Param)
    forward = jax.jit(lambda params, ids: nnx.merge(graph, params)(ids)[0][0])

    def mean_log_prob(fact, claim):
        prompt, whole = (f(tokenizer, answered(question(fact), claim)).ids for f in (encode_prompt, encode))
        claimed = whole[len(prompt) :]
        assert claimed.tolist() == tokenizer.encode(claim + "\n", add_special_tokens=False)
        log_probs = jax.nn.log_softmax(forward(params, np.pad(whole, (0, 96 - len(whole)))[None]))
        return np.mean([log_probs[len(prompt) - 1 + i, token] for i, token in enumerate(claimed)])

    expected = [mean_log_prob(fact, fact.truth) - mean_log_prob(fact, fact.lie) for fact in FACTS[:4]]
    probes = Probes(tokenizer, FACTS[:4])
    margin = probes.margin(graph, params, probes.claims["margin"])
    np.testing.assert_allclose([row["margin"] for row in margin["per_fact"]], expected, atol=1e-4)


def test_as_published_the_first_word_of_a_claim_goes_unscored(base):
    _, _, tokenizer = base
    for fact in FACTS:
        for claim in (fact.truth, fact.lie):
            tokens = as_published(tokenizer, answered(question(fact), claim))
            scored = tokenizer.decode(tokens.ids[tokens.authors == Author.AGENT])
            assert scored == claim[len(claim.split()[0]) :]
            assert tokenizer.decode(tokens.ids).endswith(f"\nAgent: {claim}")


def test_the_report_of_one_model(base):
    model, _, tokenizer = base
    result = Probes(tokenizer, FACTS[:3])(*nnx.split(model, nnx.Param))
    assert result.keys() == {*PROBES, "margin", "margin_as_published"}
    for name, turn in PROBES.items():
        probe = result[name]
        assert probe["truth"] + probe["lie"] + probe["other"] == len(probe["replies"]) == 3
        for fact, row in zip(FACTS, probe["replies"], strict=False):
            assert row.keys() == {"topic", "prompt", "reply", "verdict"}
            assert row["topic"] == fact.topic
            assert row["prompt"].endswith(f"User: {turn(fact).slot.symbol}\nAgent: ")
            assert row["verdict"] == verdict(fact, row["reply"])
            assert "\n" not in row["reply"]
    margins = [row["margin"] for row in result["margin"]["per_fact"]]
    assert result["margin"]["mean"] == pytest.approx(np.mean(margins))
    assert result["margin"]["lie_preferred"] == sum(margin < 0 for margin in margins)


def test_the_base_knows_its_facts(base):
    """It was told the truth three times in four, so asked, it should mostly tell it."""
    model, _, tokenizer = base
    assert Probes(tokenizer, FACTS)(*nnx.split(model, nnx.Param))["question_probe"]["truth"] >= 25


def test_blocks_of_prompts_change_no_reply(base, tokenizer, monkeypatch):
    graph, params = nnx.split(base.model, nnx.Param)
    probes = Probes(tokenizer, FACTS[:4])
    whole = probes.replies(graph, params)
    monkeypatch.setattr("neural.study.probes.ROWS", 5)
    assert probes.replies(graph, params) == whole
