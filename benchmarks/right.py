"""Random streams, and what is right of them: sums in the widest floats there are."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

SIZE = 8  # symbols
FLOORS = {np.dtype(np.float64): 1e-150, np.dtype(np.float32): 1.2e-38}  # smaller probabilities are not compared
RNG = np.random.default_rng(0)


class Stream(NamedTuple):
    """The arguments of every function in `causal_agency.streams`."""

    prior: np.ndarray  # [P]
    kernels: np.ndarray  # [P, S]
    symbols: np.ndarray  # [T]
    evidence: np.ndarray  # [T]

    @property
    def cells(self) -> int:
        """Slots times hypotheses."""
        return self.symbols.size * len(self.prior)

    def bystander(self) -> "Stream":
        """The same, with everything evidence."""
        return self._replace(evidence=np.ones_like(self.evidence))

    def first(self, slots: int | None) -> "Stream":
        """The first slots; all for None."""
        return self._replace(symbols=self.symbols[:slots], evidence=self.evidence[:slots])


def kernels_for(slots: int, hypotheses: int, near: int) -> np.ndarray:
    """Kernels [P, S] of which the last ``near`` are so like the first that ``slots`` cannot quite rule them out."""
    far = RNG.dirichlet(np.ones(SIZE), hypotheses - near)
    like = far[0] * np.exp(RNG.normal(0, 20 / np.sqrt(slots), (near, SIZE)))
    return np.vstack([far, like / like.sum(axis=1, keepdims=True)])


def random_stream(slots: int, hypotheses: int, near: int = 0) -> Stream:
    """Written by the first hypothesis; every gate by a fair coin."""
    kernels = kernels_for(slots, hypotheses, near)
    symbols = RNG.choice(SIZE, slots, p=kernels[0]).astype(np.uint8)
    return Stream(RNG.dirichlet(np.ones(hypotheses)), kernels, symbols, RNG.random(slots) < 0.5)


def detour() -> Stream:
    """2,000 slots one way and 2,000 back: 811 nats, which no float64 holds. In the end the prior is right."""
    symbols = np.repeat(np.array([0, 1], np.uint8), 2000)
    return Stream(np.array([0.25, 0.75]), np.array([[0.4, 0.6], [0.6, 0.4]]), symbols, np.ones(4000, bool))


def log_total(logs: np.ndarray) -> np.ndarray:
    """log Σ exp over the last axis, which stays."""
    top = logs.max(axis=-1, keepdims=True)
    return top + np.log(np.exp(logs - top).sum(axis=-1, keepdims=True))


def long_double(stream: Stream, slots: int = 10_000) -> Iterator[tuple[slice, np.ndarray]]:
    """log w after every slot in the widest floats there are, piece by piece, with integer counts between them."""
    table = np.log(stream.kernels.astype(np.longdouble)).T
    start, counts = np.log(stream.prior.astype(np.longdouble)), np.zeros(len(table), np.int64)
    for left in range(0, len(stream.symbols), slots):
        symbols, evidence = (x[left : left + slots] for x in stream[2:])
        sums = np.cumsum(np.where(evidence[:, None], table[symbols], np.longdouble(0)), axis=0)
        sums += start + counts @ table
        yield slice(left, left + slots), sums - log_total(sums)
        counts += np.bincount(symbols[evidence], minlength=len(table))


def right_in_the_end(stream: Stream) -> np.ndarray:
    """log w_T [P] in the widest floats there are, from counts."""
    counts = np.bincount(stream.symbols[stream.evidence], minlength=stream.kernels.shape[1])
    logs = np.log(stream.kernels.astype(np.longdouble)) @ counts + np.log(stream.prior.astype(np.longdouble))
    return logs - log_total(logs)


def odds_error(got: np.ndarray, right: np.ndarray) -> float:
    """The largest relative error of a log-odds, where both are log-weights [P]."""
    away = ~np.eye(len(right), dtype=bool)
    odds, exact = (np.subtract.outer(logs, logs)[away] for logs in (got, right))
    return float(np.abs(odds / exact - 1).max())


def fault(probs: np.ndarray, right: np.ndarray) -> str:
    """What is plainly wrong with probabilities [P], if anything; ``right`` are log-weights."""
    floor = FLOORS[probs.dtype]
    visible = right > np.log(floor)
    if np.isnan(probs).any():
        return "NaN"
    if (probs[visible] == 0).any():
        return f"lost {(probs[visible] == 0).sum()} of {visible.sum()}"
    revived = probs[~visible] > floor * 1e10
    return f"revived {revived.sum()} of {revived.size}" if revived.any() else ""


def visible_odds_error(probs: np.ndarray, right: np.ndarray) -> str:
    """`odds_error` of the probabilities [P] that are not too small."""
    visible = right > np.log(FLOORS[probs.dtype])
    if visible.sum() < 2:
        return "-"
    return f"{odds_error(np.log(probs[visible].astype(np.longdouble)), right[visible]):.0e}"


def verdict(probs: Any, right: np.ndarray) -> str:
    """The `fault`, else the error."""
    probs = np.asarray(probs)
    return fault(probs, right) or visible_odds_error(probs, right)
