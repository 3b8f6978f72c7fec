import random
import statistics

import pytest

from vumeter.testing.truth import Truth, figures_ms, percentile


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 10), (25, 10), (26, 20), (50, 20), (99, 40), (100, 40)]
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(
    percent: float, expected: int
) -> None:
    assert percentile([10, 20, 30, 40], percent) == expected


def test_the_figures_agree_with_the_standard_library() -> None:
    times_us = [random.Random(7).randrange(1, 100_000) for _ in range(9_999)]
    figures = figures_ms(times_us)
    # Of 9,999 values the k-th percentile's rank is whole, so every definition agrees on it.
    cuts = statistics.quantiles(times_us, n=100)
    assert figures["p50"] == cuts[49] / 1000
    assert figures["p99"] == cuts[98] / 1000
    assert figures["mean"] == pytest.approx(statistics.fmean(times_us) / 1000)
    assert (figures["min"], figures["max"]) == (min(times_us) / 1000, max(times_us) / 1000)


def test_a_truth_without_requests_reports_no_times() -> None:
    report = Truth().report()
    assert (report["requests"], report["service_ms"], report["first_arrival_ns"]) == (0, {}, None)
