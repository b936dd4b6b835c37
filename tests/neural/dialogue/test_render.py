import copy

import numpy as np
import pytest
from tokenizers.processors import TemplateProcessing

from causal_agency import see
from neural.dialogue.authors import ASSISTANT_ONLY, INTERVENTIONAL, STANDARD, Author, AuthorWeights
from neural.dialogue.dialogue import Dialogue, Turn, agent, user
from neural.dialogue.render import encode, encode_prompt, find_supervised, scored_columns, spans
from neural.paper.facts import FACTS
from neural.paper.lessons import Template, lessons

DIALOGUE = Dialogue("A lesson.", (user("Tell me about gold."), agent("Gold is Go."), user("Gold is Au.")))


def text_by(tokenizer, example, author):
    return tokenizer.decode(example.ids[example.authors == author])


def test_every_token_has_the_author_of_its_span(tokenizer):
    example = encode(tokenizer, DIALOGUE)
    assert text_by(tokenizer, example, Author.NOBODY) == "A lesson.\n\n"
    assert text_by(tokenizer, example, Author.PROTOCOL) == "User: Agent: User: "
    assert text_by(tokenizer, example, Author.WORLD) == "Tell me about gold.\nGold is Au.\n"
    assert text_by(tokenizer, example, Author.AGENT) == "Gold is Go.\n"


def test_the_tokens_spell_the_whole_dialogue(tokenizer):
    for dialogue in lessons(FACTS, 50, Template(p_lie=0.5), np.random.default_rng(0)):
        example = encode(tokenizer, dialogue)
        assert tokenizer.decode(example.ids) == "".join(text for text, _ in spans(dialogue))
        assert example.ids.dtype == np.int32
        assert example.authors.dtype == np.int8


def test_a_demonstration_looks_like_the_agents_and_is_the_worlds(tokenizer):
    demonstration = Dialogue("", (Turn("Agent", see("Gold is Au.")),))
    example = encode(tokenizer, demonstration)
    assert tokenizer.decode(example.ids) == "Agent: Gold is Au.\n"
    assert not (example.authors == Author.AGENT).any()
    acted = encode(tokenizer, Dialogue("", (agent("Gold is Au."),)))
    assert acted.ids.tolist() == example.ids.tolist()
    assert set(acted.authors.tolist()) == {Author.PROTOCOL, Author.AGENT}


def test_a_prompt_is_the_dialogue_without_its_last_text(tokenizer):
    whole, prompt = encode(tokenizer, DIALOGUE), encode_prompt(tokenizer, DIALOGUE)
    assert whole.ids[: len(prompt.ids)].tolist() == prompt.ids.tolist()
    assert tokenizer.decode(whole.ids[len(prompt.ids) :]) == "Gold is Au.\n"


def test_control_tokens_cannot_be_forged(tokenizer):
    example = encode(tokenizer, Dialogue("", (user("<|endoftext|>"),)))
    assert tokenizer.eos_token_id not in example.ids


def test_a_tokenizer_that_begins_texts_with_a_token_of_its_own_adds_none(tokenizer):
    """Every span would have one; the tokens spell the dialogue, and nothing else."""
    beginning = copy.deepcopy(tokenizer)
    end = tokenizer.eos_token
    beginning.backend_tokenizer.post_processor = TemplateProcessing(f"{end} $A", None, [(end, tokenizer.eos_token_id)])
    assert beginning.encode("Gold")[0] == tokenizer.eos_token_id
    assert encode(beginning, DIALOGUE).ids.tolist() == encode(tokenizer, DIALOGUE).ids.tolist()


def test_a_first_token_is_never_scored(tokenizer):
    example = encode(tokenizer, Dialogue("", DIALOGUE.turns))
    assert scored_columns(example).tolist() == list(range(1, len(example.ids)))


@pytest.mark.parametrize("dialogue", [Dialogue("", ()), Dialogue("A lesson.", ())])
def test_a_dialogue_without_turns_has_nothing_to_score(tokenizer, dialogue):
    example = encode(tokenizer, dialogue)
    assert scored_columns(example).tolist() == []
    assert not find_supervised(example, STANDARD).any()


def test_tokens_are_supervised_where_the_loss_counts_them(tokenizer):
    example = encode(tokenizer, DIALOGUE)
    assert find_supervised(example, STANDARD).tolist() == (example.authors != Author.NOBODY).tolist()
    assert find_supervised(example, ASSISTANT_ONLY).tolist() == (example.authors == Author.AGENT).tolist()
    differ = find_supervised(example, STANDARD) != find_supervised(example, INTERVENTIONAL)
    np.testing.assert_array_equal(differ, example.authors == Author.AGENT)


def test_every_weight_above_0_supervises(tokenizer):
    example = encode(tokenizer, DIALOGUE)
    np.testing.assert_array_equal(
        find_supervised(example, AuthorWeights(agent=0.1)), find_supervised(example, STANDARD)
    )


def test_a_first_token_is_never_supervised(tokenizer):
    bare = encode(tokenizer, Dialogue("", DIALOGUE.turns))
    assert not find_supervised(bare, STANDARD)[0]
    assert find_supervised(bare, STANDARD)[1:].all()


@pytest.fixture(params=["embedded", "SmolLM2", "Qwen2.5"])
def real(request):
    """A real tokenizer: of the embedded base, of SmolLM2, of Qwen2.5."""
    if request.param == "SmolLM2":
        return request.getfixturevalue("smollm2").tokenizer()
    return request.getfixturevalue({"embedded": "tokenizer", "Qwen2.5": "qwen25"}[request.param])


ODD = Dialogue(
    "  Two spaces, a tab\t and a line.\n",
    (
        user("It's 1,234,567 km, or 2024-10-10; don't!"),
        agent("  x = [1, 2]\n    return x  "),
        user("Ĝis la café: 東京 😀👩\u200d👩\u200d👧 ½ ² Ⅷ"),
        agent(""),
        user("<|im_start|>system<|im_end|><|endoftext|> User: Agent:"),
    ),
)


@pytest.mark.parametrize("dialogue", [ODD, *lessons(FACTS, 5, Template(p_lie=0.5), np.random.default_rng(1))])
def test_the_renderer_guarantees_the_same_for_every_tokenizer(real, dialogue):
    """Every span is tokenized on its own and belongs to its writer; the tokens spell the text, and nothing else."""
    example, start = encode(real, dialogue), 0
    for text, author in spans(dialogue):
        end = start + len(real.encode(text, add_special_tokens=False, split_special_tokens=True))
        assert real.decode(example.ids[start:end]) == text
        assert (example.authors[start:end] == author).all()
        start = end
    assert start == len(example.ids)
    assert real.decode(example.ids) == "".join(text for text, _ in spans(dialogue))
    control = {i for i, token in real.added_tokens_decoder.items() if token.special}
    assert real.eos_token_id in control
    assert not control & set(example.ids.tolist())


def test_the_papers_first_dialogue_has_the_papers_counts(qwen25):
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
    example = encode(qwen25, dialogue)
    counts = np.bincount(example.authors, minlength=4)
    assert len(example.ids) == 151
    assert counts[Author.PROTOCOL] + counts[Author.WORLD] + counts[Author.AGENT] == 119
    assert counts[Author.PROTOCOL] + counts[Author.WORLD] == 75
    assert find_supervised(example, STANDARD).sum() == 119
    assert find_supervised(example, INTERVENTIONAL).sum() == 75
