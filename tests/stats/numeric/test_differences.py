"""Whether two runs differ: on runs drawn from a real one, and beside scipy's bootstrap."""

import doctest

import numpy as np
import pytest
from benchmarks.false_alarms import outcome
from scipy.stats import bootstrap

from vumeter.model.comparison import Metric
from vumeter.stats.histogram import highest_us, histogram_of
from vumeter.stats.numeric import differences as module
from vumeter.stats.numeric.differences import differences, figures
from vumeter.stats.windows import Windows

WINDOWS = 100


def windows(
    chance: np.random.Generator, *, median_us: float = 20_000, errors: float = 0
) -> Windows:
    """Independent windows of 50 requests each."""
    times = chance.lognormal(np.log(median_us), 0.4, size=(WINDOWS, 50))
    return Windows(
        histograms=[histogram_of(map(round, row)).counts for row in times],
        requests=[50] * WINDOWS,
        errors=list(map(int, chance.binomial(50, errors, WINDOWS))),
        seconds=[1.0] * WINDOWS,
    )


def test_the_examples_in_the_docstrings_are_true() -> None:
    outcome = doctest.testmod(module)
    assert outcome.attempted and not outcome.failed


def test_of_independent_windows_the_interval_is_that_of_scipys_bootstrap() -> None:
    chance = np.random.default_rng(5)
    a, b = windows(chance), windows(chance, median_us=22_000)
    found = differences(a, b, is_paired=False)[Metric.P50]

    def rows(it: Windows) -> np.ndarray:
        return np.array(
            [
                [highest_us(index) for index, n in sorted(each.items()) for _ in range(n)]
                for each in it.histograms
            ]
        )

    rows_a, rows_b = rows(a), rows(b)

    def statistic(of_a: np.ndarray, of_b: np.ndarray) -> float:
        return float(
            np.log(np.median(rows_b[of_b.astype(int)]) / np.median(rows_a[of_a.astype(int)]))
        )

    theirs = bootstrap(
        (np.arange(WINDOWS), np.arange(WINDOWS)),
        statistic,
        n_resamples=300,
        vectorized=False,
        method="basic",
        rng=1,
    ).confidence_interval
    half = (np.log1p(found.high) - np.log1p(found.low)) / 2
    # Blocks of ten instead of single windows, Student's t for ten blocks, and 300 draws: their
    # widths agree to about a third.
    assert half == pytest.approx((theirs.high - theirs.low) / 2, rel=0.5)
    # Of 5,000 requests with a spread of 0.4: a median is known to 0.4·1.25/√5000, 0.7 %.
    assert found.change == pytest.approx(0.1, abs=0.03) and found.p < 0.001


def test_errors_differ_by_points_and_rates_by_ratio() -> None:
    chance = np.random.default_rng(6)
    a, b = windows(chance), windows(chance, errors=0.04)
    half = Windows(
        histograms=b.histograms, requests=b.requests, errors=b.errors, seconds=[2.0] * WINDOWS
    )
    found = differences(a, half, is_paired=False)
    assert found[Metric.RATE].change == pytest.approx(-0.5)
    assert found[Metric.ERRORS].change == sum(b.errors) / 5_000
    assert found[Metric.ERRORS].p < 0.001 and found[Metric.ERRORS].low > 0
    assert figures(half)[Metric.RATE] == 25


def test_a_ramp_that_both_have_is_no_uncertainty_where_moments_are_compared() -> None:
    chance = np.random.default_rng(8)
    ramp = [20_000 * (1 + 4 * at / WINDOWS) for at in range(WINDOWS)]

    def run(factor: float) -> Windows:
        rows = [chance.lognormal(np.log(each * factor), 0.3, 50) for each in ramp]
        return Windows(
            histograms=[histogram_of(map(round, row)).counts for row in rows],
            requests=[50] * WINDOWS,
            errors=[0] * WINDOWS,
            seconds=[1.0] * WINDOWS,
        )

    a, b = run(1.0), run(1.1)
    paired = differences(a, b, is_paired=True)[Metric.P50]
    apart = differences(a, b, is_paired=False)[Metric.P50]
    assert paired.p < 0.01
    assert paired.high - paired.low < 0.5 * (apart.high - apart.low)


def test_too_little_is_not_compared() -> None:
    chance = np.random.default_rng(9)
    few = Windows(
        histograms=[histogram_of([1_000]).counts] * 50,
        requests=[1] * 50,
        errors=[0] * 50,
        seconds=[1.0] * 50,
    )
    # 50 requests: 25 are beyond the median, none of them is known to be beyond p99.
    assert set(differences(few, few, is_paired=True)) == {Metric.P50, Metric.RATE, Metric.ERRORS}
    short = windows(chance)
    cut = Windows(
        histograms=short.histograms[:10],
        requests=short.requests[:10],
        errors=short.errors[:10],
        seconds=short.seconds[:10],
    )
    assert differences(cut, short, is_paired=False) == {}


@pytest.mark.slow
def test_runs_that_are_alike_are_called_so_and_a_tenth_more_is_found() -> None:
    # The same twelve pairs each time; benchmarks/false_alarms.py does it with 200.
    it = outcome(12)
    assert it.false_alarms <= 1 and it.found >= 10
