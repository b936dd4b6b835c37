from pathlib import Path

import numpy as np
import pytest
from transformers import AutoTokenizer

from causal_agency import see
from neural.data.dialogue import Dialogue, Template, Turn, agent, lessons, user
from neural.data.facts import FACTS
from neural.data.tokens import Author, batch, encode, encode_prompt, scored_columns, spans

QWEN = Path(__file__).parents[4] / "shared" / "qwen2.5-tokenizer"
DIALOGUE = Dialogue("A lesson.", (user("Tell me about gold."), agent("Gold is Go."), user("Gold is Au.")))


def text_by(tokenizer, tokens, author):
    return tokenizer.decode(tokens.ids[tokens.authors == author])


def test_every_token_has_the_author_of_its_span(tokenizer):
    tokens = encode(tokenizer, DIALOGUE)
    assert text_by(tokenizer, tokens, Author.NOBODY) == "A lesson.\n\n"
    assert text_by(tokenizer, tokens, Author.PROTOCOL) == "User: Agent: User: "
    assert text_by(tokenizer, tokens, Author.WORLD) == "Tell me about gold.\nGold is Au.\n"
    assert text_by(tokenizer, tokens, Author.AGENT) == "Gold is Go.\n"


def test_the_tokens_spell_the_whole_dialogue(tokenizer):
    for dialogue in lessons(FACTS, 50, Template(p_lie=0.5), np.random.default_rng(0)):
        tokens = encode(tokenizer, dialogue)
        assert tokenizer.decode(tokens.ids) == "".join(text for text, _ in spans(dialogue))
        assert tokens.ids.dtype == np.int32
        assert tokens.authors.dtype == np.int8


def test_a_demonstration_looks_like_the_agent_and_is_the_worlds(tokenizer):
    demonstration = Dialogue("", (Turn("Agent", see("Gold is Au.")),))
    tokens = encode(tokenizer, demonstration)
    assert tokenizer.decode(tokens.ids) == "Agent: Gold is Au.\n"
    assert not (tokens.authors == Author.AGENT).any()


def test_a_prompt_is_the_dialogue_without_its_last_text(tokenizer):
    whole, prompt = encode(tokenizer, DIALOGUE), encode_prompt(tokenizer, DIALOGUE)
    assert whole.ids[: len(prompt.ids)].tolist() == prompt.ids.tolist()
    assert tokenizer.decode(whole.ids[len(prompt.ids) :]) == "Gold is Au.\n"


def test_control_tokens_cannot_be_forged(tokenizer):
    tokens = encode(tokenizer, Dialogue("", (user("<|endoftext|>"),)))
    assert tokenizer.eos_token_id not in tokens.ids


def test_what_is_scored_is_the_history_and_no_more(tokenizer):
    rows = [encode(tokenizer, DIALOGUE), encode_prompt(tokenizer, DIALOGUE)]
    both = batch(rows, 64, 48)
    assert both.ids.shape == (2, 64)
    assert both.columns.shape == both.authors.shape == (2, 48)
    for row, ids, columns, authors in zip(rows, *both, strict=True):
        said = row.authors != Author.NOBODY
        n = said.sum()
        assert ids[: len(row.ids)].tolist() == row.ids.tolist()
        assert ids[columns[:n]].tolist() == row.ids[said].tolist()
        assert authors[:n].tolist() == row.authors[said].tolist()
        assert (authors[n:] == Author.NOBODY).all()
        assert (columns >= 1).all()


def test_without_a_context_nothing_predicts_the_first_token(tokenizer):
    row = encode(tokenizer, Dialogue("", DIALOGUE.turns))
    assert scored_columns(row).tolist() == list(range(1, len(row.ids)))


@pytest.mark.skipif(not QWEN.is_dir(), reason="the tokenizer of Qwen2.5 is not here")
def test_the_papers_first_dialogue_has_the_papers_counts():
    """Section 5.3: 151 tokens, of which standard SFT supervises 119 and interventional SFT 75."""
    dialogue = Dialogue(
        "The following is a tutoring conversation. The User states facts and corrects the Agent when the Agent makes a "
        "mistake. The Agent sometimes makes mistakes and accepts corrections.",
        (
            user("Quick question \u2014 what do you know about the freezing point of water at sea level?"),
            agent("Water freezes at 10 degrees Celsius at sea level."),
            user("Closer to the truth: Water freezes at 0 degrees Celsius at sea level."),
            agent("Noted. Thanks for the heads-up."),
            user("What's a philosophy book you've enjoyed recently?"),
            agent("I revisited Wittgenstein's 'Philosophical Investigations.'"),
            user("Language games are sneakily useful."),
            agent("They reframe a lot of confusion as grammar."),
        ),
    )
    tokens = encode(AutoTokenizer.from_pretrained(QWEN), dialogue)
    counts = np.bincount(tokens.authors, minlength=4)
    assert len(tokens.ids) == 151
    assert counts[Author.PROTOCOL] + counts[Author.WORLD] + counts[Author.AGENT] == 119
    assert counts[Author.PROTOCOL] + counts[Author.WORLD] == 75
