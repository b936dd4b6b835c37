import copy

import jax
import numpy as np
import pytest
from flax import nnx

from neural.model.generate import greedy, line_ends, pad_left, read_reply

pytestmark = pytest.mark.no_nans


def prompt(ids):
    return np.array(ids, np.int32)


def test_prompts_are_padded_on_the_left():
    ids, starts = pad_left([prompt([5, 9, 2]), prompt([7])])
    assert ids.tolist() == [[5, 9, 2], [0, 0, 7]]
    assert starts.tolist() == [0, 2]


def test_every_token_is_the_argmax_of_what_precedes_it(tied):
    _, graph, params = tied
    forward = jax.jit(lambda ids: nnx.merge(graph, params)(ids)[0][0])
    prompts = [prompt([5, 9, 2]), prompt([7]), prompt([1, 2, 3, 4, 5, 6])]
    ends = np.zeros(61, bool)
    written = np.asarray(greedy(graph, params, *pad_left(prompts), ends, 6))
    for row, ids in zip(written, prompts, strict=True):
        line = ids.tolist()
        for token in row.tolist():
            padded = np.pad(line, (0, 16 - len(line)))[None]
            assert token == int(forward(padded)[len(line) - 1].argmax())
            line.append(token)


def test_a_row_ends_with_its_end_token(tied):
    _, graph, params = tied
    inputs = pad_left([prompt([5, 9, 2]), prompt([7])])
    free = np.asarray(greedy(graph, params, *inputs, np.zeros(61, bool), 6))
    ends = np.arange(61) == free[0, 2]
    stopped = np.asarray(greedy(graph, params, *inputs, ends, 6))
    last = free[0].tolist().index(free[0, 2])
    assert stopped[0, : last + 1].tolist() == free[0, : last + 1].tolist()
    assert (stopped[0, last + 1 :] == -1).all()


def test_ids_beyond_the_tokenizer_are_never_written(tied):
    _, graph, params = tied
    written = np.asarray(greedy(graph, params, *pad_left([prompt([5, 9, 2])]), np.zeros(10, bool), 8))
    assert (written < 10).all()


def test_lines_end_with_a_newline_or_the_end_of_the_text(tokenizer):
    ends = line_ends(tokenizer)
    newline = tokenizer.encode("\n", add_special_tokens=False)
    assert ends[newline].all()
    assert ends[tokenizer.eos_token_id]
    assert not ends[tokenizer.encode("The capital", add_special_tokens=False)].any()


def test_every_control_token_ends_a_reply(tokenizer):
    """Chat models end a turn by another token than a text, and neither belongs to a reply."""
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.add_special_tokens({"eos_token": "<|im_end|>"})
    tokenizer.add_tokens(["<tool>"])
    ends = line_ends(tokenizer)
    assert ends[tokenizer.convert_tokens_to_ids(["<|im_end|>", "<|endoftext|>", "<tool>"])].tolist() == [
        True,
        True,
        False,
    ]


def test_a_reply_ends_with_its_first_line(tokenizer):
    ids = tokenizer.encode(" Gold is Au.\nUser: Yes.", add_special_tokens=False)
    row = np.array([*ids, tokenizer.eos_token_id, -1, -1])
    assert read_reply(tokenizer, row) == "Gold is Au."
    assert read_reply(tokenizer, np.full(3, -1)) == ""
