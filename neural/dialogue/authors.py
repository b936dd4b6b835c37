"""Who wrote a token, and how much each author's tokens count: the whole difference between the arms (Eq. 3 and 4)."""

from enum import IntEnum
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int

from neural.errors import BadInput

Authors = Int[Array | np.ndarray, "..."]


class Author(IntEnum):
    """Who wrote a token. Only the agent's tokens are interventions (γ = 1; section 5.3).

    Attributes:
        NOBODY: context and padding, which are not in the history.
        PROTOCOL: "User: " and "Agent: " before a turn; the interface writes them, so they are evidence.
        WORLD: what users, tools and teachers write.
        AGENT: what the agent writes.

    Example:
        >>> [author.name for author in Author]
        ['NOBODY', 'PROTOCOL', 'WORLD', 'AGENT']
    """

    NOBODY = 0
    PROTOCOL = 1
    WORLD = 2
    AGENT = 3


class AuthorWeights(NamedTuple):
    """How much each author's tokens count in the loss, in the order of `Author`; 1 is full evidence, 0 is none.

    `STANDARD` counts every author (Eq. 3), `INTERVENTIONAL` leaves out the agent (Eq. 4), and `ASSISTANT_ONLY`, the
    usual recipe for chat models, counts nothing but the agent.

    Attributes:
        nobody: the weight of context and padding; 0, since they are not part of the history.
        protocol: the weight of the speakers' names.
        world: the weight of what users, tools and teachers write.
        agent: the weight of what the agent writes.

    Example:
        >>> AuthorWeights(agent=0.25)
        AuthorWeights(nobody=0.0, protocol=1.0, world=1.0, agent=0.25)
    """

    nobody: float = 0.0
    protocol: float = 1.0
    world: float = 1.0
    agent: float = 1.0


class AuthorLosses(NamedTuple):
    """How unlikely a model finds what each author wrote: the mean of −log p_θ(z_i | z_{<i}, c), in nats per token.

    Over the tokens of the world and of the protocol, that mean is 𝓛^do (Eq. 4).

    A mean over no token is NaN.

    Attributes:
        step: after how many steps of training; 0 before the first.
        protocol: of the speakers' names.
        world: of what users, tools and teachers wrote.
        agent: of what the agent wrote.

    Example:
        >>> AuthorLosses(step=0, protocol=0.1, world=2.5, agent=3.0).world
        2.5
    """

    step: int
    protocol: float
    world: float
    agent: float


STANDARD = AuthorWeights()
INTERVENTIONAL = AuthorWeights(agent=0.0)
ASSISTANT_ONLY = AuthorWeights(protocol=0.0, world=0.0)


def check_weights(weights: AuthorWeights) -> None:
    """Raise TypeError if ``weights`` are not `AuthorWeights`, and BadInput if one is not between 0 and 1."""
    if not isinstance(weights, AuthorWeights):
        raise TypeError(f"weights is {weights!r}: write INTERVENTIONAL, STANDARD or AuthorWeights(agent=0.5)")
    if weights.nobody or not all(0 <= weight <= 1 for weight in weights):
        raise BadInput(f"{weights} needs nobody=0.0 and every other weight from 0 to 1")


def evidence(authors: Authors, weights: AuthorWeights | Array) -> Float[Array | np.ndarray, "..."]:
    """Return how much each token counts: the weight of its author. The result is a JAX array if an argument is one."""
    xp = jnp if isinstance(authors, Array) or isinstance(weights, Array) else np
    return xp.asarray(weights, "float32")[authors]
