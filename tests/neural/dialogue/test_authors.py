import jax
import jax.numpy as jnp
import numpy as np
import pytest

from neural.dialogue.authors import ASSISTANT_ONLY, INTERVENTIONAL, STANDARD, Author, AuthorWeights, evidence

ALL = np.array([[Author.NOBODY, Author.PROTOCOL, Author.WORLD, Author.PROTOCOL, Author.AGENT, Author.AGENT]])


def test_the_weights_are_in_the_order_of_the_authors():
    assert [name.upper() for name in AuthorWeights._fields] == [author.name for author in Author]


def test_each_arm_counts_its_authors():
    assert evidence(ALL, STANDARD).tolist() == [[0, 1, 1, 1, 1, 1]]
    assert evidence(ALL, INTERVENTIONAL).tolist() == [[0, 1, 1, 1, 0, 0]]
    assert evidence(ALL, ASSISTANT_ONLY).tolist() == [[0, 0, 0, 0, 1, 1]]


def test_the_arms_differ_in_the_agents_weight_alone():
    assert STANDARD._replace(agent=0.0) == INTERVENTIONAL
    assert sum(STANDARD) == sum(INTERVENTIONAL) + sum(ASSISTANT_ONLY)


@pytest.mark.parametrize(
    ("authors", "weights", "kind"),
    [
        (ALL, AuthorWeights(agent=0.25), np.ndarray),
        (jnp.asarray(ALL), AuthorWeights(agent=0.25), jax.Array),
        (ALL, jnp.array(AuthorWeights(agent=0.25)), jax.Array),
    ],
)
def test_evidence_is_the_weight_of_the_author_in_numpy_and_in_jax(authors, weights, kind):
    counted = evidence(authors, weights)
    assert isinstance(counted, kind)
    assert counted.tolist() == [[0, 1, 1, 1, 0.25, 0.25]]
    assert counted.dtype == np.float32
