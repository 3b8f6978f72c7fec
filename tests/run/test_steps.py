"""How far a key moves a lever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.model.throttle import Lever
from vumeter.run.steps import scaled, settled, step


@pytest.mark.parametrize(
    ("value", "size"), [(0, 1), (1, 1), (50, 1), (51, 10), (400, 10), (5000, 10)]
)
def test_vus_go_one_by_one_and_above_fifty_by_ten(value: float, size: float) -> None:
    assert step(Lever.VUS, value) == size


@pytest.mark.parametrize(
    ("value", "size"),
    [(0, 1), (0.5, 0.1), (2, 0.1), (20, 1), (100, 5), (450, 20), (1000, 50), (100_000, 5000)],
)
def test_rates_go_by_about_five_percent_in_round_numbers(value: float, size: float) -> None:
    assert step(Lever.RATE, value) == size


@given(st.floats(2, 1e6))
def test_a_step_of_a_rate_is_between_three_and_eight_percent(value: float) -> None:
    # 1, 2, 5, 10: the worst neighbours are 2 and 5, whose middle by ratio is √10 = 3.16, so
    # 5 % is rounded by √2.5 = 1.58 at most.
    assert 0.05 / 1.59 <= step(Lever.RATE, value) / value <= 0.05 * 1.59


@given(st.integers(1, 1000), st.floats(0.1, 200))
def test_scaling_vus_always_moves_them_by_whole_ones(vus: int, percent: float) -> None:
    up = scaled(Lever.VUS, vus, percent=percent)
    down = scaled(Lever.VUS, vus, percent=-min(percent, 100.0))
    assert up == int(up) >= vus + 1
    assert down == int(down) <= vus - 1


def test_where_a_ramp_happened_to_be_is_a_round_number() -> None:
    assert settled(Lever.VUS, 12.4) == 12.0
    assert settled(Lever.RATE, 437.2913) == 437.0
    assert settled(Lever.RATE, 0.123456) == 0.123
