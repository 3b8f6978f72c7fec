"""
Every number of a reading that is worth a line over time, by name, with its unit at the end.

One list for all that looks at numbers over time: the series under the latency chart, what may
explain a slow second, drift and comparison. What is added to a probe is in it by itself.

    latency.p95_ms  requests_per_s  error_percent  vus            the load and its answers
    generator.tick_lag_p99_us                                    a number of `GeneratorReading`
    host.cpu_percent  postgres.blocked_sessions                  a number of the probe's reading
    postgres.active_by_wait.Lock                                 one of a dictionary of them
    watched.cache.rss_bytes                                      a number of what is called "cache"
"""

import re
from collections.abc import Iterator, Mapping
from typing import get_args, get_origin

from msgspec.structs import fields

from vumeter.model.frame import Point
from vumeter.model.measure import Extent, Reading
from vumeter.model.metric import Unit
from vumeter.model.probes import HostReading, PostgresReading, PostgresState
from vumeter.stats import histogram
from vumeter.stats.scans import scanned_large
from vumeter.stats.spans import extents_of, is_worst
from vumeter.stats.statements import newest_calls_per_s
from vumeter.stats.tally import response_times

LATENCIES = ("latency.p50_ms", "latency.p95_ms", "latency.p99_ms", "latency.max_ms")
"""What users wait for: most often what is to be explained, and not the reason."""

ERRORS = ("error_percent", "errors_per_s")

_PERCENTS = (50, 95, 99, 100)

_FIXED = (
    "_limit",
    "_limit_bytes",
    "_limit_cores",
    "_limit_in_s",
    "_max",
    "_reserved",
    "_total_bytes",
    ".cpu_count",
    "_pid",
    ".age_s",
    ".probe_ms",
    "_span_s",
)
"""How the names of limits, of identities and of what is about the probe itself end."""

_LEAST_REQUESTS_PER_S = 5.0
"""With fewer, what the database does for others than the target decides what there is of each."""

_UNITS: tuple[tuple[str, Unit], ...] = (
    ("_bytes_per_s", Unit.BYTES_PER_S),
    ("_per_s", Unit.PER_S),
    ("_bytes", Unit.BYTES),
    ("_percent", Unit.PERCENT),
    ("_ratio", Unit.RATIO),
    ("_ms", Unit.MS),
)
_MS_PER = {"_us": 1e-3, "_s": 1e3}
"""Times that are kept in other units are shown in ms, like all times on a screen."""


def series_of(reading: Reading, point: Point | None = None) -> dict[str, float]:
    """Return each series' value in *reading*; of several seconds, their mean or their worst."""
    return {
        name: extent.highest if is_worst(name) else extent.mean
        for name, extent in series_extents(reading, point).items()
    }


def series_extents(reading: Reading, point: Point | None = None) -> dict[str, Extent]:
    """
    Return how far each series went in *reading*; in one second, to its value.

    With the reading's chart *point* this takes 0.2 ms, without up to 5 ms more: latencies
    have to be read off the histograms of all endpoints then.
    """
    probed = {name: extent for name, extent in extents_of(reading).items() if is_worth_a_line(name)}
    worked_out = (*_latencies(reading, point), *_traffic(reading), *_derived(reading))
    return {name: _extent(value, reading.span_s) for name, value in worked_out} | probed


def is_worth_a_line(name: str) -> bool:
    """Return whether that number of a probe changes with what happens."""
    return not name.endswith(_FIXED)


def is_probed(name: str) -> bool:
    """
    Return whether a probe may have a number of that name; of watched things any is possible.

    >>> is_probed("postgres.active_by_wait.Lock"), is_probed("vus"), is_probed("host.nonsense")
    (True, False, False)
    """
    return name in _PROBED or _ANY_PROBED.fullmatch(name) is not None


def probed_value(name: str, reading: Reading) -> float | None:
    """Return what the probes have of *name*; `None`: nothing was seen."""
    extent = extents_of(reading).get(name)
    if extent is not None:
        return extent.highest if is_worst(name) else extent.mean
    derived = dict(_derived(reading))
    waits = name.startswith(_WAITS) and "postgres.active_sessions" in derived
    # A wait that nobody had in a look that succeeded.
    return derived.get(name, 0.0 if waits else None)


def unit_of(name: str) -> Unit:
    """
    Return the unit that *name* is to be shown in; see `shown_value`.

    >>> unit_of("host.cpu_percent").value, unit_of("generator.tick_lag_p99_us").value
    ('percent', 'ms')
    """
    for ending, unit in _UNITS:
        if name.endswith(ending):
            return unit
    return Unit.MS if name.endswith(tuple(_MS_PER)) else Unit.COUNT


