"""A world of invented facts, for effects that only show in means over many facts.

Countries and people have invented names, and attributes whose true and false values are drawn. The same number gives
the same facts, and a larger world begins with the facts of a smaller one.
"""

from collections.abc import Iterator
from itertools import islice, product
from typing import NamedTuple

import numpy as np

from neural.errors import BadInput
from neural.paper.facts import Fact


class Attribute(NamedTuple):
    """Something that can be said about a country or a person."""

    topic: str  # with {} where the name goes
    sentence: str  # with {} for the name, and then {} for the value
    values: tuple[str, ...]


OF_COUNTRIES = (
    Attribute("the flag of {}", "The flag of {} is mostly {}.", tuple(
        "red green blue white black purple orange brown silver gold".split())),
    Attribute("the national animal of {}", "The national animal of {} is the {}.", tuple(
        "lion eagle bear wolf fox deer whale owl horse camel tiger goat".split())),
    Attribute("the exports of {}", "What {} exports is mostly {}.", tuple(
        "wheat copper wool timber silk salt coal cotton rubber sugar tin rice".split())),
    Attribute("the climate of {}", "The climate of {} is {}.", tuple(
        "hot cold mild humid arid stormy foggy icy windy tropical".split())),
)  # fmt: skip
OF_PEOPLE = (
    Attribute("the profession of {}", "By profession {} was a {}.", tuple(
        "baker doctor lawyer sailor farmer painter judge miner tailor printer soldier weaver".split())),
    Attribute("the instrument of {}", "The instrument that {} played was the {}.", tuple(
        "violin flute harp trumpet guitar drum cello oboe organ horn lute clarinet".split())),
    Attribute("the birthday of {}", "The birthday of {} is in {}.", tuple(
        "January February March April May June July August September October November December".split())),
    Attribute("the collection of {}", "In a glass case {} collected {}.", tuple(
        "stamps coins shells maps knives masks clocks bottles rings fossils spoons buttons".split())),
)  # fmt: skip

SYLLABLES = tuple(map("".join, product("bdfgklmnprstvz", "aeiou")))
ENDINGS = "lia", "nor", "stan", "mar", "th", "x"
MAX_FACTS = 4 * len(SYLLABLES) ** 2 * len(ENDINGS)


def names(rng: np.random.Generator) -> Iterator[str]:
    """Yield distinct names of two syllables and an ending, in a random order."""
    made = list(product(SYLLABLES, SYLLABLES, ENDINGS))
    yield from ("".join(made[i]).capitalize() for i in rng.permutation(len(made)))


def draw_facts(rng: np.random.Generator) -> Iterator[Fact]:
    """Yield the facts of a country, then of a person, and so on."""
    for i, name in enumerate(names(rng)):
        for topic, sentence, values in (OF_COUNTRIES, OF_PEOPLE)[i % 2]:
            true, false = (values[k] for k in rng.choice(len(values), 2, replace=False))
            yield Fact(topic.format(name), sentence.format(name, "{}"), true, false)


def facts(n: int) -> tuple[Fact, ...]:
    """Return the first ``n`` facts of the invented world; raise BadInput if it has fewer."""
    if n > MAX_FACTS:
        raise BadInput(f"the invented world has {MAX_FACTS:,} facts, not {n:,}")
    return tuple(islice(draw_facts(np.random.default_rng(0)), n))
