import jax
import numpy as np
from flax import nnx

from neural.data.tokens import Tokens
from neural.model.generate import ends_line, greedy, padded_left


def prompt(ids):
    return Tokens(np.array(ids, np.int32), np.zeros(len(ids), np.int8))


def test_greedy_is_the_argmax_again_and_again(tied):
    _, graph, params = tied
    forward = jax.jit(lambda ids: nnx.merge(graph, params)(ids)[0][0])
    prompts = [prompt([5, 9, 2]), prompt([7]), prompt([1, 2, 3, 4, 5, 6])]
    ends = np.zeros(61, bool)
    written = np.asarray(greedy(graph, params, *padded_left(prompts), ends, 6))
    for row, (ids, _) in zip(written, prompts, strict=True):
        line = ids.tolist()
        for token in row.tolist():
            padded = np.pad(line, (0, 16 - len(line)))[None]
            assert token == int(forward(padded)[len(line) - 1].argmax())
            line.append(token)


def test_a_row_ends_with_its_end_token(tied):
    _, graph, params = tied
    inputs = padded_left([prompt([5, 9, 2]), prompt([7])])
    free = np.asarray(greedy(graph, params, *inputs, np.zeros(61, bool), 6))
    ends = np.arange(61) == free[0, 2]
    stopped = np.asarray(greedy(graph, params, *inputs, ends, 6))
    last = free[0].tolist().index(free[0, 2])
    assert stopped[0, : last + 1].tolist() == free[0, : last + 1].tolist()
    assert (stopped[0, last + 1 :] == -1).all()


def test_ids_beyond_the_tokenizer_are_never_written(tied):
    _, graph, params = tied
    written = np.asarray(greedy(graph, params, *padded_left([prompt([5, 9, 2])]), np.zeros(10, bool), 8))
    assert (written < 10).all()


def test_lines_end_with_a_newline_or_the_end_of_the_text(tokenizer):
    ends = ends_line(tokenizer)
    newline = tokenizer.encode("\n", add_special_tokens=False)
    assert ends[newline].all()
    assert ends[tokenizer.eos_token_id]
    assert not ends[tokenizer.encode("The capital", add_special_tokens=False)].any()
