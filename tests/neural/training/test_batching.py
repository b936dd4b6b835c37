import numpy as np
import pytest

from neural.dialogue.authors import STANDARD, Author
from neural.dialogue.dialogue import Dialogue, agent, user
from neural.dialogue.render import Example, encode, encode_prompt
from neural.training.batching import Replica, batches, buckets, hash_examples, order, pad

RNG = np.random.default_rng(5)
LENGTHS = 9, 12, 17, 20, 30
ROWS = [
    Example(RNG.integers(0, 61, n).astype(np.int32), np.r_[[0, 1], RNG.integers(1, 4, n - 2)].astype(np.int8))
    for n in LENGTHS
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
    assert buckets(ROWS, LENGTHS) == {16: 16, 24: 24, 32: 32}
    seen = list(batches(Replica(ROWS, STANDARD, (0,)), epochs=2))
    shapes = {(now.ids.shape, now.columns.shape) for now in seen}
    assert shapes == {((1, n), (1, n)) for n in (16, 24, 32)}
    said = [np.take_along_axis(now.ids, now.columns, axis=-1)[now.authors > 0] for now in seen]
    for epoch in (said[:5], said[5:]):
        assert {tuple(row) for row in epoch} == {tuple(row.ids[1:]) for row in ROWS}


def test_a_row_that_fills_its_bucket_is_not_padded():
    row = Example(np.arange(16, dtype=np.int32), np.full(16, Author.WORLD, np.int8))
    assert buckets([row], [16]) == {16: 16}
    (only,) = batches(Replica([row], STANDARD, (0,)), epochs=1)
    assert only.ids.tolist() == [row.ids.tolist()]


def test_replicas_of_one_seed_read_the_same_and_others_do_not():
    a, b, c = (
        np.stack([now.ids[0, :9] for now in batches(Replica(ROWS, STANDARD, seed), 2)]) for seed in ((0,), (0,), (1,))
    )
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


def texts(batch):
    """Return the scored texts of a batch, without its empty rows."""
    said = np.take_along_axis(batch.ids, batch.columns, axis=-1)
    rows = [tuple(row[batch.authors[i] > 0]) for i, row in enumerate(said)]
    return [row for row in rows if row]


@pytest.mark.parametrize(
    ("batch_size", "accumulate"), [(1, 1), (2, 1), (2, 2), (4, 2), (6, 3), (3, 1), (10, 5), (16, 4)]
)
def test_steps_of_several_examples_read_each_once_an_epoch_and_cut_the_longest_together(batch_size, accumulate):
    epochs, rows = 2, batch_size // accumulate
    seen = list(batches(Replica(ROWS, STANDARD, (0,)), epochs, batch_size, accumulate))
    assert {len(each.ids) for each in seen} == {rows}
    assert len({each.ids.shape[1] for each in seen}) <= 4
    expected = [i for epoch in range(epochs) for i in order(len(ROWS), (0,), epoch)]
    for step in range(-(-len(expected) // batch_size)):
        read = [tuple(ROWS[i].ids[1:]) for i in expected[step * batch_size : (step + 1) * batch_size]]
        parts = seen[step * accumulate : (step + 1) * accumulate]
        lengths = [len(text) for part in parts for text in texts(part)]
        assert sorted(text for part in parts for text in texts(part)) == sorted(read)
        assert lengths == sorted(lengths, reverse=True)


def test_which_examples_a_step_reads_does_not_depend_on_how_it_is_cut():
    whole, cut = (
        [texts(each) for each in batches(Replica(ROWS, STANDARD, (0,)), 3, 4, accumulate)] for accumulate in (1, 4)
    )
    assert [text for part in whole for text in part] == [text for part in cut for text in part]
