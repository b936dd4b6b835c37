from itertools import islice

import numpy as np
import pytest
from flax import nnx

from neural.dialogue.dialogue import Dialogue, user
from neural.dialogue.render import encode
from neural.model.decoder import Decoder
from neural.model.source import EMBEDDED, find
from neural.paper import base_model
from neural.paper.curriculum import Curriculum, Recipe, read_recipe
from neural.paper.facts import FACTS
from neural.paper.lessons import PAPER, lessons
from neural.paper.probes import PROBES, Wording
from neural.paper.talk import talks
from neural.training.config import TrainConfig


def test_rows_hold_whole_talks_and_fit(tokenizer):
    dialogues = list(islice(talks(FACTS, np.random.default_rng(0)), 200))
    rows = list(base_model.pack(dialogues, tokenizer))
    assert all(len(row.ids) <= base_model.LENGTH for row in rows)
    stream = np.concatenate([row.ids for row in rows])
    expected = np.concatenate([[*encode(tokenizer, talk).ids, tokenizer.eos_token_id] for talk in dialogues])
    assert stream.tolist() == expected[: len(stream)].tolist()


def test_the_shipped_tokenizer_is_the_one_made_here(tokenizer):
    """As loaded, it reads all training dialogues and probes as it read them in pretraining."""
    rng = np.random.default_rng(base_model.SEED)
    made = base_model.make_tokenizer(FACTS, rng)
    assert made.get_vocab() == tokenizer.get_vocab()
    prompts = [(turn(fact), fact) for turn in PROBES.values() for fact in FACTS]
    claims = [Wording().exchange(turn, text) for turn, fact in prompts for text in (fact.truth, fact.lie)]
    for dialogue in (*claims, *lessons(FACTS, 480, PAPER, rng), *islice(talks(FACTS, rng), 500)):
        assert encode(made, dialogue).ids.tolist() == encode(tokenizer, dialogue).ids.tolist()


def test_the_same_steps_give_the_same_model(tokenizer):
    graph, params = nnx.split(Decoder(base_model.architecture(tokenizer), nnx.Rngs(0)), nnx.Param)

    def losses():
        rows = base_model.pack(talks(FACTS, np.random.default_rng(1)), tokenizer)
        return base_model.pretrain(graph, params, rows, steps=2).losses

    first = losses()
    assert first.shape == (2,)
    np.testing.assert_array_equal(first, losses())


def test_a_talk_longer_than_a_row_is_refused(tokenizer):
    long = Dialogue("", (user("and " * 200),))
    with pytest.raises(ValueError, match="longer than a row"):
        list(base_model.pack([long], tokenizer))


def test_the_shipped_base_brings_the_recipe_made_here():
    expected = Recipe(TrainConfig(learning_rate=base_model.RATE), Curriculum(FACTS, base_model.LESSONS))
    assert read_recipe(find(EMBEDDED)) == expected
