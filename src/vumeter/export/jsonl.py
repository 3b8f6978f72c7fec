"""JSON lines: one object for each second, or for each ten or sixty where seconds are gone."""

from collections.abc import Iterator
from functools import reduce

import msgspec
from msgspec import Struct

from vumeter.export.rows import Row, Rows, Run
from vumeter.model.measure import (
    ErrorKind,
    Extent,
    GeneratorReading,
    Histogram,
    ScenarioCounts,
    Tally,
)
from vumeter.model.probes import HostReading, PostgresReading
from vumeter.model.watched import Watched
from vumeter.stats import custom, histogram
from vumeter.stats.milliseconds import LatencyMs, latency_ms_if_any
from vumeter.stats.tally import response_times
from vumeter.stats.totals import sum_of

SCHEMA = 1
"""Raised with every change that a reader of older lines would misread."""


class Check(Struct, frozen=True, kw_only=True):
    """How many answers passed a check, and how many failed it."""

    passed: int
    failed: int


class Requests(Struct, frozen=True, kw_only=True):
    """Requests of one name, or of all."""

    requests: int
    requests_per_s: float
    errors: int
    errors_by_kind: dict[ErrorKind, int]
    statuses: dict[int, int]
    sent_bytes: int
    received_bytes: int
    response_time_ms: LatencyMs | None
    """done − due; `None`: nothing was answered."""
    service_time_ms: LatencyMs | None
    """done − sent: the same in the closed model."""
    checks: dict[str, Check]


class Iterations(Struct, frozen=True, kw_only=True):
    """Iterations of all scenarios."""

    due: int
    started: int
    done: int
    dropped: int
    interrupted: int
    script_errors: int
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
    iterations: Iterations
    endpoints: dict[str, Requests]
    metrics: dict[str, dict[str, float]]
    workers_heard: int
    workers_expected: int
    late_snapshots: int
    generator: GeneratorReading
    host: HostReading | None
    postgres: PostgresReading | None
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
        watched=reading.watched,
        extents=reading.extents,
    )


def _requests(tally: Tally, span_s: int) -> Requests:
    return Requests(
        requests=tally.requests,
        requests_per_s=tally.requests / span_s,
        errors=sum(tally.errors.values()),
        errors_by_kind=tally.errors,
        statuses=tally.statuses,
        sent_bytes=tally.sent_bytes,
        received_bytes=tally.received_bytes,
        response_time_ms=_times(response_times(tally)),
        service_time_ms=_times(tally.service),
        checks={
            name: Check(passed=passed, failed=failed)
            for name, (passed, failed) in tally.checks.items()
        },
    )


def _iterations(row: Row) -> Iterations:
    counts = reduce(sum_of, row.reading.scenarios.values(), ScenarioCounts())
    return Iterations(
        due=counts.iterations_due,
        started=counts.iterations_started,
        done=counts.iterations_done,
        dropped=counts.iterations_dropped,
        interrupted=counts.iterations_interrupted,
        script_errors=counts.script_errors,
        duration_ms=_times(counts.iteration_duration),
    )


def _times(times: Histogram) -> LatencyMs | None:
    return latency_ms_if_any(histogram.latency(times))
