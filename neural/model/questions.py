"""Many prompts to reply to and many texts to score, put to a model at once."""

from collections.abc import Sequence
from functools import partial
from itertools import chain
from math import ceil
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import Bool, Float, Int

from causal_agency.arrays import log_L_do
from neural.model.decoder import Cache
from neural.model.generate import MAX_NEW_TOKENS, greedy, pad_left, write_lines
from neural.model.tree import Ids, Tree, Trees, find_path, grow, read, shared_start, stack

ITEMS_A_ROW = 3  # few enough that attention is cheap, and many enough that rows are of one size
ITEMS_AT_ONCE = 33
LONG_REPLIES = 8  # continued at a time


class Text(NamedTuple):
    """A text whose last tokens are scored, as many as ``scored``."""

    ids: Ids
    scored: int


class Item(NamedTuple):
    """What is asked on one subject: P prompts to reply to and X texts to score."""

    prompts: Sequence[Ids]
    texts: Sequence[Text]

    def without(self, start: int) -> "Item":
        """Return what stands behind the first ``start`` tokens, as far as it is read: the last token of a text is not."""
        return Item([ids[start:] for ids in self.prompts], [Text(ids[start:-1], scored) for ids, scored in self.texts])

    def tree(self) -> Tree:
        """Return the tree of all prompts, then all texts."""
        return grow([*self.prompts, *(text.ids for text in self.texts)])


def join(items: Sequence[Item]) -> Item:
    """Return ``items`` as one."""
    return Item([*chain(*(item.prompts for item in items))], [*chain(*(item.texts for item in items))])


def share_out(sizes: Sequence[int], rows: int) -> list[list[int]]:
    """Return the items in each of ``rows`` rows, at most `ITEMS_A_ROW`, such that the rows are about equally large."""
    shares: list[list[int]] = [[] for _ in range(rows)]
    for item in sorted(range(len(sizes)), key=lambda item: -sizes[item]):
        free = (share for share in shares if len(share) < ITEMS_A_ROW)
        min(free, key=lambda share: sum(sizes[i] for i in share)).append(item)
    return shares


class Arranged(NamedTuple):
    """Questions as arrays. The beginnings of a row's prompts and texts are one tree, the prompts in its first M nodes."""

    trees: Trees
    paths: Bool[np.ndarray, "B P M"]  # the nodes of each prompt
    last: Int[np.ndarray, "B P"]  # the last of them
    nodes: Int[np.ndarray, "B S"]  # all nodes that a scored token follows
    follows: Int[np.ndarray, "B X L"]  # which of these each scored token follows
    targets: Int[np.ndarray, "B X L"]  # the scored tokens; padded on the left
    counted: Bool[np.ndarray, "B X L"]  # which of them are not padding


def arrange(rows: Sequence[Item], start: int) -> Arranged:
    """Arrange ``rows`` behind the ``start`` tokens that all texts share."""
    read = [row.without(start) for row in rows]
    trees = [row.tree() for row in read]
    stacked = stack(trees)
    last = np.array([[tree[ids] for ids in row.prompts] for tree, row in zip(trees, read, strict=True)])
    most = max(len(grow(row.prompts)) for row in read)
    paths = np.take_along_axis(stacked.paths, last[..., None], axis=1)[..., :most]
    before = [find_path(tree, ids)[-n:] for tree, row in zip(trees, read, strict=True) for ids, n in row.texts]
    targets, skipped = pad_left([np.array(ids[-n:]) for row in rows for ids, n in row.texts])
    shape = len(rows), -1, targets.shape[1]
    each = pad_left([np.array(nodes) for nodes in before])[0].reshape(len(rows), -1)
    nodes, follows = zip(*(np.unique(row, return_inverse=True) for row in each), strict=True)
    return Arranged(
        stacked,
        paths,
        last,
        np.stack([np.resize(row, max(map(len, nodes))) for row in nodes]),
        np.stack(follows).reshape(shape),
        targets.reshape(shape),
        (np.arange(targets.shape[1]) >= skipped[:, None]).reshape(shape),
    )


def prepare_replies(
    x: Float[Array, "B N width"], cache: Cache, start: int, asked: Arranged, tokens: int
) -> tuple[Array, Array, Array, Cache]:
    """Return what `write_lines` takes, from what `read` returned: only the prompts remain in the cache."""
    rows, prompts, nodes = asked.paths.shape
    room = prompts * (tokens - 1)
    columns = start + nodes
    keys, values = (
        jnp.pad(part[:, :, :columns], ((0, 0), (0, 0), (0, room), (0, 0), (0, 0)))
        for part in (cache.keys, cache.values)
    )
    last = jnp.asarray(asked.last)
    positions = start + 1 + jnp.take_along_axis(jnp.asarray(asked.trees.depths), last, axis=1)
    visible = jnp.pad(asked.paths, ((0, 0), (0, 0), (start, 0)), constant_values=True)
    visible = jnp.pad(visible, ((0, 0), (0, 0), (0, room)))
    return jnp.take_along_axis(x, last[..., None], axis=1), positions, visible, Cache(keys, values, jnp.int32(columns))


