"""What a closed model leaves out of a stall, against HdrHistogram and closed forms."""

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from vumeter.model.measure import Histogram, Stall, Tally
from vumeter.stats.histogram import count, histogram_of, lowest_us, merge, percentile_us
from vumeter.stats.stalls import StallLog, beyond_chance, omitted
from vumeter.stats.tally import TallySum

TOP_US = 3_600_000_000


def total_of(service: Histogram) -> TallySum:
    total = TallySum()
    total.add(Tally(answered=count(service), service=service))
    return total


@given(waited_us=st.integers(1, 2_000_000), interval_us=st.integers(4_000, 3_000_000), n=st.just(3))
def test_what_is_omitted_is_what_hdr_histogram_adds(
    waited_us: int, interval_us: int, n: int
) -> None:
    waits = histogram_of([waited_us] * n)
    [bucket] = waits.counts
    theirs = HdrHistogram(1, TOP_US, 3)
    # The bucket that the wait was recorded in is all that is known of it.
    theirs.record_corrected_value(lowest_us(bucket), interval_us, n)

    ours = merge([waits, omitted(waits, interval_us)])

    assert count(ours) == theirs.get_total_count()
    for percent in (0.1, 5, 50, 90, 99, 100):
        assert percentile_us(ours, percent) == theirs.get_value_at_percentile(percent)


def test_a_wait_of_a_million_paces_is_told_in_a_few_steps_that_count_as_many() -> None:
    ours = omitted(histogram_of([60_000_000]), 60)
    assert count(ours) == pytest.approx(1_000_000, rel=0.001)
    assert len(ours.counts) <= 500
    # Evenly from 0 to the wait.
    for percent in (10, 50, 90):
        assert percentile_us(ours, percent) == pytest.approx(600_000 * percent, rel=0.02)
    assert ours.sum_us == pytest.approx(30_000_000 * 1_000_000, rel=0.001)


@pytest.mark.parametrize("vus", [5, 10, 200])
def test_users_who_keep_their_pace_would_have_met_the_stall_as_often_as_it_lasted(vus: int) -> None:
    # 2 s of 10 s, at 20 ms.
    service = histogram_of([20_000] * (400 * vus) + [2_000_000] * vus)
    log = StallLog()
    stall = Stall(waits={"GET /": histogram_of([2_000_000] * vus)})
    log.add([stall], {"GET /": total_of(service)}, vu_us=10_000_000 * vus)

    stalls = log.result(service)

    assert stalls is not None
    assert stalls.requests == vus
    assert stalls.unsent == pytest.approx(99 * vus, abs=vus)
    # A fifth of all waits evenly up to 2 s: so many of them wait longer.
    for name, percent in (("p90_us", 0.9), ("p95_us", 0.95), ("p99_us", 0.99)):
        felt_us = 2_000_000 * (1 - (1 - percent) / 0.2)
        assert getattr(stalls.corrected, name) == pytest.approx(felt_us, rel=0.03), name
    assert stalls.corrected.p50_us == pytest.approx(20_000, rel=0.001)


@pytest.mark.parametrize(
    ("times_us", "waits_us"),
    [
        pytest.param([2_000] * 970 + [200_000] * 30, [150_000] * 10, id="now and then slow"),
        pytest.param([2_000] * 90 + [1_000_000] * 10, [900_000] * 10, id="slow most of the time"),
        pytest.param([300_000] * 100, [290_000] * 10, id="always as slow"),
        pytest.param([2_000] * 5_000 + [1_000_000], [990_000], id="one VU alone"),
        pytest.param([2_000] * 5_000, [99_000] * 10, id="short"),
    ],
)
def test_slow_answers_are_no_stall(times_us: list[int], waits_us: list[int]) -> None:
    stall = Stall(waits={"GET /": histogram_of(waits_us)})
    served = {"GET /": histogram_of(times_us)}
    assert beyond_chance(stall, served, vu_us=sum(times_us)) == Histogram()


def test_a_wait_is_long_by_the_measure_of_its_own_request() -> None:
    served = {
        "GET /": histogram_of([2_000] * 50_000),
        "GET /report": histogram_of([900_000] * 10),
    }
    waits = {"GET /": histogram_of([800_000] * 10), "GET /report": histogram_of([800_000] * 5)}
    found = beyond_chance(Stall(waits=waits), served, vu_us=109_000_000)
    assert count(found) == 10


def test_a_stall_whose_requests_are_counted_later_is_judged_all_the_same() -> None:
    waits = histogram_of([300_000] * 10)
    served = {"GET /": histogram_of([2_000] * 5_000)}
    assert count(beyond_chance(Stall(waits={"GET /": waits}), served, vu_us=13_000_000)) == 10


def test_a_run_without_a_stall_has_nothing_to_correct() -> None:
    assert StallLog().result(histogram_of([1_000])) is None
