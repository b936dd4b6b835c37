"""Prompts to reply to and texts to score, all put to a model at once."""

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
from jaxtyping import Bool, Float, Int

from causal_agency.arrays import log_L_do
from neural.model.decoder import Cache
from neural.model.generate import MAX_NEW_TOKENS, greedy, pad_left, write_lines
from neural.model.tree import Ids, Tree, Trees, find_path, grow, read, shared_start, stack

ITEMS_A_ROW = 3  # few, because attention grows with a row; not 1, because rows of several are of more equal size
ITEMS_AT_ONCE = 33
LONG_REPLIES = 4  # continued at a time


class Text(NamedTuple):
    """A text of which the last tokens are scored, as many as ``scored``."""

    ids: Ids
    scored: int


class Item(NamedTuple):
    """What is asked on one subject: P prompts to reply to and X texts to score."""

    prompts: Sequence[Ids]
    texts: Sequence[Text]

    def cut(self, start: int) -> "Item":
        """Return what is read after the first ``start`` tokens: the prompts, and the texts but for their last token."""
        return Item([ids[start:] for ids in self.prompts], [Text(ids[start:-1], scored) for ids, scored in self.texts])

    def tree(self) -> Tree:
        """Return the tree of all prompts and texts; the nodes of the prompts come first."""
        return grow([*self.prompts, *(text.ids for text in self.texts)])


def join(items: Sequence[Item]) -> Item:
    """Return ``items`` as one."""
    prompts, texts = (list(chain(*part)) for part in zip(*items, strict=True))
    return Item(prompts, texts)


def share_out(sizes: Sequence[int], rows: int) -> list[list[int]]:
    """Return which items go into each row, at most `ITEMS_A_ROW`, such that the rows are of about the same size."""
    shares: list[list[int]] = [[] for _ in range(rows)]
    for item in sorted(range(len(sizes)), key=lambda item: -sizes[item]):
        free = (share for share in shares if len(share) < ITEMS_A_ROW)
        min(free, key=lambda share: sum(sizes[i] for i in share)).append(item)
    return shares


class Arranged(NamedTuple):
    """Items as arrays: what is asked in a row is one tree. The first M nodes hold all prompts."""

    trees: Trees
    paths: Bool[Array | np.ndarray, "B P M"]  # the nodes of each prompt
    last: Int[Array | np.ndarray, "B P"]  # the last of them
    nodes: Int[Array | np.ndarray, "B S"]  # all nodes that a scored token follows
    follows: Int[Array | np.ndarray, "B X L"]  # which of these each scored token follows
    targets: Int[Array | np.ndarray, "B X L"]  # the scored tokens; padded on the left
    counted: Bool[Array | np.ndarray, "B X L"]  # which of them are not padding


def arrange(rows: Sequence[Item], start: int) -> Arranged:
    """Arrange ``rows`` behind the ``start`` tokens that all their texts share."""
    cut = [row.cut(start) for row in rows]
    trees = [row.tree() for row in cut]
    stacked = stack(trees)
    last = np.array([[tree[ids] for ids in row.prompts] for tree, row in zip(trees, cut, strict=True)])
    most = max(len(grow(row.prompts)) for row in cut)
    targets, skipped = pad_left([np.array(ids[-n:]) for row in rows for ids, n in row.texts])
    before = [find_path(tree, ids)[-n:] for tree, row in zip(trees, cut, strict=True) for ids, n in row.texts]
    padded, _ = pad_left([np.array(nodes) for nodes in before])
    pairs = (np.unique(row, return_inverse=True) for row in padded.reshape(len(rows), -1))
    nodes, follows = zip(*pairs, strict=True)
    shape = len(rows), -1, targets.shape[1]
    return Arranged(
        trees=stacked,
        paths=np.take_along_axis(stacked.paths, last[..., None], axis=1)[..., :most],
        last=last,
        nodes=np.stack([np.resize(row, max(map(len, nodes))) for row in nodes]),
        follows=np.stack(follows).reshape(shape),
        targets=targets.reshape(shape),
        counted=(np.arange(targets.shape[1]) >= skipped[:, None]).reshape(shape),
    )


def begin_replies(
    x: Float[Array, "B N width"], cache: Cache, start: int, asked: Arranged, tokens: int
) -> tuple[Float[Array, "B P width"], Int[Array, "B P"], Bool[Array, "B P columns"], Cache]:
    """Return what `write_lines` takes, from what `read` returned: of the cache, only the prompts are kept."""
    _, prompts, nodes = asked.paths.shape
    columns, room, last = start + nodes, prompts * (tokens - 1), jnp.asarray(asked.last)

    def keep(part: Array) -> Array:
        return jnp.pad(part[:, :, :columns], ((0, 0), (0, 0), (0, room), (0, 0), (0, 0)))

    positions = start + 1 + jnp.take_along_axis(jnp.asarray(asked.trees.depths), last, axis=1)
    visible = jnp.pad(asked.paths, ((0, 0), (0, 0), (start, 0)), constant_values=True)
    visible = jnp.pad(visible, ((0, 0), (0, 0), (0, room)))
    kept = Cache(keep(cache.keys), keep(cache.values), jnp.int32(columns))
    return jnp.take_along_axis(x, last[..., None], axis=1), positions, visible, kept


