import math

import numpy as np
import pytest
from scipy import stats

from neural.report.statistics import compare_pairs, interval, share_interval

VALUES = [0.9, 1.1, 1.0, 1.3, 0.7]


def test_the_interval_is_students():
    got = interval(VALUES)
    expected = stats.ttest_1samp(VALUES, 0.0).confidence_interval(0.95)
    assert got.mean == pytest.approx(np.mean(VALUES))
    assert (got.low, got.high) == pytest.approx((expected.low, expected.high))


def test_equal_values_have_no_width_and_a_single_value_has_no_interval():
    assert interval([2.0, 2.0, 2.0]) == (2.0, 2.0, 2.0)
    single = interval([2.0])
    assert single.mean == 2.0
    assert math.isnan(single.low)
    assert math.isnan(single.high)


def test_an_interval_is_shown_short():
    assert interval([1.0, 1.0]).show(2, plus=True) == "+1.00 [+1.00, +1.00]"
    assert interval([33.3333, 33.3333]).show(0) == "33 [33, 33]"


def test_zero_is_shown_without_a_minus():
    assert interval([-0.001, -0.001]).show(2) == "0.00 [0.00, 0.00]"


def test_a_difference_between_seeds_cancels_in_pairs():
    shift = np.array([-10.0, 0.0, 10.0, 20.0])
    got = compare_pairs(shift, shift + np.array([0.9, 1.0, 1.1, 1.0]))
    assert got.difference.mean == pytest.approx(1.0)
    assert 0.8 < got.difference.low < got.difference.high < 1.2


@pytest.mark.parametrize("pairs", [2, 4, 8])
def test_pairs_that_agree_have_the_least_possible_p(pairs):
    got = compare_pairs(np.zeros(pairs), np.linspace(1, 2, pairs))
    assert (got.pairs, got.least_p) == (pairs, 2 / 2**pairs)
    assert got.p == pytest.approx(got.least_p)
    assert compare_pairs([0.0, 0.0], [1.0, -1.0]).p == 1.0


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        ([1.0, 1.0], "too few seeds"),
        ([-1.0, -1.0], "too few seeds"),
        ([1.0, 1.1, 1.2], "above zero"),
        ([-1.0, -1.1, -1.2], "NOT above zero: not shown here"),
        ([0.0, 0.0, 0.0], "NOT above zero: not shown here"),
        ([0.1, 1.0, 3.0], "NOT above zero: not shown here"),
    ],
)
def test_a_gain_is_above_zero_if_its_interval_of_three_pairs_or_more_is(gains, verdict):
    assert compare_pairs(np.zeros(len(gains)), gains).verdict == verdict


def test_the_interval_of_a_share_ends_at_0_and_100():
    values = [90.0, 100.0, 100.0]
    assert share_interval(values) == (interval(values).mean, interval(values).low, 100.0)
    assert share_interval([0.0, 0.0, 10.0]).low == 0.0


def test_a_share_of_one_seed_has_no_interval():
    mean, low, high = share_interval([50.0])
    assert mean == 50.0
    assert math.isnan(low)
    assert math.isnan(high)
