import numpy as np
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st

from neural.model.tree import find_path, grow, read, shared_start, stack

START = (3, 1, 4)
TEXTS = [(5, 9, 2, 6), (5, 9, 7), (5, 9), (8,)], [(5, 3)]


def test_the_shared_start_is_the_longest():
    assert shared_start([(1, 2, 3), (1, 2, 4, 5), (1, 2, 3)]) == (1, 2)
    assert shared_start([(1, 2), (1, 2, 3)]) == (1, 2)
    assert shared_start([(1,), (2,)]) == ()


@given(st.lists(st.lists(st.integers(0, 2), max_size=5).map(tuple), min_size=1))
def test_all_texts_have_the_shared_start_and_no_longer_one(texts):
    start = shared_start(texts)
    assert {text[: len(start)] for text in texts} == {start}
    assert len({text[: len(start) + 1] for text in texts}) > 1 or start in texts


def test_every_beginning_is_one_node_and_those_of_the_first_text_come_first():
    tree = grow(TEXTS[0])
    assert set(tree) == {(5,), (5, 9), (5, 9, 2), (5, 9, 2, 6), (5, 9, 7), (8,)}
    assert sorted(tree.values()) == list(range(6))
    assert find_path(tree, (5, 9, 2, 6)) == [0, 1, 2, 3]
    assert find_path(tree, (5, 9, 7)) == [0, 1, tree[5, 9, 7]]


def test_the_arrays_say_where_every_node_stands():
    trees = [grow(texts) for texts in TEXTS]
    ids, depths, paths = stack(trees)
    assert ids.shape == depths.shape == (2, 6)
    for row, tree in enumerate(trees):
        for text, node in tree.items():
            assert ids[row, node] == text[-1]
            assert depths[row, node] == len(text) - 1
            assert np.flatnonzero(paths[row, node]).tolist() == sorted(find_path(tree, text))
    assert not paths[1, 2:].any()


def test_a_node_is_read_as_the_last_token_of_its_text(small):
    _, graph, params = small
    model = nnx.merge(graph, params)
    trees = [grow(texts) for texts in TEXTS]
    x, cache = read(model, np.array(START, np.int32), stack(trees))
    assert cache.filled == len(START) + 6
    for row, tree in enumerate(trees):
        for text, node in tree.items():
            expected, _ = model.hidden(np.array([START + text], np.int32))
            np.testing.assert_allclose(x[row, node], expected[0, -1], atol=1e-5)
