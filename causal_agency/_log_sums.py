"""Long sums of log-probabilities whose differences are right to rounding.

Hypotheses are told apart by small differences of long sums. So every logarithm is cut in two: a multiple of _GRID,
whose sums are exact in floats up to 8e9 nats, and a rest so small that its rounding does not matter.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Integer

from causal_agency._evidence import Codes, count_codes

_GRID = 2.0**-20  # nats
_COUNTED = 2  # codes for each slot of a row, up to which counts are cheaper than a look-up for each slot
_MAX_CELLS = 1 << 16  # slots × hypotheses that are looked up together: they should fit the cache


class Logs(NamedTuple):
    """Logarithms, or sums of them, in two parts.

    Attributes:
        coarse: Multiples of _GRID, [..., P]; −∞ for probability 0.
        fine: What is left, [..., P].
    """

    coarse: Float[np.ndarray, "..."]
    fine: Float[np.ndarray, "..."]

    def __add__(self, other: "Logs") -> "Logs":  # type: ignore[override]
        return Logs(self.coarse + other.coarse, self.fine + other.fine)

    def total(self) -> Float[np.ndarray, "..."]:
        """Return the sums."""
        return self.coarse + self.fine

    def running(self) -> "Logs":
        """Return the sums of the first 1, 2, … along the last axis but one."""
        return Logs(*(np.cumsum(part, axis=-2) for part in self))

    def relative(self) -> Float[np.ndarray, "..."]:
        """Return the sums less the largest over the last axis; −∞ throughout if all are."""
        top = self.total().argmax(axis=-1, keepdims=True)
        coarse, fine = (np.take_along_axis(part, top, axis=-1) for part in self)
        return (self.coarse - np.where(np.isneginf(coarse), 0.0, coarse)) + (self.fine - fine)


def logarithms(factors: Float[np.ndarray, "... P"]) -> Logs:
    """Return the logarithms of factors, in two parts."""
    zero = factors == 0
    logs = np.log(np.where(zero, 1.0, factors).astype(np.longdouble))
    grid = np.rint(logs / _GRID) * _GRID
    return Logs(np.where(zero, -np.inf, grid).astype(np.float64), (logs - grid).astype(np.float64))


def sum_counted(table: Float[np.ndarray, "C P"], counts: Integer[np.ndarray, "... C"]) -> Logs:
    """Return Σ_c counts[c] log table[c]. Impossible codes are counted apart, because 0 · −∞ is NaN."""
    seen = counts.reshape(-1, len(table)).any(axis=0)
    logs, times = logarithms(table[seen]), counts[..., seen].astype(np.float64)
    zero = np.isneginf(logs.coarse)
    coarse = times @ np.where(zero, 0.0, logs.coarse)
    return Logs(np.where(times @ zero.astype(np.float64) > 0, -np.inf, coarse), times @ logs.fine)


def renumber(used: Bool[np.ndarray, " codes"]) -> Integer[np.ndarray, " codes"]:
    """Return consecutive numbers for the codes that are used; the last code, "not evidence", comes after all."""
    numbers = np.cumsum(used) - 1
    numbers[-1] = used[:-1].sum()
    return numbers


def look_up(logs: Logs, codes: Integer[np.ndarray, "..."]) -> Logs:
    """Return the logarithms of every slot, [..., P]."""
    return Logs(*(np.take(part, codes, axis=0) for part in logs))


def _sum_looked_up(table: Float[np.ndarray, "C P"], read: Codes, shape: tuple[int, int]) -> Logs:
    """Return the sum of every row, slot by slot: for alphabets larger than the rows are long."""
    (rows, slots), hypotheses = shape, table.shape[1]
    cells = max(1, _MAX_CELLS // max(1, hypotheses))
    height, width = max(1, cells // max(1, slots)), max(1, min(cells, slots))
    pieces = [
        (slice(top, top + height), left, min(left + width, slots))
        for top in range(0, rows, height)
        for left in range(0, slots, width)
    ]
    used = np.zeros(len(table) + 1, bool)
    for piece in pieces:
        used[read(*piece)] = True
    numbers, logs = renumber(used), logarithms(np.vstack([table[used[:-1]], np.ones(hypotheses)]))
    sums = Logs(np.zeros((rows, hypotheses)), np.zeros((rows, hypotheses)))
    for part, left, right in pieces:
        for total, terms in zip(sums, look_up(logs, numbers[read(part, left, right)])):
            total[part] += terms.sum(axis=1)
    return sums


def sum_logs(table: Float[np.ndarray, "C P"], read: Codes, shape: tuple[int, int]) -> Logs:
    """Return Σ log table[code] over the evidence of every row, [N, P]; ``shape`` is that of the rows."""
    if len(table) <= _COUNTED * shape[1]:
        return sum_counted(table, count_codes(read, shape, len(table)))
    return _sum_looked_up(table, read, shape)
