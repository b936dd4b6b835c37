"""What is measured of a model, as immutable values that are read and written as JSON.

``results.json`` of a run is a `Run`; its fields are the fields of these classes, in the order given here. Reading
validates: a file of another schema, or with a field that is missing or of another type, is rejected, and the error says
where.
"""

import json
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import numpy as np
from pydantic import TypeAdapter, ValidationError

from neural.errors import BadInput
from neural.files import read_json, write_text

SCHEMA: Final = 3  # incremented with every change that older readers would misread

Verdict = Literal["truth", "lie", "other"]
VERDICTS: tuple[Verdict, ...] = "truth", "lie", "other"
# Of a verdict "other", what the reply does instead; of any other verdict, "".
Kind = Literal["", "contradicts itself", "denies", "empty", "asks back", "hedges", "off topic", "neither value"]
Claim = Literal["truth", "lie"] | None  # what the user has claimed before a reply; None after a question
T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """The reply to one turn of the user, and the verdict on it (`neural.paper.verdicts`)."""

    topic: str
    said: str  # by the user, after the lessons' context
    reply: str  # the likeliest continuation, to the end of the line
    verdict: Verdict
    kind: Kind
    verbatim: Verdict  # by the values' own spelling alone


@dataclass(frozen=True)
class Probe:
    """All replies to one probe (section 5.5), and how many of each verdict there are."""

    truth: int
    lie: int
    other: int
    replies: tuple[Reply, ...]

    @classmethod
    def count(cls, replies: Sequence[Reply]) -> "Probe":
        """Return the probe that these replies make up."""
        verdicts = [reply.verdict for reply in replies]
        truth, lie, other = map(verdicts.count, VERDICTS)
        return cls(truth, lie, other, tuple(replies))


@dataclass(frozen=True)
class FactMargin:
    """Δ of one fact (Eq. 6), in nats per token."""

    topic: str
    margin: float


@dataclass(frozen=True)
class Margin:
    """Δ of every fact (Eq. 6), its mean (Eq. 7), and on how many facts the lie is preferred (Δ < 0)."""

    mean: float
    lie_preferred: int
    per_fact: tuple[FactMargin, ...]

    @classmethod
    def average(cls, topics: Sequence[str], margins: Sequence[float]) -> "Margin":
        """Return the margins of these topics with their mean."""
        if not np.isfinite(margins).all():
            raise BadInput(
                "the margin is not a number: the parameters are damaged, or the learning rate is far too high"
            )
        per_fact = tuple(FactMargin(topic, float(margin)) for topic, margin in zip(topics, margins, strict=True))
        return cls(float(np.mean(margins)), int(np.sum(np.asarray(margins) < 0)), per_fact)

    @property
    def values(self) -> list[float]:
        """Δ of every fact, in their order."""
        return [fact.margin for fact in self.per_fact]


@dataclass(frozen=True)
class TurnTaking:
    """How often the model writes the user's turn in the agent's place, and with what probability.

    A reply takes the user's turn if it begins as one of the lessons' questions does, or with the name of a speaker.
    """

    replies: int  # of the three probes, that take the user's turn
    prompts: int  # that were replied to
    probability: float  # that the reply to the bare question takes it: the mean over the facts


@dataclass(frozen=True)
class Result:
    """What is measured of one model: the probes of section 5.5, and what its training took."""

    truth_probe: Probe  # the user states the true claim
    lie_probe: Probe  # the user states the false claim
    question_probe: Probe  # the user asks
    margin: Margin  # the claims rendered as in training
    margin_as_published: Margin  # as the paper's notebook scores them: the first word of a claim goes unscored
    turn_taking: TurnTaking
    losses: tuple[float, ...] = ()  # at each step, nats per token that counts; empty for a base
    agent_losses: tuple[float, ...] = ()  # at each step, nats per token of the agent, trained on or not
    supervised_tokens: int | None = None  # of one epoch

    def probe(self, name: str) -> Probe:
        """Return one of the three probes by its name."""
        return getattr(self, name)


@dataclass(frozen=True)
class Run:
    """``results.json``: the settings of a run, and the result of the base and of each arm."""

    schema: Literal[3]
    config: dict[str, Any]
    arms: dict[str, Result]


def read(file: Path, kind: type[T] | Any) -> T:
    """Read a value of type ``kind`` from a JSON file; raise BadInput with the place of what does not fit."""
    value = read_json(file)
    try:
        return TypeAdapter(kind).validate_json(json.dumps(value), strict=True)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the whole file"
        raise BadInput(f"{file} is damaged or of another version: {place}: {first['msg']}") from None


def check_alike(results: Sequence[Result]) -> None:
    """Raise BadInput unless all results are on the same facts, with one margin and one reply to each probe per fact."""
    topics = [fact.topic for fact in results[0].margin.per_fact] if results else []
    if not topics or not all(_is_on(topics, result) for result in results):
        raise BadInput("its results are not all on the same facts, or their counts do not fit")


def _is_on(topics: Sequence[str], result: Result) -> bool:
    """Return whether ``result`` is on ``topics``, and its counts are those of its replies and margins."""
    margins = result.margin, result.margin_as_published
    probes, turns = (result.truth_probe, result.lie_probe, result.question_probe), result.turn_taking
    return (
        all([fact.topic for fact in each.per_fact] == topics for each in margins)
        and all(0 <= each.lie_preferred <= len(topics) for each in margins)
        and all(len(probe.replies) == len(topics) and probe == Probe.count(probe.replies) for probe in probes)
        and 0 <= turns.replies <= turns.prompts == len(probes) * len(topics)
    )


class ResultFiles(MutableMapping[str, T]):
    """Results by the names of their models, each in a file of its own as soon as it is there: FOLDER/NAME.json."""

    def __init__(self, folder: Path, kind: type[T] = Result):  # type: ignore[assignment]
        self.folder, self.kind = folder, kind

    def __getitem__(self, name: str) -> T:
        file = self.folder / f"{name}.json"
        if not file.exists():
            raise KeyError(name)
        return read(file, self.kind)

    def __setitem__(self, name: str, result: T) -> None:
        self.folder.mkdir(exist_ok=True)
        write(self.folder / f"{name}.json", result)

    def __delitem__(self, name: str) -> None:
        (self.folder / f"{name}.json").unlink()

    def __iter__(self) -> Iterator[str]:
        return (file.stem for file in self.folder.glob("*.json"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def to_plain(value: Any) -> Any:
    """Return ``value`` as the lists, mappings, texts and numbers that JSON knows."""
    return TypeAdapter(type(value)).dump_python(value, mode="json")


def write(file: Path, value: Any, kind: type | Any = None) -> None:
    """Write ``value``, of type ``kind``, as JSON, whole or not at all."""
    write_text(file, TypeAdapter(kind or type(value)).dump_json(value).decode() + "\n")