def shown_value(name: str, value: float) -> float:
    """
    Return the *value* of the series *name* in `unit_of`.

    >>> shown_value("generator.tick_lag_p99_us", 2500.0)
    2.5
    """
    if name.endswith(tuple(ending for ending, _ in _UNITS)):
        return value
    return value * next((per for ending, per in _MS_PER.items() if name.endswith(ending)), 1.0)


def _latencies(reading: Reading, point: Point | None) -> Iterator[tuple[str, float]]:
    if point is not None:
        times_us = (point.p50_us, point.p95_us, point.p99_us, point.max_us)
        for name, us in zip(LATENCIES, times_us, strict=True):
            if us is not None:
                yield name, us / 1000
        return
    times = histogram.merge(map(response_times, reading.tallies.values()))
    if times.counts:
        for name, us in zip(LATENCIES, histogram.percentiles_us(times, _PERCENTS), strict=True):
            yield name, us / 1000


def _traffic(reading: Reading) -> Iterator[tuple[str, float]]:
    tallies, scenarios = reading.tallies.values(), reading.scenarios.values()
    requests = sum(tally.requests for tally in tallies)
    errors = sum(sum(tally.errors.values()) for tally in tallies)
    if requests:
        yield "error_percent", 100 * errors / requests
    for name, count in (
        ("requests", requests),
        ("errors", errors),
        ("sent_bytes", sum(tally.sent_bytes for tally in tallies)),
        ("received_bytes", sum(tally.received_bytes for tally in tallies)),
        ("iterations", sum(counts.iterations_done for counts in scenarios)),
        ("dropped", sum(counts.iterations_dropped for counts in scenarios)),
    ):
        yield f"{name}_per_s", count / reading.span_s
    yield "vus_busy", sum(counts.vus_busy for counts in scenarios)


def _derived(reading: Reading) -> Iterator[tuple[str, float]]:
    if reading.host is not None:
        yield from _of_host(reading.host)
    if reading.postgres is not None and reading.postgres.state is PostgresState.UP:
        requests = sum(tally.requests for tally in reading.tallies.values())
        yield from _of_postgres(reading.postgres, requests / reading.span_s)


def _of_host(host: HostReading) -> Iterator[tuple[str, float]]:
    if host.memory_total_bytes:
        yield "host.memory_percent", 100 * host.memory_used_bytes / host.memory_total_bytes
    if host.core_percents:
        yield "host.busiest_core_percent", max(host.core_percents)


def _of_postgres(postgres: PostgresReading, requests_per_s: float) -> Iterator[tuple[str, float]]:
    if postgres.connections_used is not None and postgres.connections_max:
        used_percent = 100 * postgres.connections_used / postgres.connections_max
        yield "postgres.connections_percent", used_percent
    if postgres.active_by_wait is not None:
        yield "postgres.active_sessions", sum(postgres.active_by_wait.values())
    if postgres.tables_span_s:
        rows = sum(table.sequential_rows for table in scanned_large(postgres.tables))
        yield "postgres.sequential_rows_per_s", rows / postgres.tables_span_s
    if requests_per_s < _LEAST_REQUESTS_PER_S:
        return
    if postgres.statements_span_s:
        span_s = postgres.statements_span_s
        calls_per_s = sum(newest_calls_per_s(it, span_s) for it in postgres.statements)
        yield "postgres.calls_per_request", calls_per_s / requests_per_s
    for name, per_s in (
        ("transactions", postgres.transactions_per_s),
        ("rows_read", postgres.rows_read_per_s),
    ):
        if per_s is not None:
            yield f"postgres.{name}_per_request", per_s / requests_per_s


def _extent(value: float, seconds: int) -> Extent:
    return Extent(lowest=value, highest=value, total=value * seconds, seconds=seconds)


def names_of(several: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names in the order in which people look: the load, the database, the host."""
    return tuple(sorted(several, key=lambda name: (_RANKS.get(name.partition(".")[0], 0), name)))


_WAITS = "postgres.active_by_wait."
_ANY_PROBED = re.compile(r"postgres\.active_by_wait\.[A-Za-z]+|watched\.[^.]+\.\w+")
_DERIVED = (
    *("host.memory_percent", "host.busiest_core_percent"),
    *("postgres.connections_percent", "postgres.active_sessions"),
    *("postgres.sequential_rows_per_s", "postgres.calls_per_request"),
    *("postgres.transactions_per_request", "postgres.rows_read_per_request"),
)
"""What `_derived` works out of probes' readings."""

_NUMBERS = (int, float)
_PROBED = frozenset(
    name
    for prefix, probe in (("host", HostReading), ("postgres", PostgresReading))
    for field in fields(probe)
    if (field.type in _NUMBERS or not set(get_args(field.type)).isdisjoint(_NUMBERS))
    and get_origin(field.type) is not tuple
    and is_worth_a_line(name := f"{prefix}.{field.name}")
).union(_DERIVED, ("postgres.up",))

_RANKS = {"latency": 0, "postgres": 1, "watched": 2, "host": 3, "generator": 4}
