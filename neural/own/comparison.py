"""How models read the same transcripts, and what they say about the same facts; nothing is trained."""

from collections.abc import Callable, Mapping, Sequence

from flax import nnx

from neural.dialogue.render import Example
from neural.dialogue.transcript import Transcript
from neural.errors import BadInput
from neural.finetuning import check_lengths
from neural.model.checkpoint import read
from neural.model.source import Source
from neural.model.speech import choose_speech
from neural.own.delusion import measure
from neural.own.examples import Examples, cut_all, read_examples
from neural.own.result import Model
from neural.paper.facts import Fact
from neural.paper.probes import Probes
from neural.training.batching import hash_examples


def look(graph: nnx.GraphDef, params: nnx.State, examples: Sequence[Example], probes: Probes | None) -> Model:
    """Return what is measured of a model: how it reads ``examples``, and what ``probes`` find."""
    return Model(measure(graph, params, examples), probes(graph, params) if probes else None)


def encode_for_all(
    sources: Mapping[str, Source],
    transcripts: Sequence[Transcript],
    most: int | None,
    on_bad: Callable[[BadInput], object],
) -> Examples:
    """Return ``transcripts`` as the models read them, each cut after ``most`` tokens.

    Raise BadInput if two models read them as different tokens, or they are longer than a model allows.
    """
    read_alike: dict[str, str] = {}  # the hash of the tokens : the first model that reads these
    for name, source in sources.items():
        examples = read_examples(transcripts, source.tokenizer(), on_bad if not read_alike else lambda _: None)
        examples = cut_all(examples, most) if most else examples
        if not examples.all:
            raise BadInput("there are no transcripts to read")
        check_lengths(examples.all, source.config().max_position_embeddings)
        read_alike.setdefault(hash_examples(examples.all), name)
    if len(read_alike) > 1:
        one, other = list(read_alike.values())[:2]
        raise BadInput(
            f"{one} and {other} read the transcripts as different tokens, so their nats per token cannot be compared: "
            "compare models with the same tokenizer and chat template"
        )
    return examples


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
        checkpoint = read(source)
        speech = choose_speech(checkpoint.tokenizer)
        probes = Probes(checkpoint.tokenizer, facts, speech=speech) if facts else None
        measured[name] = look(*nnx.split(checkpoint.model, nnx.Param), examples, probes)
        del checkpoint  # not to be held while the next is read
    return measured
