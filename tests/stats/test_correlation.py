"""Rank correlation against scipy's, and against series whose lag is known."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vumeter.stats.correlation import (
    best_lag,
    chance,
    independent_points,
    pearson,
    ranks,
    spearman,
)

few_values = st.lists(st.integers(0, 9), min_size=3, max_size=60)


@given(few_values)
def test_ranks_are_those_of_scipy(values: list[int]) -> None:
    floats = [float(value) for value in values]
    assert ranks(floats) == list(stats.rankdata(floats))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=60))
def test_rank_correlation_is_that_of_scipy(pairs: list[tuple[int, int]]) -> None:
    first, second = ([float(pair[at]) for pair in pairs] for at in (0, 1))
    if len(set(first)) == 1 or len(set(second)) == 1:
        assert spearman(first, second) == 0.0, "a constant explains nothing"
    else:
        assert spearman(first, second) == pytest.approx(stats.spearmanr(first, second).statistic)


def test_a_constant_with_rounding_in_it_has_no_correlation() -> None:
    assert pearson([0.1 + 0.2] * 50, [float(at) for at in range(50)]) == 0.0


@pytest.mark.parametrize("lag", range(-10, 11))
@pytest.mark.parametrize("sign", [1, -1], ids=["rises", "falls"])
def test_a_known_lag_is_found(lag: int, sign: int) -> None:
    noise = random.Random(lag)
    cause = [noise.gauss(0, 1) for _ in range(140)]
    effect = [sign * value + noise.gauss(0, 0.2) for value in cause]
    # Seen *lag* values later than it came.
    found = best_lag(
        cause[20:120], effect[20 - lag : 120 - lag], most=10, least_points=20, sign=sign
    )
    assert found is not None
    assert (found.lag, found.points) == (lag, 100 - abs(lag))
    assert sign * found.rho > 0.9


def test_a_lag_through_gaps_is_found_and_its_correlation_is_that_of_the_pairs_left() -> None:
    noise = random.Random(5)
    cause: list[float | None] = [noise.gauss(0, 1) for _ in range(100)]
    effect: list[float | None] = [0.0, 0.0, 0.0, *cause[:-3]]
    for at in range(0, 100, 9):
        cause[at] = None
    found = best_lag(cause, effect, most=10, least_points=20)
    assert found is not None and found.lag == 3
    assert found.rho == pytest.approx(1.0)
    assert found.points == 97 - len(range(0, 97, 9))


def test_the_wrong_direction_and_too_few_points_are_no_finding() -> None:
    rising = [float(at) for at in range(40)]
    assert best_lag(rising, rising, most=5, least_points=20, sign=-1) is None
    assert best_lag(rising[:10], rising[:10], most=5, least_points=20) is None
    assert best_lag([1.0] * 40, rising, most=5, least_points=20) is None


def test_seconds_that_resemble_their_neighbours_count_for_less() -> None:
    noise = random.Random(1)
    free = [noise.gauss(0, 1) for _ in range(300)]
    other = [noise.gauss(0, 1) for _ in range(300)]
    assert independent_points(free, other) > 200

    def wandering() -> list[float]:
        at, path = 0.0, []
        for _ in range(300):
            at += noise.gauss(0, 1)
            path.append(at)
        return path

    assert independent_points(wandering(), wandering()) < 40


def test_chance_is_that_of_scipy_where_values_are_independent() -> None:
    noise = random.Random(2)
    for strength in (0.1, 0.2, 0.3):
        first = [noise.gauss(0, 1) for _ in range(120)]
        second = [strength * value + noise.gauss(0, 1) for value in first]
        known = stats.spearmanr(first, second)
        # Two approximations of the same: scipy's is Student's t.
        assert chance(known.statistic, independent=120) == pytest.approx(known.pvalue, abs=0.03)


def test_of_many_series_some_go_together_by_chance() -> None:
    noise = random.Random(3)
    found = 0
    for _ in range(200):
        first, second = ([noise.gauss(0, 1) for _ in range(60)] for _ in range(2))
        found += chance(spearman(first, second), independent=60, trials=100) < 0.05
    # 0.05 / 100 tries each: one in 200 would be much.
    assert found <= 1
    assert chance(0.99, independent=4) == 1.0, "of four points nothing follows"
    assert chance(0.4, independent=60, trials=50) > chance(0.4, independent=60)
    assert not math.isnan(chance(1.0, independent=100))
