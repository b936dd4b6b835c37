"""The memory that a step takes for what the blocks compute: kept until the gradients are known."""

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

from neural.dialogue.render import Example, scored_columns
from neural.model.decoder import Decoder
from neural.training.batching import LENGTH_MULTIPLE
from neural.training.config import TrainConfig

BYTES = 4  # of a number: single precision; in half precision CPUs compute so, too
# How many arrays of each width a block keeps, or its gradient works with: counted in what XLA allocates on CPUs.
RESIDUAL, QUERIES, KEYS, INNER = 6, 6, 4, 7
SCORES = 3  # of one number for each head and pair of tokens
LOGITS = 2  # of the whole model, as wide as the vocabulary, for each scored token


class Widths(NamedTuple):
    """What decides how much a step keeps: blocks, query heads, and widths in numbers for each token."""

    layers: int
    heads: int
    residual: int
    queries: int
    keys: int
    inner: int
    vocabulary: int


def measure_widths(model: Decoder) -> Widths:
    """Return the widths of ``model``, which may have shapes without values, and adapters."""
    attention, mlp = model.layers.self_attn, model.layers.mlp
    layers, residual, queries = attention.q_proj.kernel.shape
    keys, inner = attention.k_proj.kernel.shape[-1], mlp.gate_proj.kernel.shape[-1]
    vocabulary = model.embed_tokens.embedding.shape[0]
    return Widths(layers, queries // attention.head_dim, residual, queries, keys, inner, vocabulary)


def activation_memory(widths: Widths, rows: int, length: int, scored: int) -> int:
    """Return about how many bytes a batch takes: ``rows`` of ``length`` tokens, of which ``scored`` are scored.

    A block keeps a few arrays for each token, and, of each head, one number for each pair of tokens.
    """
    each = RESIDUAL * widths.residual + QUERIES * widths.queries + KEYS * widths.keys + INNER * widths.inner
    kept = widths.layers * rows * length * (each + SCORES * widths.heads * length)
    return BYTES * (kept + LOGITS * rows * scored * widths.vocabulary)


def batch_memory(widths: Widths, examples: Sequence[Example], config: TrainConfig) -> int:
    """Return about how many bytes the largest batch of ``examples`` takes; nothing without any."""
    if not examples:
        return 0
    rows = min(config.batch_size // config.accumulate, len(examples))
    length = max(len(example.ids) for example in examples)
    scored = max(len(scored_columns(example)) for example in examples)
    return activation_memory(widths, rows, *(LENGTH_MULTIPLE * ceil(n / LENGTH_MULTIPLE) for n in (length, scored)))
