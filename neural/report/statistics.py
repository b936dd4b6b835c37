"""Means over seeds, their intervals, and paired tests: two arms of one seed read the same data."""

from collections.abc import Sequence
from math import isnan
from typing import NamedTuple

import numpy as np

CONFIDENCE = 0.95
MIN_SEEDS = 3  # with two, an interval says next to nothing: it reaches 12.7 standard errors to either side
Values = Sequence[float] | np.ndarray  # one for each seed


class Interval(NamedTuple):
    """A mean over seeds and its 95% interval by Student's t; seeds vary, facts do not."""

    mean: float
    low: float
    high: float

    def show(self, digits: int = 3, plus: bool = False) -> str:
        """Return the mean, and the interval in brackets if there is one."""
        sign = "+" if plus else ""
        mean, low, high = (f"{round(x, digits) + 0.0:{sign}.{digits}f}" for x in self)  # not −0
        return mean if isnan(self.low) else f"{mean} [{low}, {high}]"


def interval(values: Values) -> Interval:
    """Return the interval of the mean of ``values``, one for each seed; for a single value its bounds are NaN."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return Interval(mean, float("nan"), float("nan"))
    from scipy import stats  # takes two seconds to import

    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * stats.sem(values))
    return Interval(mean, mean - half, mean + half)


def share_interval(percents: Values) -> Interval:
    """Return the interval of a share in percent, cut at 0 and 100."""
    mean, low, high = interval(percents)
    return Interval(mean, max(low, 0.0), min(high, 100.0))  # the NaN of a single seed stays NaN


class Paired(NamedTuple):
    """b − a, seed by seed."""

    pairs: int
    difference: Interval
    p: float  # the probability of a difference at least as large if a fair coin had labeled the arms within each seed

    @property
    def least_p(self) -> float:
        """2 / 2ⁿ for n pairs, below which p cannot fall: all coins agree one way or the other."""
        return 2.0 ** (1 - self.pairs)

    @property
    def verdict(self) -> str:
        """Whether the interval is above zero, if there are pairs enough to say."""
        if self.pairs < MIN_SEEDS:
            return "too few seeds"
        return "above zero" if self.difference.low > 0 else "NOT above zero: not shown here"


def compare_pairs(a: Values, b: Values) -> Paired:
    """Return the mean difference b − a, its interval, and p of the sign-flip permutation test, exact up to 20 seeds."""
    from scipy import stats

    differences = np.subtract(b, a)
    test = stats.permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=2**20, rng=0)
    return Paired(len(differences), interval(differences), float(test.pvalue))
