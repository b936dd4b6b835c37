"""Texts that begin alike, read together: what they share is read once.

The distinct beginnings of some texts are the nodes of a tree: a node stands for the last token of one beginning, after
those on the path to it. A model reads all nodes in one pass, in which each sees its own path and nothing else.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int

from neural.model.decoder import Cache, Decoder

Ids = tuple[int, ...]
Tree = dict[Ids, int]  # the number of each beginning; on every path, the shorter before the longer


class Trees(NamedTuple):
    """Trees of at most N nodes, one a row."""

    ids: Int[Array | np.ndarray, "B N"]
    depths: Int[Array | np.ndarray, "B N"]  # how many nodes stand before each on its path
    paths: Bool[Array | np.ndarray, "B N N"]  # whether the second node is on the path to the first


def shared_start(texts: Iterable[Ids]) -> Ids:
    """Return the longest beginning of all ``texts``."""
    texts = list(texts)
    first, last = min(texts), max(texts)  # whatever these two share, those between them share
    n = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:n]


def grow(texts: Iterable[Ids]) -> Tree:
    """Return the tree of ``texts``; the nodes of the first text come first."""
    beginnings = (text[:n] for text in texts for n in range(1, len(text) + 1))
    return {beginning: node for node, beginning in enumerate(dict.fromkeys(beginnings))}


def find_path(tree: Tree, text: Ids) -> list[int]:
    """Return the nodes on the path to ``text``, itself the last."""
    return [tree[text[:n]] for n in range(1, len(text) + 1)]


def stack(trees: Sequence[Tree]) -> Trees:
    """Return ``trees`` as arrays. Padding sees nothing but the start, and no node sees it."""
    rows, size = len(trees), max(map(len, trees))
    ids, depths = np.zeros((2, rows, size), np.int32)
    paths = np.zeros((rows, size, size), bool)
    for row, tree in enumerate(trees):
        for text, node in tree.items():
            ids[row, node], depths[row, node] = text[-1], len(text) - 1
            paths[row, node, find_path(tree, text)] = True
    return Trees(ids, depths, paths)


def read(model: Decoder, start: Int[Array | np.ndarray, " C"], trees: Trees) -> tuple[Float[Array, "B N width"], Cache]:
    """Read ``trees`` after a common ``start``, which is read once.

    Returns:
        The residual stream at every node, and the cache, whose columns are ``start`` and the nodes.
    """
    (rows, nodes), columns = trees.ids.shape, len(start)
    past: Any  # whoever gives a cache gets one back
    _, past = model.hidden(jnp.asarray(start)[None], cache=model.empty_cache(1, columns + nodes))
    past = past._replace(keys=jnp.repeat(past.keys, rows, axis=1), values=jnp.repeat(past.values, rows, axis=1))
    visible = jnp.pad(trees.paths, ((0, 0), (0, 0), (columns, 0)), constant_values=True)
    x, past = model.attend(trees.ids, columns + jnp.asarray(trees.depths), visible, past)
    return x, past
