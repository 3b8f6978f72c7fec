"""The slope that a run process finds, beside scipy's."""

import random

import pytest
from scipy.stats import theilslopes

from vumeter.stats.theil_sen import line_through


@pytest.mark.parametrize("seed", range(5))
def test_slope_and_interval_are_scipys(seed: int) -> None:
    chance = random.Random(seed)
    xs = sorted(chance.uniform(0, 100) for _ in range(40))
    ys = [0.3 * x + chance.gauss(0, 5) for x in xs]
    expected = theilslopes(ys, xs, alpha=0.99)
    assert line_through(list(zip(xs, ys, strict=True))) == pytest.approx(
        (expected.slope, expected.low_slope, expected.high_slope)
    )


def test_a_fifth_of_the_values_may_be_anything() -> None:
    points = [(x, 2.0 * x if x % 5 else 1e9) for x in range(60)]
    line = line_through(points)
    assert line is not None
    assert line.per_x == pytest.approx(2.0)


@pytest.mark.parametrize("points", [[], [(1, 1)], [(1, 1), (1, 2)]])
def test_there_is_no_slope_without_two_moments(points: list[tuple[float, float]]) -> None:
    assert line_through(points) is None
