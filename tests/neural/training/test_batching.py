import numpy as np

from neural.dialogue.authors import STANDARD, Author
from neural.dialogue.dialogue import Dialogue, agent, user
from neural.dialogue.render import Example, encode, encode_prompt
from neural.training.batching import Replica, batches, buckets, hash_examples, order, pad

RNG = np.random.default_rng(5)
ROWS = [
    Example(RNG.integers(0, 61, n).astype(np.int32), np.r_[[0, 1], RNG.integers(1, 4, n - 2)].astype(np.int8))
    for n in (9, 12, 17, 20, 30)
]
DIALOGUE = Dialogue("A lesson.", (user("Tell me about gold."), agent("Gold is Go."), user("Gold is Au.")))


def test_the_history_is_scored_and_nothing_else(tokenizer):
    rows = [encode(tokenizer, DIALOGUE), encode_prompt(tokenizer, DIALOGUE)]
    both = pad(rows, 64, 48)
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
    assert [part.dtype for part in both] == [np.int32, np.int32, np.int8]


def test_the_hash_of_examples_tells_apart_tokens_authors_order_and_where_one_ends():
    ids, authors = ROWS[0]
    joined = Example(np.r_[ROWS[0].ids, ROWS[1].ids], np.r_[ROWS[0].authors, ROWS[1].authors])
    others = [
        [Example(ids[::-1].copy(), authors)],
        [Example(ids, authors[::-1].copy())],
        ROWS[:2],
        ROWS[1::-1],
        [joined],
    ]
    assert len({hash_examples(each) for each in (ROWS[:1], *others)}) == 6
    assert hash_examples(ROWS) == hash_examples(list(ROWS))


def test_the_order_is_a_function_of_seed_and_epoch():
    assert order(50, (1,), 2).tolist() == order(50, (1,), 2).tolist()
    assert sorted(order(50, (1,), 2)) == list(range(50))
    assert order(50, (1,), 2).tolist() != order(50, (1,), 3).tolist() != order(50, (2,), 3).tolist()


def test_batches_hold_every_example_once_an_epoch_padded_to_few_lengths():
    assert buckets(ROWS) == {16: 16, 24: 24, 32: 32}
    seen = list(batches(Replica(ROWS, STANDARD, (0,)), epochs=2))
    shapes = {(now.ids.shape, now.columns.shape) for now in seen}
    assert shapes == {((1, n), (1, n)) for n in (16, 24, 32)}
    said = [np.take_along_axis(now.ids, now.columns, axis=-1)[now.authors > 0] for now in seen]
    for epoch in (said[:5], said[5:]):
        assert {tuple(row) for row in epoch} == {tuple(row.ids[1:]) for row in ROWS}


def test_a_row_that_fills_its_bucket_is_not_padded():
    row = Example(np.arange(16, dtype=np.int32), np.full(16, Author.WORLD, np.int8))
    assert buckets([row]) == {16: 16}
    (only,) = batches(Replica([row], STANDARD, (0,)), epochs=1)
    assert only.ids.tolist() == [row.ids.tolist()]


def test_replicas_of_one_seed_read_the_same_and_others_do_not():
    a, b, c = (
        np.stack([now.ids[0, :9] for now in batches(Replica(ROWS, STANDARD, seed), 2)]) for seed in ((0,), (0,), (1,))
    )
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()
