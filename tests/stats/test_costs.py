"""Costs and shapes of loads: no other mix is cheaper, and sums are those of a hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.stats.costs import HOURS_PER_MONTH, cheapest_mix, mean_instances, monthly_cost
from vumeter.stats.loadshape import ShapeKind, shape_of, shares_of_time

LEVELS = st.lists(st.tuples(st.integers(1, 20), st.floats(0.1, 100)), min_size=1, max_size=12)
PRICES = st.floats(0.01, 10)


@given(LEVELS, PRICES, PRICES)
def test_no_other_number_of_reservations_is_cheaper(
    levels: list[tuple[int, float]], on_demand: float, reserved: float
) -> None:
    needed = shares_of_time(levels)
    found = cheapest_mix(needed, on_demand_per_h=on_demand, reserved_per_h=reserved)

    def cost(number: int) -> float:
        beyond = sum(max(0, each - number) * share for each, share in needed.items())
        return HOURS_PER_MONTH * (number * reserved + beyond * on_demand)

    assert found.per_month == pytest.approx(min(cost(number) for number in range(21)))
    assert found.per_month == pytest.approx(cost(found.reserved))
    assert found.reserved <= max(needed)


@given(LEVELS)
def test_instances_that_follow_the_load_never_run_longer_than_all_of_them(
    levels: list[tuple[int, float]],
) -> None:
    needed = shares_of_time(levels)
    assert sum(needed.values()) == pytest.approx(1)
    assert min(needed) - 1e-9 <= mean_instances(needed) <= max(needed) + 1e-9


def test_a_month_is_that_of_the_clouds_price_lists() -> None:
    # AWS lists an m5.large at 0.096 USD an hour as 70.08 USD a month.
    assert monthly_cost(1, 0.096) == pytest.approx(70.08)


@pytest.mark.parametrize(
    ("levels", "kind"),
    [
        pytest.param([(100, 12), (120, 12)], ShapeKind.STEADY, id="nearly level"),
        pytest.param([(100, 18), (200, 6)], ShapeKind.PEAKS, id="evenings"),
        pytest.param([(1, 14), (100, 10)], ShapeKind.BATCH, id="nothing by day"),
        pytest.param([(0, 23), (100, 1)], ShapeKind.BATCH, id="an hour a night"),
        pytest.param([(100, 8), (2, 16)], ShapeKind.BATCH, id="whatever comes first"),
    ],
)
def test_a_load_is_called_what_it_is(levels: list[tuple[float, float]], kind: ShapeKind) -> None:
    found = shape_of(levels)
    assert found is not None and found.kind is kind


@given(st.lists(st.tuples(st.floats(0.1, 1e4), st.floats(0.1, 1e4)), min_size=1))
def test_a_shape_does_not_depend_on_the_height_of_the_load(
    levels: list[tuple[float, float]],
) -> None:
    one, ten = shape_of(levels), shape_of([(10 * load, length) for load, length in levels])
    assert one is not None and ten is not None
    assert one.peak_to_mean == pytest.approx(ten.peak_to_mean) and one.peak_to_mean >= 1 - 1e-9
    assert one.idle_ratio == pytest.approx(ten.idle_ratio)
    assert 0 <= one.above_mean_ratio < 1


def test_what_is_level_is_above_its_mean_at_no_time_and_nothing_has_no_shape() -> None:
    level = shape_of([(0.1, 0.3)] * 7)
    assert level is not None and level.above_mean_ratio == 0
    assert shape_of([]) is None and shape_of([(0, 60)]) is None
