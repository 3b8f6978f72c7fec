"""Points, packed for days."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.model.frame import SPANS_S, Point
from vumeter.stats.histogram import TOP_US, bucket_index, highest_us
from vumeter.stats.points import PointLog

COUNTS = st.integers(0, 2**32 - 1)
LATENCIES = st.none() | st.integers(0, highest_us(bucket_index(TOP_US)))
POINTS = st.builds(
    Point,
    second=COUNTS,
    at_unix_ms=st.integers(0, 2**50),
    requests=COUNTS,
    errors=COUNTS,
    p50_us=LATENCIES,
    p95_us=LATENCIES,
    p99_us=LATENCIES,
    max_us=LATENCIES,
    vus=COUNTS,
    vus_target=st.floats(0, 1e6),
    rate_target_per_s=st.none() | st.floats(0, 1e6),
    dropped=COUNTS,
    generator_limited=st.booleans(),
    span_s=st.sampled_from(SPANS_S),
)


def point(second: int) -> Point:
    return Point(
        second=second,
        at_unix_ms=second * 1_000,
        requests=1,
        errors=0,
        p50_us=None,
        p95_us=None,
        p99_us=None,
        max_us=None,
        vus=1,
        vus_target=1.0,
        rate_target_per_s=None,
        dropped=0,
        generator_limited=False,
    )


@given(original=POINTS)
def test_a_point_comes_back_as_it_was(original: Point) -> None:
    log = PointLog(span_s=original.span_s)
    log.append(original)

    assert log.between(0) == (original,)


@pytest.mark.parametrize(
    ("second", "expected"),
    [(0, [0, 1, 5, 6]), (1, [1, 5, 6]), (3, [5, 6]), (6, [6]), (7, []), (-5, [0, 1, 5, 6])],
)
def test_points_from_a_second_on_are_found_across_gaps(second: int, expected: list[int]) -> None:
    log = PointLog()
    for each in (0, 1, 5, 6):
        log.append(point(each))

    assert [found.second for found in log.between(second)] == expected


@pytest.mark.parametrize(
    ("second", "end", "expected"),
    [(0, 6, [0, 1, 5]), (1, 2, [1]), (2, 5, []), (5, 99, [5, 6]), (5, 1, [])],
)
def test_points_up_to_a_second_end_before_it(second: int, end: int, expected: list[int]) -> None:
    log = PointLog()
    for each in (0, 1, 5, 6):
        log.append(point(each))

    assert [found.second for found in log.between(second, end)] == expected


def test_a_log_that_keeps_so_many_forgets_the_oldest_and_does_not_grow() -> None:
    log = PointLog(kept=100)
    for second in range(10_000):
        log.append(point(second))

    assert [each.second for each in log.between(0)] == list(range(9_900, 10_000))
    assert log.size_bytes < 2 * 100 * 61


def test_an_empty_log_has_no_points() -> None:
    assert PointLog().between(0) == ()


def test_a_log_goes_on_growing_while_points_that_were_read_are_held() -> None:
    log = PointLog()
    log.append(point(0))
    held = log.between(0)
    log.append(point(1))

    assert [each.second for each in held] == [0]
    assert len(log.between(0)) == 2


@pytest.mark.slow
def test_a_day_of_points_takes_less_than_six_megabytes() -> None:
    log = PointLog()
    for second in range(86_400):
        log.append(point(second))

    # bytearray keeps up to an eighth in reserve.
    assert log.size_bytes < 6_000_000
    assert log.between(86_399) == (point(86_399),)
