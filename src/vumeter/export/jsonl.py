"""JSON lines: one object for each second, or for each ten or sixty where seconds are gone."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from vumeter.export.rows import Row, Rows, Run
from vumeter.model.frame import Counts
from vumeter.model.measure import Extent, GeneratorReading, Histogram, Tally
from vumeter.model.probes import HostReading, PostgresReading
from vumeter.model.summary import Iterations
from vumeter.model.watched import Watched
from vumeter.stats import custom, histogram
from vumeter.stats.milliseconds import LatencyMs, latency_ms_if_any
from vumeter.stats.tally import counted, response_times
from vumeter.stats.totals import iterations_of

SCHEMA = 1
"""Raised with every change that a reader of older lines would misread."""


class Check(Struct, frozen=True, kw_only=True):
    """How many answers passed a check, and how many failed it."""

    passed: int
    failed: int


class Requests(Counts, frozen=True, kw_only=True):
    """Requests of one name, or of all."""

    response_time_ms: LatencyMs | None
    """done − due; `None`: nothing was answered."""
    service_time_ms: LatencyMs | None
    """done − sent: the same in the closed model."""
    checks: dict[str, Check]


class IterationsLine(Iterations, frozen=True, kw_only=True):
    """Iterations of all scenarios."""

    duration_ms: LatencyMs | None


class Line(Requests, frozen=True, kw_only=True):
    """One line: *span_s* seconds of a run from *second* on, complete in itself."""

    schema: int = SCHEMA
    run: str
    second: int
    span_s: int
    at_unix_ms: int
    vus: int
    vus_busy: int
    vus_target: float | None
    rate_target_per_s: float | None
    iterations: IterationsLine
    endpoints: dict[str, Requests]
    metrics: dict[str, dict[str, float]]
    workers_heard: int
    workers_expected: int
    late_snapshots: int
    generator: GeneratorReading
    host: HostReading | None
    postgres: PostgresReading | None
    postgres_more: dict[str, PostgresReading]
    watched: tuple[Watched, ...]
    extents: dict[str, Extent]


_encode = msgspec.json.Encoder().encode


def lines(run: Run, rows: Rows) -> Iterator[str]:
    """Yield a line of JSON, with its end, for each of *rows*."""
    for row in rows:
        yield _encode(line(run, row)).decode() + "\n"


def line(run: Run, row: Row) -> Line:
    """Return *row* as a line says it."""
    reading = row.reading
    everything = _requests(row.everything, reading.span_s)
    return Line(
        **{field: getattr(everything, field) for field in Requests.__struct_fields__},
        run=run.name,
        second=reading.second,
        span_s=reading.span_s,
        at_unix_ms=reading.at_unix_ms,
        vus=row.vus,
        vus_busy=row.vus_busy,
        vus_target=row.vus_target,
        rate_target_per_s=row.rate_target_per_s,
        iterations=_iterations(row),
        endpoints={
            name: _requests(tally, reading.span_s) for name, tally in reading.tallies.items()
        },
        metrics={
            metric.name: custom.values(metric, reading.metrics.get(metric.name), reading.span_s)
            for metric in run.metrics
        },
        workers_heard=reading.workers_heard,
        workers_expected=reading.workers_expected,
        late_snapshots=reading.late_snapshots,
        generator=reading.generator,
        host=reading.host,
        postgres=reading.postgres,
        postgres_more=reading.postgres_more,
        watched=reading.watched,
        extents=reading.extents,
    )


def _requests(tally: Tally, span_s: int) -> Requests:
    return Requests(
        **counted(tally, span_s),
        response_time_ms=_times(response_times(tally)),
        service_time_ms=_times(tally.service),
        checks={
            name: Check(passed=passed, failed=failed)
            for name, (passed, failed) in tally.checks.items()
        },
    )


def _iterations(row: Row) -> IterationsLine:
    scenarios = row.reading.scenarios.values()
    durations = histogram.merge(each.iteration_duration for each in scenarios)
    return IterationsLine(**asdict(iterations_of(scenarios)), duration_ms=_times(durations))


def _times(times: Histogram) -> LatencyMs | None:
    return latency_ms_if_any(histogram.latency(times))
