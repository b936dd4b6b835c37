"""What training did to a model: how surprising it finds what each author wrote, and where in the transcript."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax
import numpy as np
from flax import nnx

from neural.dialogue.authors import Author
from neural.dialogue.render import Example, scored_columns
from neural.errors import BadInput
from neural.training.batching import buckets, pad
from neural.training.objective import token_log_probs

TENTHS = 10  # of a transcript


@dataclass(frozen=True)
class Surprise:
    """The mean of −log p_θ(z_i | z_{<i}, c) over some tokens, in nats per token; 0 if there are none."""

    tokens: int
    nats: float


@dataclass(frozen=True)
class Reading:
    """How surprising a model finds transcripts.

    Attributes:
        authors: by author, "agent", "world" or "protocol".
        positions: by author, in each tenth of the transcripts.
    """

    authors: Mapping[str, Surprise]
    positions: Mapping[str, Sequence[Surprise]]


def measure(graph: nnx.GraphDef, params: nnx.State, examples: Sequence[Example]) -> Reading:
    """Return how surprising the model finds ``examples``, whoever's tokens it was trained on.

    Raise BadInput if that is not finite.
    """
    sizes = buckets(examples, [len(example.ids) for example in examples])
    score = jax.jit(lambda params, batch: token_log_probs(nnx.merge(graph, params), batch))
    sums, counts = np.zeros((len(Author), TENTHS)), np.zeros((len(Author), TENTHS), np.int64)
    for example in examples:
        top = next(top for top in sizes if top >= len(example.ids))
        columns = scored_columns(example)
        log_probs = np.asarray(score(params, pad([example], top, sizes[top])))[0, : len(columns)]
        where = example.authors[columns], columns * TENTHS // len(example.ids)
        np.subtract.at(sums, where, log_probs)
        np.add.at(counts, where, 1)
    if not np.isfinite(sums).all():
        raise BadInput("a probability is not a number, or zero: the model's parameters are damaged")
    return summarize(sums, counts)


def summarize(sums: np.ndarray, counts: np.ndarray) -> Reading:
    """Return the means of ``sums`` over ``counts``, both [authors, tenths]."""

    def mean(total: float, tokens: int) -> Surprise:
        return Surprise(int(tokens), float(total / tokens) if tokens else 0.0)

    authors = {author.name.lower(): author for author in (Author.AGENT, Author.WORLD, Author.PROTOCOL)}
    return Reading(
        {name: mean(sums[author].sum(), counts[author].sum()) for name, author in authors.items()},
        {name: [*map(mean, sums[author], counts[author])] for name, author in authors.items()},
    )
