from itertools import islice

import numpy as np
import pytest
from flax import nnx

from neural import pretrain
from neural.data.talk import talks
from neural.data.tokens import encode
from neural.model.qwen import Qwen2


def test_rows_hold_whole_talks_and_fit(tokenizer):
    dialogues = list(islice(talks(np.random.default_rng(0)), 200))
    rows = list(pretrain.packed(dialogues, tokenizer))
    assert all(len(row.ids) <= pretrain.LENGTH for row in rows)
    stream = np.concatenate([row.ids for row in rows])
    expected = np.concatenate([[*encode(tokenizer, talk).ids, tokenizer.eos_token_id] for talk in dialogues])
    assert stream.tolist() == expected[: len(stream)].tolist()


def test_the_shipped_tokenizer_is_the_one_made_here(tokenizer):
    made = pretrain.make_tokenizer(np.random.default_rng(pretrain.SEED))
    assert made.get_vocab() == tokenizer.get_vocab()
    text = "The capital of Australia is Canberra.\n"
    assert made.encode(text) == tokenizer.encode(text)


def test_the_same_steps_give_the_same_model(tokenizer, monkeypatch):
    monkeypatch.setattr(pretrain, "STEPS", 2)
    graph, params = nnx.split(Qwen2(pretrain.architecture(tokenizer), nnx.Rngs(0)), nnx.Param)

    def losses():
        rows = pretrain.packed(talks(np.random.default_rng(1)), tokenizer)
        return pretrain.pretrain(graph, params, rows)[1]

    np.testing.assert_array_equal(losses(), losses())


@pytest.mark.parametrize("arguments", [[], ["--out"], ["--steps=3"]])
def test_bad_input_gets_exit_code_2(monkeypatch, capsys, arguments):
    monkeypatch.setattr("sys.argv", ["pretrain", *arguments])
    with pytest.raises(SystemExit, match="2"):
        pretrain.main()
    assert capsys.readouterr().err.count("\n") == 1
