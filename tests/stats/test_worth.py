"""What outages cost and measures return, beside other people's numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from vumeter.stats.worth import (
    downtime_h,
    payback_months,
    revenue_at_risk,
    roi_ratio,
    share_interval,
)


@given(st.integers(0, 500), st.integers(1, 5000))
def test_the_interval_of_a_share_is_the_one_of_scipy(part: int, more: int) -> None:
    theirs = binomtest(part, part + more).proportion_ci(method="wilson")
    low, high = share_interval(part, part + more)
    # Ours has 1.96 to seven digits.
    assert low == pytest.approx(theirs.low, abs=1e-7)
    assert high == pytest.approx(theirs.high, abs=1e-7)


@pytest.mark.parametrize(
    ("availability", "a_year_h"),
    # Site Reliability Engineering, appendix A: the allowed time without an answer in a year.
    [(0.9, 36.5 * 24), (0.99, 3.65 * 24), (0.999, 8.76), (0.9999, 52.6 / 60)],
)
def test_an_availability_leaves_what_the_table_of_the_book_says(
    availability: float, a_year_h: float
) -> None:
    assert 12 * downtime_h(availability) == pytest.approx(a_year_h, rel=0.001)


def test_a_better_availability_is_worth_what_the_book_works_out() -> None:
    # Chapter 3, "Embracing Risk": of revenue of $1M, 99.9 → 99.99 % is worth $900.
    def risk(availability: float) -> float:
        lost = (1 - availability) * 1_000_000
        return revenue_at_risk(lost, conversion_ratio=1.0, order_value=1.0)

    assert risk(0.999) - risk(0.9999) == pytest.approx(900)


def test_a_measure_that_gains_its_cost_returns_nothing_and_is_paid_back_then() -> None:
    assert roi_ratio(12_000, 12_000) == 0 and roi_ratio(0, 12_000) == -1
    assert payback_months(12_000, 1_000) == 12 and payback_months(1, -5) is None
