"""How models read the same transcripts, and what they say about the same facts; nothing is trained."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import jax
import jax.numpy as jnp
from flax import nnx

from neural.dialogue.render import Example
from neural.dialogue.transcript import Transcript
from neural.errors import BadInput
from neural.finetuning import check_lengths
from neural.model.checkpoint import Checkpoint, read
from neural.model.source import Source
from neural.model.speech import choose_speech
from neural.own.delusion import measure
from neural.own.examples import Examples, read_examples
from neural.own.result import Model
from neural.paper.facts import Fact
from neural.paper.probes import Probes
from neural.training.batching import hash_examples


def look(graph: nnx.GraphDef, params: nnx.State, examples: Sequence[Example], probes: Probes | None) -> Model:
    """Return what is measured of a model, in single precision: how it reads ``examples``, and what ``probes`` find."""
    params = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), params)
    return Model(measure(graph, params, examples), probes(graph, params) if probes else None)


def make_probes(checkpoint: Checkpoint, facts: Sequence[Fact]) -> Probes | None:
    """Return the probes of ``facts`` as the model is talked to, if there are any."""
    tokenizer = checkpoint.tokenizer
    probes = Probes(tokenizer, facts, speech=choose_speech(tokenizer)) if facts else None
    if probes:
        probes.check(checkpoint.config.max_position_embeddings)
    return probes


@contextmanager
def naming(model: str) -> Iterator[None]:
    """Say of which model a problem is."""
    try:
        yield
    except BadInput as problem:
        raise BadInput(f"{model}: {problem}") from None


def encode_for_all(
    sources: Mapping[str, Source],
    transcripts: Sequence[Transcript],
    most: int | None,
    on_bad: Callable[[BadInput], object],
) -> Examples:
    """Return ``transcripts`` as the models read them, each cut after ``most`` tokens.

    Raise BadInput if two models read them as different tokens, or they are longer than a model allows.
    """
    encoded: dict[str, Examples] = {}
    for name, source in sources.items():
        with naming(name):
            encoded[name] = read_examples(transcripts, source.tokenizer(), on_bad, most)
            check_lengths(encoded[name].all, source.config().max_position_embeddings)
    hashes = {name: hash_examples(examples.all) for name, examples in encoded.items()}
    first, *others = hashes
    for other in others:
        if hashes[other] != hashes[first]:
            raise BadInput(
                f"{first} and {other} read the transcripts as different tokens, so their nats per token cannot be "
                "compared: compare models with the same tokenizer and chat template"
            )
    if not encoded[first].all:
        raise BadInput("there are no transcripts to read")
    return encoded[first]


def compare(
    sources: Mapping[str, Source],
    examples: Sequence[Example],
    facts: Sequence[Fact],
    on_model: Callable[[str], object],
) -> dict[str, Model]:
    """Return what is measured of each model, one in memory at a time; ``on_model`` is told whose turn it is."""
    measured = {}
    for name, source in sources.items():
        on_model(name)
        with naming(name):
            checkpoint = read(source)
            probes = make_probes(checkpoint, facts)
            measured[name] = look(*nnx.split(checkpoint.model, nnx.Param), examples, probes)
        del checkpoint  # not to be held while the next is read
    return measured
