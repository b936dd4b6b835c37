import jax
import numpy as np
import pytest
from flax import nnx

from neural.model.generate import MAX_NEW_TOKENS, greedy, pad_left
from neural.model.questions import ITEMS_A_ROW, Item, Questions, Text, share_out

pytestmark = pytest.mark.no_nans

VOCABULARY = 61
ENDS = np.arange(VOCABULARY) % 8 == 3


def draw_item(rng):
    """Two prompts with a common start, and three texts that go on from the first: two of them alike, and one short."""
    start = (7, 7)
    first, second = (start + tuple(rng.integers(0, VOCABULARY, n).tolist()) for n in (rng.integers(1, 6), 3))
    claim = tuple(rng.integers(0, VOCABULARY, 4).tolist())
    ends = (*claim, 1), (*claim, 2, 5), claim[:1]
    return Item([first, second], [Text(first + end, len(end)) for end in ends])


@pytest.fixture(scope="module")
def items():
    rng = np.random.default_rng(0)
    return [draw_item(rng) for _ in range(7)]


def check(tied, items, questions):
    """Compare all answers with those to each text alone: a plain forward pass, and greedy decoding."""
    _, graph, params = tied
    scores, replies = questions(graph, params)
    forward = jax.jit(lambda ids: jax.nn.log_softmax(nnx.merge(graph, params)(ids)[0][0]))
    for item, row in zip(items, scores, strict=True):
        for (ids, scored), score in zip(item.texts, row, strict=True):
            log_probs = forward(np.pad(ids, (0, 20 - len(ids)))[None])
            expected = sum(log_probs[i - 1, ids[i]] for i in range(len(ids) - scored, len(ids)))
            assert score == pytest.approx(float(expected), abs=1e-4)
    prompts = [np.array(ids) for item in items for ids in item.prompts]
    expected = greedy(graph, params, *pad_left(prompts), ENDS, MAX_NEW_TOKENS)
    np.testing.assert_array_equal(replies.reshape(len(prompts), -1), expected)
    return replies


def test_all_at_once_is_as_one_by_one(tied, items):
    replies = check(tied, items, Questions(items, ENDS))
    lengths = (replies >= 0).sum(axis=2)
    assert (lengths < 6).any()
    assert (lengths > 6).sum() > 4  # continued in more than one block


def test_more_than_fit_are_asked_in_blocks(tied, items, monkeypatch):
    monkeypatch.setattr("neural.model.questions.ITEMS_AT_ONCE", 2)
    questions = Questions(items, ENDS)
    assert len(questions.blocks) == 4  # seven items, two at once
    check(tied, items, questions)


def test_one_item_is_enough(tied, items):
    check(tied, items[:1], Questions(items[:1], ENDS))


def test_a_prompt_may_be_the_start_of_all_texts(tied):
    prompt = (7, 8, 9)
    alone = [Item([prompt], [Text((*prompt, 4, 5), 2), Text((*prompt, 6), 1)])]
    check(tied, alone, Questions(alone, ENDS))


def test_what_texts_share_is_read_once(items):
    questions = Questions(items, ENDS)
    (block,) = questions.blocks
    start = len(questions.start)
    assert questions.start[:2].tolist() == [7, 7]
    beginnings = {ids[:n] for item in items for ids in item.prompts for n in range(start + 1, len(ids) + 1)}
    beginnings |= {ids[:n] for item in items for ids, _ in item.texts for n in range(start + 1, len(ids))}
    assert len(np.unique(block.trees.paths.sum(axis=2))) > 4
    nodes = block.trees.paths.any(axis=2).sum()
    assert len(beginnings) <= nodes <= len(beginnings) + start * len(block.last) + 8


def test_items_are_shared_out_evenly():
    sizes = [9, 1, 5, 5, 4, 2, 8, 2]
    shares = share_out(sizes, 3)
    assert sorted(item for share in shares for item in share) == list(range(8))
    assert max(map(len, shares)) <= ITEMS_A_ROW
    totals = [sum(sizes[item] for item in share) for share in shares]
    assert max(totals) - min(totals) <= 2
