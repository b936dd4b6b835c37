"""Chance: one seed for a run, and for every use of it a stream of its own, so that no two uses share numbers."""

from typing import Literal

import numpy as np

Stream = Literal["lessons", "order", "taught", "mixture", "streams", "tests", "held-out", "lora"]
KEYS: dict[Stream, tuple[int, ...]] = {
    "lessons": (), "order": (1,), "taught": (2,), "mixture": (3,), "streams": (4,), "tests": (5,),
    "held-out": (6,), "lora": (7,),
}  # fmt: skip


def random_stream(name: Stream, seed: int, *which: int) -> np.random.Generator:
    """Return the generator of a use of chance, and of the part of it that the numbers ``which`` name."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(*KEYS[name], *which)))
