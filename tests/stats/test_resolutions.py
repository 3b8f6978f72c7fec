"""Points of seconds, tens of seconds and minutes, against merging by hand."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vumeter.model.frame import SPANS_S, Point
from vumeter.model.measure import ErrorKind, ScenarioCounts, Tally
from vumeter.stats.digest import Digest
from vumeter.stats.histogram import histogram_of, percentile_us
from vumeter.stats.resolutions import KEPT_S, Resolutions

NIGHT_S = 72 * 3_600


def a_point(second: int, **fields: Any) -> Point:
    values: dict[str, Any] = {
        "second": second,
        "at_unix_ms": 1_790_000_000_000 + second * 1_000,
        "requests": 1_000,
        "errors": 3,
        "p50_us": 20_000,
        "p95_us": 80_000,
        "p99_us": 120_000,
        "max_us": 250_000,
        "vus": 500,
        "vus_target": 500.0,
        "rate_target_per_s": 1_000.0,
        "dropped": 0,
        "generator_limited": False,
    }
    return Point(**(values | fields))


@pytest.fixture(scope="module")
def days() -> Resolutions:
    """Three days, second by second."""
    resolutions = Resolutions()
    for second in range(NIGHT_S):
        times = histogram_of((second % 977, 5_000))
        resolutions.add(a_point(second), times)
    return resolutions


@given(
    seconds=st.lists(
        st.tuples(st.integers(1, 15), st.lists(st.integers(0, 10**7), max_size=4)),
        min_size=1,
        max_size=60,
    ),
    span_s=st.sampled_from(SPANS_S[1:]),
)
def test_a_longer_span_has_the_sums_and_the_percentiles_of_all_its_times(
    reading: Callable[..., Any], seconds: list[tuple[int, list[int]]], span_s: int
) -> None:
    digest, second = Digest(), -1
    by_span: dict[int, list[int]] = {}
    for gap, times in seconds:
        second += gap
        tally = Tally(answered=len(times), service=histogram_of(times))
        failed = Tally(errors={ErrorKind.REFUSED: 1})
        digest.add(
            reading(second, {"GET /a": tally, "GET /b": failed}),
            vus_target=1.0,
            rate_target_per_s=None,
        )
        by_span.setdefault(second // span_s, []).extend(times)

    found = {point.second: point for point in digest.points(0, span_s=span_s)}

    if (second + 1) % span_s:
        del by_span[second // span_s]  # its time is not over
    assert list(found) == [number * span_s for number in by_span]
    for number, times in by_span.items():
        point, whole = found[number * span_s], histogram_of(times)
        failures = sum(1 for each in _seconds_of(seconds) if each // span_s == number)
        assert (point.span_s, point.requests) == (span_s, len(times) + failures)
        assert point.errors == failures
        assert point.at_unix_ms == number * span_s * 1_000
        expected = [percentile_us(whole, percent) if times else None for percent in (50, 95, 99)]
        assert [point.p50_us, point.p95_us, point.p99_us] == expected


def _seconds_of(gaps: list[tuple[int, list[int]]]) -> list[int]:
    seconds, second = [], -1
    for gap, _ in gaps:
        second += gap
        seconds.append(second)
    return seconds


def test_of_vus_and_targets_a_span_has_the_greatest_and_says_when_the_generator_was_the_limit() -> (
    None
):
    resolutions = Resolutions()
    for second in range(10):
        point = a_point(
            second,
            vus=9 - second,
            vus_target=float(second),
            rate_target_per_s=None if second != 4 else 50.0,
            dropped=second,
            generator_limited=second == 3,
        )
        resolutions.add(point, histogram_of(()))

    [tens] = resolutions.points(0, span_s=10)
    assert (tens.vus, tens.vus_target, tens.rate_target_per_s) == (9, 9.0, 50.0)
    assert (tens.dropped, tens.generator_limited) == (45, True)
    assert (tens.p50_us, tens.max_us) == (None, None)


def test_an_open_model_is_shown_by_its_response_times_at_every_resolution(
    reading: Callable[..., Any],
) -> None:
    digest = Digest()
    for second in range(10):
        tally = Tally(answered=1, service=histogram_of([100]), response=histogram_of([900]))
        digest.add(reading(second, {"GET /": tally}), vus_target=1.0, rate_target_per_s=None)

    [tens] = digest.points(0, span_s=10)
    assert tens.p99_us == 900


@pytest.mark.parametrize("seconds", [0, 1, 59, 899, 900, 901, 3_600, 40_007])
def test_an_overview_has_every_second_exactly_once(
    reading: Callable[..., Any], seconds: int
) -> None:
    resolutions = Resolutions()
    for second in range(seconds):
        resolutions.add(a_point(second), histogram_of(()))

    covered = [
        second
        for point in resolutions.overview
        for second in range(point.second, point.second + point.span_s)
    ]
    assert covered == list(range(seconds))


@pytest.mark.slow
def test_three_days_take_little_memory_and_an_overview_of_them_little_of_the_wire(
    days: Resolutions,
) -> None:
    overview = days.overview

    assert sum(point.span_s for point in overview) == NIGHT_S
    assert sum(point.requests for point in overview) == NIGHT_S * 1_000
    assert [point.span_s for point in overview[-900:]] == [1] * 900
    assert len(msgspec.msgpack.encode(overview)) < 1_600_000
    assert days.size_bytes < 1_500_000


@pytest.mark.slow
@pytest.mark.parametrize("span_s", SPANS_S)
def test_fine_points_are_kept_for_so_long_and_those_of_minutes_for_ever(
    days: Resolutions, span_s: int
) -> None:
    kept = days.points(0, span_s=span_s)

    expected = range(NIGHT_S - KEPT_S.get(span_s, NIGHT_S), NIGHT_S, span_s)
    assert [point.second for point in kept] == list(expected)


def test_counts_of_scenarios_come_from_all_of_them(reading: Callable[..., Any]) -> None:
    digest = Digest()
    counts = ScenarioCounts(vus_active=4, iterations_dropped=2)
    for second in range(60):
        digest.add(reading(second, counts=counts), vus_target=4.0, rate_target_per_s=None)

    [minute] = digest.points(0, span_s=60)
    assert (minute.vus, minute.dropped) == (4, 120)
