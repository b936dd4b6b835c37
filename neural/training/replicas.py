"""Models in training side by side, each on a device of its own and by a program of its own.

What becomes of a replica is a function of its start, its examples and its author weights: whoever is trained beside it,
it runs the same program, which adds up the same numbers in the same order.
"""

from collections.abc import Callable, Sequence
from math import gcd
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax import Array
from jax.sharding import NamedSharding
from jax.tree_util import PyTreeDef
from jax.typing import DTypeLike
from jaxtyping import Float

from neural.dialogue.authors import ASSISTANT_ONLY, Author, AuthorWeights, evidence
from neural.errors import BadInput
from neural.training.batching import Batch
from neural.training.objective import loss_do, token_log_probs
from neural.training.placement import Placement, assemble, make_mesh, put, put_batch

Leaves = list[Array]  # the parameters without their tree: taking an nnx.State apart costs a millisecond a step
NOTHING = np.zeros(len(Author), np.float32)  # the number of each author's tokens in no batch


class State(NamedTuple):
    """A replica in training: what a step updates in place, what its losses weigh, and where the rows of a batch go.

    ``frozen`` are parameters of the model that are read and not trained.
    """

    leaves: Leaves
    optimizer: Any
    gradients: Leaves  # the memory for them
    weights: Float[Array, " authors"]
    rows: NamedSharding
    frozen: tuple[nnx.State, ...] = ()


def take_leaves(state: State) -> Leaves:
    """Return what the next step of a replica depends on, besides its batch: parameters and the optimizer's state."""
    return [*state.leaves, *jax.tree.leaves(state.optimizer)]


def put_leaves(state: State, leaves: Sequence[Array]) -> State:
    """Return ``state`` with ``leaves`` that `take_leaves` took, on its own devices.

    Raise BadInput if they are not those of such a state.
    """
    tree, before = jax.tree.structure((state.leaves, state.optimizer)), take_leaves(state)
    if [(x.shape, x.dtype) for x in leaves] != [(x.shape, x.dtype) for x in before]:
        raise BadInput("a checkpoint of training is damaged: its arrays are not those of this model")
    parameters, optimizer = jax.tree.unflatten(tree, [put(x, old.sharding) for x, old in zip(leaves, before)])
    return state._replace(leaves=parameters, optimizer=optimizer)


def share_devices(replicas: int) -> list[Placement]:
    """Return the place of each replica: one device, by its turn, so that none adds up in another order than alone."""
    devices = jax.devices()
    return [Placement(make_mesh([devices[i % len(devices)]])) for i in range(replicas)]


def share_rows(rows: int) -> Placement | None:
    """Return the place of a single replica on several devices, which share the ``rows`` of its batch evenly.

    None if they cannot, or there is only one.
    """
    shared = gcd(rows, len(jax.devices()))
    return Placement(make_mesh(jax.devices()[:shared])) if shared > 1 else None


def begin(
    params: nnx.State,
    weights: AuthorWeights,
    optimizer: optax.GradientTransformation,
    place: Placement,
    dtype: DTypeLike = jnp.float32,
    frozen: Sequence[nnx.State] = (),
) -> State:
    """Return the state before the first step, with a copy of ``params`` in ``dtype``, at ``place``.

    What is ``frozen`` is there too, in ``dtype``, and not copied if it is so already.
    """

    def make(leaves: Leaves) -> tuple[Any, Leaves]:
        return optimizer.init(leaves), jax.tree.map(jnp.zeros_like, leaves)

    leaves = [put(jnp.array(leaf, dtype), place.find(leaf)) for leaf in jax.tree.leaves(params)]
    where = jax.tree.map(place.find, jax.eval_shape(make, leaves))
    moments, gradients = jax.jit(make, out_shardings=where)(leaves)
    still = jax.tree.map(lambda leaf: put(jnp.asarray(leaf, dtype), place.find(leaf)), tuple(frozen))
    return State(leaves, moments, gradients, put(jnp.array(weights), place.whole), place.rows, still)


