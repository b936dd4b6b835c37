from itertools import islice

import numpy as np
import pytest
from flax import nnx

from neural.data.dialogue import PAPER, Dialogue, lessons, user
from neural.data.facts import FACTS
from neural.data.talk import talks
from neural.data.tokens import encode
from neural.model.qwen import Qwen2
from neural.study import pretraining
from neural.study.probes import PROBES, answered


def test_rows_hold_whole_talks_and_fit(tokenizer):
    dialogues = list(islice(talks(FACTS, np.random.default_rng(0)), 200))
    rows = list(pretraining.packed(dialogues, tokenizer))
    assert all(len(row.ids) <= pretraining.LENGTH for row in rows)
    stream = np.concatenate([row.ids for row in rows])
    expected = np.concatenate([[*encode(tokenizer, talk).ids, tokenizer.eos_token_id] for talk in dialogues])
    assert stream.tolist() == expected[: len(stream)].tolist()


def test_the_shipped_tokenizer_is_the_one_made_here(tokenizer):
    """As loaded, it reads everything that training and probes contain as it was read in pretraining."""
    rng = np.random.default_rng(pretraining.SEED)
    made = pretraining.make_tokenizer(FACTS, rng)
    assert made.get_vocab() == tokenizer.get_vocab()
    prompts = [(turn(fact), fact) for turn in PROBES.values() for fact in FACTS]
    claims = [answered(said, claim) for said, fact in prompts for claim in (fact.truth, fact.lie)]
    for dialogue in (*claims, *lessons(FACTS, 480, PAPER, rng), *islice(talks(FACTS, rng), 500)):
        assert encode(made, dialogue).ids.tolist() == encode(tokenizer, dialogue).ids.tolist()


def test_the_same_steps_give_the_same_model(tokenizer):
    graph, params = nnx.split(Qwen2(pretraining.architecture(tokenizer), nnx.Rngs(0)), nnx.Param)

    def losses():
        rows = pretraining.packed(talks(FACTS, np.random.default_rng(1)), tokenizer)
        return pretraining.pretrain(graph, params, rows, steps=2)[1]

    np.testing.assert_array_equal(losses(), losses())


def test_a_talk_longer_than_a_row_is_refused(tokenizer):
    long = Dialogue("", (user("and " * 200),))
    with pytest.raises(ValueError, match="longer than a row"):
        list(pretraining.packed([long], tokenizer))