@partial(jax.jit, static_argnames=("graph", "mesh", "tokens"))
def ask(
    graph: nnx.GraphDef,
    mesh: Mesh,
    params: nnx.State,
    start: Int[np.ndarray, " C"],
    asked: Arranged,
    ends: Bool[np.ndarray, " vocabulary"],
    tokens: int,
) -> tuple[Float[Array, "B X"], Int[Array, "B P tokens"]]:
    """Return log p_θ of the scored tokens of each text, in nats, and the first ``tokens`` of each reply.

    The devices of ``mesh`` share the rows.
    """

    def answer(params: nnx.State, start: Array, asked: Arranged, ends: Array) -> tuple[Array, Array]:
        model = nnx.merge(graph, params)
        x, cache = read(model, start, asked.trees)

        def score(row: tuple) -> Array:
            x, nodes, follows, targets, counted = row
            log_probs = jax.nn.log_softmax(model.logits(x[nodes]).astype(jnp.float32))
            return log_L_do(log_probs[follows, targets], counted)

        # Row by row: the logits of all rows at once would not fit where the vocabulary is large.
        scores = jax.lax.map(score, (x, asked.nodes, asked.follows, asked.targets, asked.counted))
        return scores, write_lines(model, *prepare_replies(x, cache, len(start), asked, tokens), ends, tokens)

    all_, row = PartitionSpec(), PartitionSpec("row")
    spread = jax.shard_map(answer, mesh=mesh, in_specs=(all_, all_, row, all_), out_specs=row, check_vma=False)
    return spread(params, start, asked, ends)


class Questions:
    """All that is asked on some items, arranged once and put to any number of models.

    Replies are written together, as many tokens of them as the longest text has. The few that are longer are continued
    by themselves.
    """

    def __init__(self, items: Sequence[Item], ends: Bool[np.ndarray, " vocabulary"]):
        self.items, self.ends = items, ends
        every = join(items)
        start = shared_start([*every.prompts, *(text.ids for text in every.texts)])
        self.start = np.array(start, np.int32)
        self.tokens = min(MAX_NEW_TOKENS - 1, max(text.scored for text in every.texts))
        devices = jax.devices()
        self.mesh = Mesh(np.array(devices), ("row",), axis_types=(AxisType.Auto,))
        rows = len(devices) * ceil(min(len(items), ITEMS_AT_ONCE) / (ITEMS_A_ROW * len(devices)))
        blocks = ceil(len(items) / (ITEMS_A_ROW * rows))
        shares = share_out([len(item.without(len(start)).tree()) for item in items], rows * blocks)
        # An item that fills a row up is in it already, so there is no more to read.
        filled = [np.resize(share or [0], ITEMS_A_ROW) for share in shares]
        self.places = np.unique(np.concatenate(filled), return_index=True)[1]
        arranged = arrange([join([items[i] for i in share]) for share in filled], len(start))
        self.blocks = [jax.tree.map(lambda part, i=i: part[i * rows : (i + 1) * rows], arranged) for i in range(blocks)]

    def __call__(
        self, graph: nnx.GraphDef, params: nnx.State
    ) -> tuple[Float[np.ndarray, "items X"], Int[np.ndarray, "items P new"]]:
        """Return log p_θ of the scored tokens of each text, in nats, and the reply to each prompt as `greedy` does."""
        everywhere = jax.device_put(params, NamedSharding(self.mesh, PartitionSpec()))
        parts = [ask(graph, self.mesh, everywhere, self.start, block, self.ends, self.tokens) for block in self.blocks]
        scores, replies = (np.concatenate(part) for part in zip(*parts, strict=True))
        scores = scores.reshape(-1, len(self.items[0].texts))[self.places]
        replies = replies.reshape(-1, len(self.items[0].prompts), self.tokens)[self.places]
        return scores, self.finish(graph, params, replies)

    def finish(
        self, graph: nnx.GraphDef, params: nnx.State, replies: Int[np.ndarray, "items P tokens"]
    ) -> Int[np.ndarray, "items P new"]:
        """Return ``replies`` with those continued that have not ended."""
        whole = np.pad(replies, ((0, 0), (0, 0), (0, MAX_NEW_TOKENS - self.tokens)), constant_values=-1)
        rows, last = whole.reshape(-1, MAX_NEW_TOKENS), replies[..., -1].ravel()
        unfinished = np.flatnonzero((last >= 0) & ~self.ends[last])
        prompts = join(self.items).prompts
        width = max(map(len, prompts)) + self.tokens
        for i in range(0, len(unfinished), LONG_REPLIES):
            block = np.resize(unfinished[i : i + LONG_REPLIES], LONG_REPLIES)
            inputs = pad_left([np.array([*prompts[j], *rows[j, : self.tokens]]) for j in block], width)
            rows[block, self.tokens :] = greedy(graph, params, *inputs, self.ends, MAX_NEW_TOKENS - self.tokens)
        return whole
