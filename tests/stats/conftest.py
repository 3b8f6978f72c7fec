"""Makers of snapshots and readings, with all that a test does not care about filled in."""

from collections.abc import Callable

import pytest

from vumeter.model.measure import (
    ErrorKind,
    GeneratorReading,
    Reading,
    ScenarioCounts,
    Snapshot,
    Tally,
    Vitals,
)
from vumeter.model.probes import HostReading, PostgresReading
from vumeter.stats.histogram import histogram_of


@pytest.fixture(scope="session")
def vitals() -> Callable[..., Vitals]:
    def make(
        *,
        cpu_percent: float = 30.0,
        core_wait_percent: float = 0.0,
        tick_lag_us: tuple[int, ...] = (100,) * 100,
        starts: int = 0,
        late_starts: int = 0,
        descriptors: int = 50,
        ports: int = 0,
        denied: dict[ErrorKind, int] | None = None,
    ) -> Vitals:
        return Vitals(
            cpu_percent=cpu_percent,
            core_wait_percent=core_wait_percent,
            tick_lag=histogram_of(tick_lag_us),
            start_lag=histogram_of((10,) * starts),
            late_starts=late_starts,
            descriptors=descriptors,
            descriptor_limit=1_000,
            rss_bytes=50_000_000,
            ports=ports,
            port_limit=1_000,
            denied=denied or {},
        )

    return make


@pytest.fixture(scope="session")
def snapshot(vitals: Callable[..., Vitals]) -> Callable[..., Snapshot]:
    def make(
        worker: int,
        second: int,
        tallies: dict[str, Tally] | None = None,
        *,
        counts: ScenarioCounts | None = None,
    ) -> Snapshot:
        return Snapshot(
            worker=worker,
            second=second,
            tallies=tallies or {},
            scenarios={"main": counts or ScenarioCounts()},
            vitals=vitals(),
        )

    return make


@pytest.fixture(scope="session")
def reading() -> Callable[..., Reading]:
    def make(
        second: int,
        tallies: dict[str, Tally] | None = None,
        *,
        counts: ScenarioCounts | None = None,
        limited: bool = False,
        reasons: tuple[str, ...] = (),
        late_start_ratio: float = 0.0,
        starts: int = 0,
        heard: int = 1,
        expected: int = 1,
        late: int = 0,
        outage_us: int = 0,
        host: HostReading | None = None,
        postgres: PostgresReading | None = None,
    ) -> Reading:
        return Reading(
            second=second,
            at_unix_ms=second * 1_000,
            tallies=tallies or {},
            scenarios={"main": counts or ScenarioCounts()},
            generator=GeneratorReading(
                limited=limited or bool(reasons),
                reasons=reasons,
                cpu_percent=40.0,
                cpu_total_percent=70.0,
                tick_lag_p99_us=900,
                tick_lag_max_us=1_500,
                late_start_ratio=late_start_ratio,
                starts=starts,
                descriptors=20,
                descriptor_limit=1_000,
                rss_bytes=60_000_000,
            ),
            workers_heard=heard,
            workers_expected=expected,
            late_snapshots=late,
            outage_us=outage_us,
            host=host,
            postgres=postgres,
        )

    return make
