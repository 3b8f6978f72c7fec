"""Instances, growth and queues: beside textbooks, and beside trying every number."""

import doctest
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.stats import costs, forecast, loadshape, usl, worth
from vumeter.stats.forecast import (
    Scaling,
    capacity_of,
    grown,
    instances_for,
    months_until,
    stretch,
    time_at,
)

LOADS = st.floats(0.01, 1e5)
RATIOS = st.floats(0.05, 1.0)
SCALINGS = st.builds(Scaling, sigma=st.floats(0, 0.5), kappa=st.floats(0, 0.05))


@pytest.mark.parametrize("module", [costs, forecast, loadshape, usl, worth])
def test_the_examples_in_the_docstrings_are_true(module: ModuleType) -> None:
    outcome = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert outcome.attempted and not outcome.failed


def tried(load: float, capacity: float, used: float, scaling: Scaling) -> int | None:
    """The fewest instances that do, found by trying all of them."""
    for number in range(1, 2000):
        if capacity_of(number, capacity=capacity, scaling=scaling) * used >= load * (1 - 1e-9):
            return number
    return None


@given(st.floats(0.1, 1000), st.floats(1, 1000), RATIOS, SCALINGS)
def test_no_smaller_number_of_instances_bears_the_load(
    load: float, capacity: float, used: float, scaling: Scaling
) -> None:
    found = instances_for(load, capacity=capacity, utilisation_ratio=used, scaling=scaling)
    # Trying ends at 2,000; the formula does not.
    if found is None or found < 2000:
        assert found == tried(load, capacity, used, scaling)


@given(LOADS, LOADS, LOADS, RATIOS)
def test_more_users_never_need_fewer_instances_and_stronger_ones_never_more(
    load: float, more: float, capacity: float, used: float
) -> None:
    def number(load: float, capacity: float) -> float:
        found = instances_for(load, capacity=capacity, utilisation_ratio=used)
        return float("inf") if found is None else found

    assert number(load + more, capacity) >= number(load, capacity)
    assert number(load, capacity + more) <= number(load, capacity)


@given(LOADS, st.floats(1, 1000), RATIOS, SCALINGS)
def test_instances_that_hinder_each_other_are_never_fewer(
    load: float, capacity: float, used: float, scaling: Scaling
) -> None:
    alone = instances_for(load, capacity=capacity, utilisation_ratio=used)
    found = instances_for(load, capacity=capacity, utilisation_ratio=used, scaling=scaling)
    assert found is None or alone is None or found >= alone


def test_beyond_the_peak_no_number_of_instances_bears_more() -> None:
    # Gunther: N* = √((1−σ)/κ) = √(0.9/0.01) ≈ 9.5, where X(9) = 100·9/(1+0.8+0.72).
    scaling = Scaling(sigma=0.1, kappa=0.01)
    most = 100 * 9 / (1 + 0.1 * 8 + 0.01 * 72)
    assert (
        instances_for(most - 0.01, capacity=100, utilisation_ratio=1.0, scaling=scaling) is not None
    )
    assert instances_for(most + 5, capacity=100, utilisation_ratio=1.0, scaling=scaling) is None
    # Amdahl: with κ = 0 it is never more than 1/σ times one.
    amdahl = Scaling(sigma=0.1)
    assert instances_for(1000, capacity=100, utilisation_ratio=1.0, scaling=amdahl) is None
    assert instances_for(990, capacity=100, utilisation_ratio=1.0, scaling=amdahl) == 891


def test_a_load_that_fits_exactly_takes_no_instance_more() -> None:
    # 0.1 × 3 / 0.1 is 3.0000000000000004 in floating point.
    assert instances_for(0.1 * 3, capacity=0.1, utilisation_ratio=1.0) == 3
    assert instances_for(126 * 5, capacity=180, utilisation_ratio=0.7) == 5


@given(LOADS, st.floats(0.001, 1.0), st.floats(0.1, 60))
def test_growth_and_the_time_until_a_limit_are_inverse(
    load: float, growth: float, months: float
) -> None:
    limit = grown(load, growth_ratio=growth, months=months)
    assert months_until(load, limit, growth_ratio=growth) == pytest.approx(months, rel=1e-6)


def test_what_does_not_grow_never_reaches_a_limit() -> None:
    assert months_until(100, 200, growth_ratio=0.0) is None
    assert months_until(100, 200, growth_ratio=-0.1) is None
    assert months_until(200, 100, growth_ratio=-0.1) == 0.0


def test_queues_are_those_of_the_textbook() -> None:
    # Kleinrock I, 3.2: at half of its capacity an M/M/1 takes twice as long as when idle.
    assert [stretch(each) for each in (0.0, 0.5, 0.8)] == pytest.approx([1.0, 2.0, 5.0])
    assert stretch(1.2) is None


@given(st.floats(10, 1000), st.floats(0.05, 0.4), st.floats(0.5, 0.95), st.floats(0, 1))
def test_between_two_steps_times_are_those_of_mm1(
    service: float, low: float, high: float, where: float
) -> None:
    def time(load: float) -> float:
        return 1 / (service - load)

    loads = [service * low, service * high]
    load = loads[0] + where * (loads[1] - loads[0])
    found = time_at(load, [(each, time(each)) for each in loads])
    assert found == pytest.approx(time(load), rel=1e-6)


def test_outside_of_what_was_measured_no_time_is_known() -> None:
    curve = [(100.0, 20.0), (200.0, 40.0)]
    assert time_at(99, curve) is None and time_at(201, curve) is None and time_at(50, []) is None
    assert time_at(100, curve) == pytest.approx(20) and time_at(200, curve) == pytest.approx(40)