def losses(
    params: nnx.State,
    graph: nnx.GraphDef,
    batch: Batch,
    weights: Float[Array, " authors"],
    elsewhere: Float[Array | np.ndarray, " authors"] = NOTHING,
    frozen: tuple[nnx.State, ...] = (),
    place: Placement | None = None,
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Return the loss of ``batch`` under ``weights``, and the loss of its agent tokens.

    The second is measured for every replica, and trained on only if the weights say so. ``elsewhere`` is the number of
    each author's tokens in the other batches of the step.
    """
    log_probs = token_log_probs(assemble(graph, params, frozen, place), batch)
    own, agent = (
        loss_do(log_probs, evidence(batch.authors, which), jnp.sum(jnp.asarray(which) * elsewhere))
        for which in (weights, ASSISTANT_ONLY)
    )
    return own, agent


def count_authors(batch: Batch) -> Float[np.ndarray, " authors"]:
    """Return how many scored tokens each author has in ``batch``; padding is nobody's."""
    return np.bincount(np.asarray(batch.authors).ravel(), minlength=len(Author)).astype(np.float32)


def make_programs(
    graph: nnx.GraphDef, tree: PyTreeDef, optimizer: optax.GradientTransformation, place: Placement | None = None
) -> tuple[Any, Any, Any]:
    """Return the programs of a step: the gradients of a first batch, those of another added to them, and the update.

    A step is two programs, gradients and update, so the temporary memory of one is free while the other runs, which
    saves a quarter of the total. Gradients overwrite those of the previous step; allocating fresh memory would add half
    as much time again. What belongs at a ``place`` that is given stays there.
    """
    hold, share = (place.hold, place.share) if place else (lambda same: same,) * 2

    def learn(leaves: Leaves, batch: Batch, about: tuple, before: Leaves) -> tuple[Array, Leaves]:
        params = jax.tree.unflatten(tree, leaves)
        both, gradients = jax.value_and_grad(losses, has_aux=True)(params, graph, batch, *about, place)
        return share(jnp.stack(jax.tree.leaves(both))), hold(jax.tree.leaves(gradients))

    def learn_more(leaves: Leaves, batch: Batch, about: tuple, before: Leaves) -> tuple[Array, Leaves]:
        both, gradients = learn(leaves, batch, about, before)
        return both, jax.tree.map(jnp.add, before, gradients)

    def update(leaves: Leaves, moments: Any, gradients: Leaves, both: Array) -> tuple[Leaves, Any, Array]:
        def change(leaves: Leaves, moments: Any) -> tuple[Leaves, Any]:
            updates, moments = optimizer.update(gradients, moments, leaves)
            return optax.apply_updates(leaves, updates), moments

        sound = jnp.isfinite(optax.tree.norm(gradients)) & jnp.isfinite(both).all()
        kept = hold(jax.lax.cond(sound, change, lambda *same: same, leaves, moments))
        return *kept, share(jnp.where(sound, both, jnp.nan))

    return (
        jax.jit(learn, donate_argnames="before", keep_unused=True),
        jax.jit(learn_more, donate_argnames="before"),
        jax.jit(update, donate_argnames=("leaves", "moments")),
    )


def make_step(
    graph: nnx.GraphDef, tree: PyTreeDef, optimizer: optax.GradientTransformation, place: Placement | None = None
) -> Callable[..., tuple[State, Float[Array, "2"]]]:
    """Return the step of a replica: from state and batches to the next state and both `losses`.

    The losses and the gradient are the means over the tokens of all batches: those of each batch, with the number of
    tokens of all, add up. If a loss or the gradient is not finite, the state stays as it was, and both losses returned
    are NaN.
    """
    learn, learn_more, update = make_programs(graph, tree, optimizer, place)

    def step(state: State, *batches: Batch) -> tuple[State, Array]:
        counts = [count_authors(batch) for batch in batches]
        abouts = [(state.weights, sum(counts) - count, state.frozen) for count in counts]
        first, *others = (put_batch(batch, state.rows) for batch in batches)
        both, gradients = learn(state.leaves, first, abouts[0], state.gradients)
        for batch, about in zip(others, abouts[1:], strict=True):
            more, gradients = learn_more(state.leaves, batch, about, gradients)
            both = both + more
        leaves, moments, both = update(state.leaves, state.optimizer, gradients, both)
        return state._replace(leaves=leaves, optimizer=moments, gradients=gradients), both

    return step
