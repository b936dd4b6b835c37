"""Greedy decoding one token at a time, for a model that a person talks to.

`generate` answers many prompts in one program; here each token is out as soon as it is chosen. The parameters of every
block are kept apart: a scan over stacked blocks copies them for each token, which takes much longer than to read them.
One small program serves all blocks, and tokens are read in two widths, 1 and `CHUNK`, so little is compiled.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax import Array
from jaxtyping import Bool, Float, Int
from scipy.special import log_softmax

from neural.model.decoder import Cache

CHUNK = 32  # tokens of a prompt that are read at a time
LEAST_COLUMNS = 256  # of a cache; doubled until the text fits
BROKEN = "\ufffd"  # decodes the first bytes of a character whose last ones are still to come


class Memory(NamedTuple):
    """The tokens that were read, and the keys and values of every block, with columns to spare."""

    ids: Int[np.ndarray, " T"]
    keys: tuple[Float[Array, "1 columns K D"], ...]
    values: tuple[Float[Array, "1 columns K D"], ...]


@partial(jax.jit, static_argnames="graph")
def _embed(graph: nnx.GraphDef, params: nnx.State, ids: Int[Array | np.ndarray, "1 T"]) -> Float[Array, "1 T width"]:
    """Return what enters the first block."""
    return nnx.merge(graph, params).embed_tokens(ids)


@partial(jax.jit, static_argnames="graph")
def _apply(
    graph: nnx.GraphDef, params: nnx.State, x: Float[Array, "1 T width"], past: Cache
) -> tuple[Float[Array, "1 T width"], tuple[Array, Array]]:
    """Return what leaves one block, and its keys and values with these T columns filled in."""
    columns = past.filled + jnp.arange(x.shape[1])
    visible = jnp.arange(past.keys.shape[1]) <= columns[:, None]
    return nnx.merge(graph, params)(x, columns[None], visible[None], past)


@partial(jax.jit, static_argnames="graph")
def _logits(graph: nnx.GraphDef, params: nnx.State, x: Float[Array, "1 T width"]) -> Float[Array, "T vocabulary"]:
    """Return the logits of what leaves the last block."""
    model = nnx.merge(graph, params)
    return model.logits(model.norm(x))[0]


class Reader:
    """A model that reads tokens, and does not read again what it remembers.

    What it returns depends on its parameters and the tokens alone; the memory only saves time.
    """

    def __init__(self, graph: nnx.GraphDef, params: nnx.State):
        model = nnx.merge(graph, params)
        empty = model.empty_cache(1, LEAST_COLUMNS)
        self.memory = Memory(np.zeros(0, np.int32), tuple(empty.keys), tuple(empty.values))
        self.block, stacked = nnx.split(model.layers, nnx.Param)
        self.blocks = [jax.tree.map(lambda leaf, i=i: leaf[i], stacked) for i in range(len(empty.keys))]
        del model.layers
        self.rest = nnx.split(model, nnx.Param)  # the embedding, the last norm and the head

    def read(self, ids: Int[np.ndarray, " T"], first: int) -> Float[np.ndarray, "N vocabulary"]:
        """Return the logits after each of the N tokens from column ``first`` on."""
        self.memory = _recall(self.memory, ids, first)
        logits = []
        for start in range(len(self.memory.ids), len(ids), CHUNK):
            chunk = ids[start : start + CHUNK]
            x = self._read_chunk(chunk)
            if start + len(chunk) > first:
                logits.append(np.asarray(_logits(*self.rest, x))[max(0, first - start) : len(chunk)])
        return np.concatenate(logits)

    def _read_chunk(self, chunk: Int[np.ndarray, " n"]) -> Float[Array, "1 width_of_chunk width"]:
        """Return what leaves the last block at each column, and remember these tokens."""
        width = 1 if len(chunk) == 1 else CHUNK
        filled = jnp.int32(len(self.memory.ids))
        x, keys, values = _embed(*self.rest, np.pad(chunk, (0, width - len(chunk)))[None]), [], []
        for params, k, v in zip(self.blocks, self.memory.keys, self.memory.values):
            x, (k, v) = _apply(self.block, params, x, Cache(k, v, filled))
            keys.append(k)
            values.append(v)
        self.memory = Memory(np.concatenate([self.memory.ids, chunk]), tuple(keys), tuple(values))
        return x


def _recall(memory: Memory, ids: Int[np.ndarray, " T"], most: int) -> Memory:
    """Return what ``memory`` has of the first tokens of ``ids``, at most ``most`` of them, with room to read the rest.

    The columns after them may hold anything: they are invisible until they are filled in.
    """
    most = min(most, len(ids), len(memory.ids))
    kept = int(np.cumprod(ids[:most] == memory.ids[:most]).sum())
    columns = memory.keys[0].shape[1]
    while columns < len(ids) + CHUNK:
        columns *= 2
    room = (0, 0), (0, columns - memory.keys[0].shape[1]), (0, 0), (0, 0)
    wider = (tuple(jnp.pad(x, room) for x in part) if room[1][1] else part for part in memory[1:])
    return Memory(ids[:kept], *wider)


def mean_log_prob(reader: Reader, prompt: Int[np.ndarray, " T"], claim: Int[np.ndarray, " n"]) -> float:
    """Return (1 / |y|) log p_θ(y | q), in nats per token, of a claim y after a prompt q   (Eq. 5)."""
    logits = reader.read(np.concatenate([prompt, claim[:-1]]), len(prompt) - 1)
    return float(log_softmax(logits.astype(np.float64), axis=-1)[np.arange(len(claim)), claim].mean())


def write(
    reader: Reader, prompt: Int[np.ndarray, " T"], ends: Bool[np.ndarray, " vocabulary"], max_new_tokens: int
) -> Iterator[int]:
    """Yield the likeliest token after ``prompt``, then after that, up to one of ``ends``, as `greedy` does."""
    ids = prompt
    for _ in range(max_new_tokens):
        token = int(reader.read(ids, len(ids) - 1)[0, : len(ends)].argmax())
        yield token
        if ends[token]:
            return
        ids = np.append(ids, np.int32(token))


def stream(
    reader: Reader,
    read: Callable[[Int[np.ndarray, " n"]], str],
    prompt: Int[np.ndarray, " T"],
    ends: Bool[np.ndarray, " vocabulary"],
    max_new_tokens: int,
) -> Iterator[str]:
    """Yield what ``read`` makes of the reply to ``prompt``, as far as it is written after each token, and of all of it.

    Spaces at the end, and characters of which bytes are missing, wait for what follows.
    """
    ids = np.zeros(0, np.int32)
    for token in write(reader, prompt, ends, max_new_tokens):
        ids = np.append(ids, np.int32(token))
        yield read(ids).rstrip(BROKEN).rstrip()
    yield read(ids)
