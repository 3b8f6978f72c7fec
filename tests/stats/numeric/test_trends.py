"""Slopes, shifts and changes, beside scipy's own and on series whose truth is known."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu, theilslopes

from vumeter.stats.numeric.changes import change_points
from vumeter.stats.numeric.ranks import shift
from vumeter.stats.numeric.trends import slope, variance_factor


def test_of_independent_values_the_slope_and_its_interval_are_scipys() -> None:
    chance = np.random.default_rng(1)
    x = np.arange(60.0)
    # Values that alternate resemble their neighbours less than none: nothing is widened.
    y = 3 + 0.5 * x + np.where(x % 2, 2.0, -2.0) + chance.normal(size=60) / 10
    found = slope(list(x), list(y))
    theirs = theilslopes(y, x, alpha=0.99)
    assert found is not None
    assert found.per_x == pytest.approx(theirs.slope)
    # Between two of 1,770 slopes; which of two neighbours is a matter of rounding.
    assert found.low_per_x == pytest.approx(theirs.low_slope, abs=0.002)
    assert found.high_per_x == pytest.approx(theirs.high_slope, abs=0.002)
    assert found.is_real and found.at(10) == pytest.approx(8, abs=2.5)


def test_of_too_few_values_there_is_no_slope() -> None:
    assert slope([0, 1, 2], [0, 1, 2]) is None


def test_values_that_resemble_their_neighbours_prove_less() -> None:
    steps = np.random.default_rng(2).normal(size=200)
    wandering = np.convolve(steps, np.ones(10), "same")
    assert variance_factor(steps) < 2 < variance_factor(wandering)


def test_a_shift_of_independent_values_is_scipys() -> None:
    chance = np.random.default_rng(3)
    before, after = chance.normal(10, size=40), chance.normal(10.4, size=40)
    found = shift(list(before), list(after))
    theirs = mannwhitneyu(after, before, method="asymptotic", use_continuity=False)
    assert found.p == pytest.approx(theirs.pvalue)
    # As if there were half as many values: less is proven.
    assert shift(list(before), list(after), factor=2.0).p > found.p
    assert found.superiority == pytest.approx(theirs.statistic / 1600)
    assert found.ratio == pytest.approx(np.median(after) / np.median(before))


def test_a_level_that_changes_is_found_where_it_does_and_nowhere_else() -> None:
    chance = np.random.default_rng(4)
    levels = np.repeat([10.0, 14.0, 11.0], 40) + chance.normal(size=120)
    found = change_points(list(levels))
    assert found == pytest.approx([40, 80], abs=2)
    assert change_points(list(chance.normal(10, size=120))) == []
    assert change_points([1.0] * 120) == []
