import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from neural.dialogue.authors import Author
from neural.dialogue.render import Example, scored_columns
from neural.errors import BadInput
from neural.own.delusion import TENTHS, measure
from neural.training.batching import pad
from neural.training.objective import token_log_probs


@pytest.fixture(scope="module")
def examples():
    rng = np.random.default_rng(0)
    lengths = 3, 17, 40, 41
    return [Example(rng.integers(1, 90, n).astype(np.int32), rng.integers(0, 4, n).astype(np.int8)) for n in lengths]


@pytest.fixture(scope="module")
def reading(checkpoint, examples):
    return measure(*nnx.split(checkpoint.model, nnx.Param), examples)


def by_hand(checkpoint, examples, author):
    nats, places = [], []
    for example in examples:
        columns = scored_columns(example)
        batch = pad([example], len(example.ids), len(columns))
        log_probs = -np.asarray(token_log_probs(checkpoint.model, batch))[0]
        theirs = example.authors[columns] == author
        nats += log_probs[theirs].tolist()
        places += (columns[theirs] * TENTHS // len(example.ids)).tolist()
    return np.array(nats), np.array(places)


@pytest.mark.parametrize("author", [Author.AGENT, Author.WORLD, Author.PROTOCOL])
def test_it_is_the_mean_over_each_authors_tokens(checkpoint, examples, reading, author):
    nats, places = by_hand(checkpoint, examples, author)
    name = author.name.lower()
    assert reading.authors[name].tokens == len(nats)
    assert reading.authors[name].nats == pytest.approx(nats.mean(), rel=1e-5)
    for tenth, surprise in enumerate(reading.positions[name]):
        there = nats[places == tenth]
        assert surprise.tokens == len(there)
        assert surprise.nats == pytest.approx(there.mean() if len(there) else 0.0, rel=1e-5)


def test_context_is_not_measured(reading):
    assert set(reading.authors) == {"agent", "world", "protocol"}


def test_damaged_parameters_are_named_and_not_measured(tied):
    _, graph, params = tied
    broken = jax.tree.map(lambda leaf: leaf * jnp.nan, params)
    example = Example(np.arange(5, dtype=np.int32), np.full(5, Author.WORLD, np.int8))
    with pytest.raises(BadInput, match="parameters are damaged"):
        measure(graph, broken, [example])
