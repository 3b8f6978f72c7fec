"""Rows of a small run, with all that a test does not care about filled in."""

from collections.abc import Callable
from random import Random

import pytest

from vumeter.export.rows import Row, Run
from vumeter.model.measure import (
    ErrorKind,
    GeneratorReading,
    Reading,
    ScenarioCounts,
    Tally,
)
from vumeter.stats.histogram import histogram_of

STARTED_UNIX_MS = 1_700_000_000_000
RUN = Run(name="shop", started_unix_ms=STARTED_UNIX_MS, duration_s=4.5)


def tally(times_us: list[int], *, failed: int = 0) -> Tally:
    """Return answers that took so long, of which the first *failed* had status 503."""
    statuses = {200: len(times_us) - failed} | ({503: failed} if failed else {})
    return Tally(
        answered=len(times_us),
        errors={ErrorKind.STATUS: failed} if failed else {},
        statuses=statuses,
        sent_bytes=100 * len(times_us),
        received_bytes=900 * len(times_us),
        service=histogram_of(times_us),
        checks={"is fine": (len(times_us) - failed, failed)},
    )


def row(
    second: int, tallies: dict[str, Tally], *, span_s: int = 1, rate: float | None = None
) -> Row:
    """Return the row of *span_s* seconds from *second* on."""
    reading = Reading(
        second=second,
        at_unix_ms=STARTED_UNIX_MS + second * 1_000,
        tallies=tallies,
        scenarios={"main": ScenarioCounts(vus_active=7, vus_busy=5, iterations_dropped=1)},
        generator=GeneratorReading(
            limited=False,
            reasons=(),
            cpu_percent=40.0,
            cpu_total_percent=70.0,
            tick_lag_p99_us=900,
            tick_lag_max_us=1_500,
            late_start_ratio=0.0,
            descriptors=20,
            descriptor_limit=1_000,
            rss_bytes=60_000_000,
        ),
        workers_heard=1,
        workers_expected=1,
        late_snapshots=0,
        span_s=span_s,
    )
    return Row(reading, 8.0, rate)


@pytest.fixture
def make_row() -> Callable[..., Row]:
    return row


@pytest.fixture
def make_tally() -> Callable[..., Tally]:
    return tally


@pytest.fixture
def run() -> Run:
    return RUN


@pytest.fixture
def times_us() -> dict[int, dict[str, list[int]]]:
    """What was measured: by second, by name; nothing in second 2."""
    random = Random(5)
    names = {"GET /": 40, "=cmd|' /C calc'!A0": 9}
    return {
        second: {
            name: [round(random.lognormvariate(9, 1.2)) for _ in range(number)]
            for name, number in names.items()
            if second != 2
        }
        for second in range(4)
    }


@pytest.fixture
def rows(times_us: dict[int, dict[str, list[int]]]) -> list[Row]:
    """Return them as the rows of a run; three of each second and name failed."""
    return [
        row(second, {name: tally(times, failed=3) for name, times in by_name.items()})
        for second, by_name in times_us.items()
    ]
