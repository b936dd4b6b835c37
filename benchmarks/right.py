"""Random streams, and their correct posteriors: sums in the widest floats available."""

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
        """How many slots times hypotheses there are."""
        return self.symbols.size * len(self.prior)

    def bystander(self) -> "Stream":
        """Return the same stream with everything as evidence."""
        return self._replace(evidence=np.ones_like(self.evidence))

    def first(self, slots: int | None) -> "Stream":
        """Return the first slots; all of them for None."""
        return self._replace(symbols=self.symbols[:slots], evidence=self.evidence[:slots])


def kernels_for(slots: int, hypotheses: int, near: int) -> np.ndarray:
    """Return kernels [P, S]; the last ``near`` resemble the first so much that ``slots`` cannot quite exclude them."""
    far = RNG.dirichlet(np.ones(SIZE), hypotheses - near)
    like = far[0] * np.exp(RNG.normal(0, 20 / np.sqrt(slots), (near, SIZE)))
    return np.vstack([far, like / like.sum(axis=1, keepdims=True)])


def random_stream(slots: int, hypotheses: int, near: int = 0) -> Stream:
    """Return a stream that the first hypothesis writes, every gate by a fair coin."""
    kernels = kernels_for(slots, hypotheses, near)
    symbols = RNG.choice(SIZE, slots, p=kernels[0]).astype(np.uint8)
    return Stream(RNG.dirichlet(np.ones(hypotheses)), kernels, symbols, RNG.random(slots) < 0.5)


def detour() -> Stream:
    """Return 2,000 slots one way and 2,000 back: 811 nats, which no float64 holds. The last posterior is the prior."""
    symbols = np.repeat(np.array([0, 1], np.uint8), 2000)
    return Stream(np.array([0.25, 0.75]), np.array([[0.4, 0.6], [0.6, 0.4]]), symbols, np.ones(4000, bool))


def log_total(logs: np.ndarray) -> np.ndarray:
    """Return log Σ exp over the last axis, which is kept."""
    top = logs.max(axis=-1, keepdims=True)
    return top + np.log(np.exp(logs - top).sum(axis=-1, keepdims=True))


def long_double(stream: Stream, slots: int = 10_000) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield log w after every slot in the widest floats available, in pieces, with integer counts between them."""
    table = np.log(stream.kernels.astype(np.longdouble)).T
    start, counts = np.log(stream.prior.astype(np.longdouble)), np.zeros(len(table), np.int64)
    for left in range(0, len(stream.symbols), slots):
        symbols, evidence = (x[left : left + slots] for x in stream[2:])
        sums = np.cumsum(np.where(evidence[:, None], table[symbols], np.longdouble(0)), axis=0)
        sums += start + counts @ table
        yield slice(left, left + slots), sums - log_total(sums)
        counts += np.bincount(symbols[evidence], minlength=len(table))


def final_log_weights(stream: Stream) -> np.ndarray:
    """Return log w_T [P] in the widest floats available, from counts."""
    counts = np.bincount(stream.symbols[stream.evidence], minlength=stream.kernels.shape[1])
    logs = np.log(stream.kernels.astype(np.longdouble)) @ counts + np.log(stream.prior.astype(np.longdouble))
    return logs - log_total(logs)


def odds_error(got: np.ndarray, right: np.ndarray) -> float:
    """Return the largest relative error of a log-odds; both arguments are log-weights [P]."""
    away = ~np.eye(len(right), dtype=bool)
    odds, exact = (np.subtract.outer(logs, logs)[away] for logs in (got, right))
    return float(np.abs(odds / exact - 1).max())


def fault(probs: np.ndarray, right: np.ndarray) -> str:
    """Return what is plainly wrong with probabilities [P], if anything; ``right`` are log-weights."""
    floor = FLOORS[probs.dtype]
    visible = right > np.log(floor)
    if np.isnan(probs).any():
        return "NaN"
    if (probs[visible] == 0).any():
        return f"lost {(probs[visible] == 0).sum()} of {visible.sum()}"
    revived = probs[~visible] > floor * 1e10
    return f"revived {revived.sum()} of {revived.size}" if revived.any() else ""


def visible_odds_error(probs: np.ndarray, right: np.ndarray) -> str:
    """Return `odds_error` of the probabilities [P] that are not too small."""
    visible = right > np.log(FLOORS[probs.dtype])
    if visible.sum() < 2:
        return "-"
    return f"{odds_error(np.log(probs[visible].astype(np.longdouble)), right[visible]):.0e}"


def verdict(probs: Any, right: np.ndarray) -> str:
    """Return the `fault`, else the error."""
    probs = np.asarray(probs)
    return fault(probs, right) or visible_odds_error(probs, right)
