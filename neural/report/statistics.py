"""Means over seeds, how sure they are, and paired tests: two arms of one seed saw the same data."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

LEVEL = 0.95


class Interval(NamedTuple):
    """A mean over seeds and its 95 % interval by Student's t; the seeds are what varies, not the facts."""

    mean: float
    low: float
    high: float

    def show(self, digits: int = 3, plus: bool = False) -> str:
        """The mean, and the interval in brackets."""
        sign = "+" if plus else ""
        mean, low, high = (f"{round(x, digits) + 0.0:{sign}.{digits}f}" for x in self)  # no -0
        return f"{mean} [{low}, {high}]"


def interval(values: Sequence[float] | np.ndarray) -> Interval:
    """The interval of the mean of ``values``, one for each seed; of a single one it is not a number wide."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return Interval(mean, float("nan"), float("nan"))
    from scipy import stats  # which takes two seconds to import

    half = float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1) * stats.sem(values))
    return Interval(mean, mean - half, mean + half)


def of_shares(percents: Sequence[float]) -> Interval:
    """The interval of a share in per cent: it ends where shares do."""
    mean, low, high = interval(percents)
    return Interval(mean, max(low, 0.0), min(high, 100.0))  # NaN of a single seed stays NaN


class Paired(NamedTuple):
    """b − a, seed by seed."""

    difference: Interval
    p: float  # of a difference as large in either direction, if the labels of the arms were tossed for each seed


def paired(a: Sequence[float], b: Sequence[float]) -> Paired:
    """The mean difference b − a, its interval, and the sign-flip permutation test's p, exact up to 20 seeds."""
    from scipy import stats

    differences = np.subtract(b, a)
    test = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=2**20, rng=0)
    return Paired(interval(differences), float(test.pvalue))