@partial(jax.jit, static_argnames=("graph", "tokens"))
def ask(
    graph: nnx.GraphDef,
    params: nnx.State,
    start: Int[Array | np.ndarray, " C"],
    asked: Arranged,
    ends: Bool[Array | np.ndarray, " vocabulary"],
    tokens: int,
) -> tuple[Float[Array, "B X"], Int[Array, "B P tokens"]]:
    """Return log p_θ of each text's scored tokens, in nats, and the first ``tokens`` of the reply to each prompt."""
    model = nnx.merge(graph, params)
    x, cache = read(model, start, asked.trees)

    def score(row: tuple) -> Array:
        x, nodes, follows, targets, counted = row
        log_probs = jax.nn.log_softmax(model.logits(x[nodes]).astype(jnp.float32))
        return log_L_do(log_probs[follows, targets], counted)

    # Row by row: the logits of all rows at once would not fit where the vocabulary is large.
    scores = jax.lax.map(score, (x, asked.nodes, asked.follows, asked.targets, asked.counted))
    begun = begin_replies(x, cache, len(start), asked, tokens)
    return scores, write_lines(model, *begun, jnp.asarray(ends), tokens)


class Questions:
    """All that is asked on some items, arranged once and put to any number of models.

    Replies are written together, as many tokens of them as the longest scored part of a text has. The few that are
    longer are continued by themselves.
    """

    def __init__(self, items: Sequence[Item], ends: Bool[np.ndarray, " vocabulary"]):
        every = join(items)
        self.prompts, self.ends = every.prompts, ends
        shared = shared_start([*every.prompts, *(text.ids for text in every.texts)])
        shortest = min(map(len, every.prompts))
        self.start = np.array(shared[: shortest - 1], np.int32)  # the last token of a prompt is asked about
        self.tokens = min(MAX_NEW_TOKENS - 1, max(text.scored for text in every.texts))
        blocks = ceil(len(items) / ITEMS_AT_ONCE)
        rows = ceil(len(items) / (blocks * ITEMS_A_ROW))
        shares = share_out([len(item.cut(len(self.start)).tree()) for item in items], rows * blocks)
        # What fills a row up is in it already, so there is no more to read.
        filled = [np.resize(share, ITEMS_A_ROW) for share in shares]
        self.places = np.unique(np.concatenate(filled), return_index=True)[1]
        arranged = arrange([join([items[i] for i in share]) for share in filled], len(self.start))
        self.blocks = [jax.tree.map(lambda part, i=i: part[i * rows : (i + 1) * rows], arranged) for i in range(blocks)]

    def __call__(
        self, graph: nnx.GraphDef, params: nnx.State
    ) -> tuple[Float[np.ndarray, "items X"], Int[np.ndarray, "items P new"]]:
        """Return log p_θ of the scored tokens of each text, in nats, and the reply to each prompt, as `greedy` does."""
        scores, replies = self.ask(graph, params)
        return scores, self.finish(graph, params, replies)

    def ask(
        self, graph: nnx.GraphDef, params: nnx.State
    ) -> tuple[Float[np.ndarray, "items X"], Int[np.ndarray, "items P tokens"]]:
        """Return the log-probabilities and the first tokens of the replies."""
        parts = [ask(graph, params, self.start, block, self.ends, self.tokens) for block in self.blocks]
        scores, replies = (np.concatenate(part) for part in zip(*parts, strict=True))  # [rows, items of a row × …, …]
        places = len(scores) * ITEMS_A_ROW
        return scores.reshape(places, -1)[self.places], replies.reshape(places, -1, self.tokens)[self.places]

    def finish(
        self, graph: nnx.GraphDef, params: nnx.State, replies: Int[np.ndarray, "items P tokens"]
    ) -> Int[np.ndarray, "items P new"]:
        """Return ``replies`` to their ends, at most `MAX_NEW_TOKENS`."""
        begun, more = self.tokens, MAX_NEW_TOKENS - self.tokens
        whole = np.pad(replies, ((0, 0), (0, 0), (0, more)), constant_values=-1)
        rows, last = whole.reshape(-1, MAX_NEW_TOKENS), replies[..., -1].ravel()
        unfinished = np.flatnonzero((last >= 0) & ~self.ends[last])
        width = max(map(len, self.prompts)) + begun
        for i in range(0, len(unfinished), LONG_REPLIES):
            which = np.resize(unfinished[i : i + LONG_REPLIES], LONG_REPLIES).tolist()
            inputs = pad_left([np.array([*self.prompts[j], *rows[j, :begun]]) for j in which], width)
            rows[which, begun:] = greedy(graph, params, *inputs, self.ends, more)
        return whole
