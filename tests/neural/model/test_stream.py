from functools import partial

import jax
import numpy as np
import pytest
from flax import nnx

from neural.model import stream as module
from neural.model.generate import greedy, pad_left, read_reply
from neural.model.stream import BROKEN, CHUNK, LEAST_COLUMNS, Reader, mean_log_prob, stream, write

pytestmark = pytest.mark.no_nans

NO_ENDS = np.zeros(61, bool)


def random_ids(n, seed=0):
    return np.random.default_rng(seed).integers(0, 61, n).astype(np.int32)


@pytest.fixture(scope="module")
def forward(small):
    """The logits of the decoder itself, which reads everything at once."""
    _, graph, params = small
    run = jax.jit(lambda ids: nnx.merge(graph, params)(ids)[0][0])
    return lambda ids: np.asarray(run(np.pad(ids, (0, 320 - len(ids)))[None]))[: len(ids)]


@pytest.fixture
def reader(small):
    return Reader(*small[1:])


def assert_close(one, other):
    np.testing.assert_allclose(one, other, atol=2e-5)


def test_the_logits_are_the_decoders_own(reader, forward):
    ids = random_ids(2 * CHUNK + 5)
    assert_close(reader.read(ids, 0), forward(ids))


def test_what_was_read_before_changes_nothing(reader, forward):
    """Longer texts and shorter ones, others, the same once more, and one that needs a wider cache."""
    ids, other, long = random_ids(50), random_ids(50, seed=1), random_ids(LEAST_COLUMNS + 7)
    for text in (ids, ids[:20], np.append(ids[:40], other), other, other, long, ids):
        for first in (len(text) - 1, len(text) // 2):
            assert_close(reader.read(text, first), forward(text)[first:])


def test_what_was_read_is_not_read_again(reader, monkeypatch):
    chunks, read_chunk = [], Reader._read_chunk
    monkeypatch.setattr(Reader, "_read_chunk", lambda self, ids: chunks.append(len(ids)) or read_chunk(self, ids))
    ids = random_ids(CHUNK + 8)
    for text in (ids, np.append(ids, ids[:1]), np.append(ids[:10], ids)):
        reader.read(text, len(text) - 1)
    assert chunks == [CHUNK, 8, 1, CHUNK, 8]


def test_an_interrupted_reading_is_taken_up_again(reader, forward, monkeypatch):
    ids, calls, apply = random_ids(50), [], module._apply

    def interrupt(*arguments):
        calls.append(arguments)
        if len(calls) == 5:  # in the second chunk, at the second of three blocks
            raise KeyboardInterrupt
        return apply(*arguments)

    monkeypatch.setattr(module, "_apply", interrupt)
    with pytest.raises(KeyboardInterrupt):
        reader.read(ids, 0)
    assert_close(reader.read(ids, 49), forward(ids)[49:])


def test_the_same_tokens_are_written_as_for_many_prompts_at_once(small):
    prompts = [random_ids(n, seed=n) for n in (3, 40)]
    together = greedy(*small[1:], *pad_left(prompts), NO_ENDS, 8)
    reader = Reader(*small[1:])
    assert [list(write(reader, prompt, NO_ENDS, 8)) for prompt in prompts] == together.tolist()


def test_the_end_token_is_the_last_and_ids_beyond_the_tokenizer_are_never_written(small):
    reader, prompt = Reader(*small[1:]), random_ids(3)
    free = list(write(reader, prompt, NO_ENDS, 8))
    ends = np.arange(61) == free[3]
    assert list(write(reader, prompt, ends, 8)) == free[: free.index(free[3]) + 1]
    assert max(write(reader, prompt, np.zeros(10, bool), 8)) < 10


def test_a_claim_is_scored_by_the_mean_of_its_tokens_log_probabilities(reader, forward):
    prompt, claim = random_ids(CHUNK), random_ids(6, seed=2)
    log_probs = jax.nn.log_softmax(forward(np.append(prompt, claim)))
    expected = np.mean([log_probs[CHUNK - 1 + i, token] for i, token in enumerate(claim)])
    for _ in range(2):
        assert mean_log_prob(reader, prompt, claim) == pytest.approx(expected, abs=1e-5)


class Script(Reader):
    """Finds these tokens the likeliest, one after the other."""

    def __init__(self, ids, vocabulary):
        self.ids, self.logits = ids, np.eye(vocabulary, dtype=np.float32)

    def read(self, ids, first):
        return self.logits[[self.ids[len(ids) - 1]]]


def streamed(tokenizer, ids):
    """Return the growing texts of a model that writes ``ids``."""
    script, ends = Script(ids, len(tokenizer)), np.zeros(len(tokenizer), bool)
    return list(stream(script, partial(read_reply, tokenizer), np.zeros(1, np.int32), ends, len(ids)))


@pytest.mark.parametrize(
    "text", [" Zürich 🙂🇦🇺, 東京.", "The capital is  Canberra. ", "Yes.\nUser: No.", "é\ufffd", ""]
)
def test_a_reply_grows_to_what_is_read_of_the_whole_without_broken_characters(tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False)
    texts = streamed(tokenizer, ids)
    assert texts[-1] == read_reply(tokenizer, np.array(ids, np.int32))
    assert len(texts) == len(ids) + 1
    assert all(texts[-1].startswith(text) for text in texts)
    assert BROKEN not in "".join(texts[:-1])


def test_characters_are_shown_as_soon_as_they_are_whole(tokenizer):
    ids = tokenizer.encode("a🙂b", add_special_tokens=False)
    assert len(ids) == 6  # the bytes of the face are tokens of their own
    assert streamed(tokenizer, ids) == ["a", "a", "a", "a", "a🙂", "a🙂b", "a🙂b"]


def test_a_character_that_is_never_finished_is_shown_as_such_at_the_end(tokenizer):
    ids = tokenizer.encode("a🙂", add_special_tokens=False)[:-1]
    assert streamed(tokenizer, ids)[-2:] == ["a", f"a{BROKEN}"]
