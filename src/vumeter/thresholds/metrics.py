"""
The metrics that thresholds can be set on, and where in a second of a run each is found.

Names are k6's where the thing is the same. `docs/thresholds.md` lists them for people.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Generic, NamedTuple

from vumeter.model.measure import Added, Histogram, Reading, ScenarioCounts, Tally
from vumeter.model.metric import Kind, Unit
from vumeter.model.probes import PostgresReading
from vumeter.stats import histogram
from vumeter.stats.tally import response_times
from vumeter.stats.timings import Timing, times
from vumeter.thresholds.sums import Aggregate, Count, Level, PartT, Share, Sum, Times


class Selection(NamedTuple):
    """Which part of a metric is meant; `None`: all of it."""

    name: str | None = None
    """Of a request."""
    status: int | None = None
    check: str | None = None
    scenario: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    """Of requests; each of them is meant."""
    names: frozenset[str] | None = None
    """The requests that *name*, *scenario* and *tags* leave, once the plan was asked."""

    @property
    def is_of_requests(self) -> bool:
        """Whether some requests are meant, and not all."""
        return self.name is not None or self.names is not None


OWN_FILTERS = frozenset({"name", "status", "check", "scenario"})
"""What no tag may be called."""
_OF_REQUESTS = ("name", "scenario")
"""And whatever tags the plan's requests have."""

NO_METRICS: Mapping[str, Added] = {}


class Seen(NamedTuple):
    """What a metric is read off: a second of a run, or the totals of all of it."""

    tallies: Mapping[str, Tally]
    scenarios: Mapping[str, ScenarioCounts]
    metrics: Mapping[str, Added] = NO_METRICS
    """Those of scripts."""
    reading: Reading | None = None
    """`None`: totals, in which there are no states."""


class Metric(NamedTuple, Generic[PartT]):
    """One metric."""

    name: str
    kind: Kind
    units: Mapping[Aggregate, Unit]
    filters: tuple[str, ...]
    """Fields of `Selection` that may be set."""
    part: Callable[[Seen, Selection], PartT]
    new_sum: Callable[[], Sum[PartT]]
    is_counted: bool
    """Whether totals have it, with what came too late for any second."""

    @property
    def is_of_requests(self) -> bool:
        """Whether it is counted by request."""
        return "name" in self.filters

    @property
    def needs_database(self) -> bool:
        """Whether there is something to see only where a database is watched."""
        return self.name.startswith("postgres.")


def _trend(name: str, times: Callable[[Tally], Histogram]) -> "Metric[Histogram]":
    def part(seen: Seen, selection: Selection) -> Histogram:
        found = [times(tally) for tally in _chosen(seen, selection)]
        return found[0] if len(found) == 1 else histogram.merge(found)

    return Metric(name, Kind.TREND, _all(Unit.MS), _OF_REQUESTS, part, Times, True)


def _counter(
    name: str,
    number: Callable[[Tally], int],
    *,
    unit: Unit = Unit.COUNT,
    rate_unit: Unit = Unit.PER_S,
) -> "Metric[int | None]":
    def part(seen: Seen, selection: Selection) -> int | None:
        found = list(_chosen(seen, selection))
        return sum(map(number, found)) if found or not selection.is_of_requests else None

    units = {Aggregate.COUNT: unit, Aggregate.RATE: rate_unit}
    return Metric(name, Kind.COUNTER, units, _OF_REQUESTS, part, Count, True)


def _requests() -> "Metric[int | None]":
    def part(seen: Seen, selection: Selection) -> int | None:
        found = list(_chosen(seen, selection))
        if not found and selection.is_of_requests:
            return None
        if selection.status is not None:
            return sum(tally.statuses.get(selection.status, 0) for tally in found)
        return sum(tally.requests for tally in found)

    units = {Aggregate.COUNT: Unit.COUNT, Aggregate.RATE: Unit.PER_S}
    return Metric("http_reqs", Kind.COUNTER, units, (*_OF_REQUESTS, "status"), part, Count, True)


def _iterations(name: str, number: Callable[[ScenarioCounts], int]) -> "Metric[int | None]":
    def part(seen: Seen, selection: Selection) -> int | None:
        found = list(_of_scenario(seen, selection))
        return sum(map(number, found)) if found or selection.scenario is None else None

    units = {Aggregate.COUNT: Unit.COUNT, Aggregate.RATE: Unit.PER_S}
    return Metric(name, Kind.COUNTER, units, ("scenario",), part, Count, True)


def _timings() -> "list[Metric[Any]]":
    return [_trend(timing.value, partial(times, timing=timing)) for timing in Timing]


def _iteration_duration() -> "Metric[Histogram]":
    def part(seen: Seen, selection: Selection) -> Histogram:
        return histogram.merge(each.iteration_duration for each in _of_scenario(seen, selection))

    units = _all(Unit.MS)
    return Metric("iteration_duration", Kind.TREND, units, ("scenario",), part, Times, True)


def _failed() -> "Metric[tuple[int, int]]":
    def part(seen: Seen, selection: Selection) -> tuple[int, int]:
        found = list(_chosen(seen, selection))
        failed = sum(sum(tally.errors.values()) for tally in found)
        return failed, sum(tally.requests for tally in found)

    return Metric("http_req_failed", Kind.RATE, _all(Unit.RATIO), _OF_REQUESTS, part, Share, True)


def _checks() -> "Metric[tuple[int, int]]":
    def part(seen: Seen, selection: Selection) -> tuple[int, int]:
        found = [
            counts
            for tally in _chosen(seen, selection)
            for name, counts in tally.checks.items()
            if selection.check in (None, name)
        ]
        return sum(passed for passed, _ in found), sum(map(sum, found))

    return Metric(
        "checks", Kind.RATE, _all(Unit.RATIO), ("check", *_OF_REQUESTS), part, Share, True
    )


def _vus() -> "Metric[float | None]":
    def part(seen: Seen, selection: Selection) -> float | None:
        found = list(_of_scenario(seen, selection))
        return float(sum(counts.vus_active for counts in found)) if found else None

    return Metric("vus", Kind.GAUGE, _all(Unit.COUNT), ("scenario",), part, Level, False)


def _gauge(
    name: str, unit: Unit, value: Callable[[Reading], float | None]
) -> "Metric[float | None]":
    def part(seen: Seen, _: Selection) -> float | None:
        return None if seen.reading is None else value(seen.reading)

    return Metric(name, Kind.GAUGE, _all(unit), (), part, Level, False)


def _postgres(
    name: str, unit: Unit, value: Callable[[PostgresReading], float | None]
) -> "Metric[float | None]":
    return _gauge(
        f"postgres.{name}",
        unit,
        lambda reading: None if reading.postgres is None else value(reading.postgres),
    )


def _limited() -> "Metric[tuple[int, int]]":
    def part(seen: Seen, _: Selection) -> tuple[int, int]:
        return (0, 0) if seen.reading is None else (int(seen.reading.generator.limited), 1)

    return Metric("generator.limited", Kind.RATE, _all(Unit.RATIO), (), part, Share, False)


def _chosen(seen: Seen, selection: Selection) -> Iterable[Tally]:
    if selection.names is not None:
        return [seen.tallies[name] for name in selection.names if name in seen.tallies]
    if selection.name is None:
        return seen.tallies.values()
    tally = seen.tallies.get(selection.name)
    return () if tally is None else (tally,)


def _of_scenario(seen: Seen, selection: Selection) -> Iterable[ScenarioCounts]:
    if selection.scenario is None:
        return seen.scenarios.values()
    counts = seen.scenarios.get(selection.scenario)
    return () if counts is None else (counts,)


def _all(unit: Unit) -> dict[Aggregate, Unit]:
    return dict.fromkeys(Aggregate, unit)


def _memory_percent(reading: Reading) -> float | None:
    host = reading.host
    if host is None or not host.memory_total_bytes:
        return None
    return 100 * host.memory_used_bytes / host.memory_total_bytes


def _free_percent(reading: Reading) -> float | None:
    used_percent = _memory_percent(reading)
    return None if used_percent is None else 100 - used_percent


def _used_percent(postgres: PostgresReading) -> float | None:
    if postgres.connections_used is None or not postgres.connections_max:
        return None
    return 100 * postgres.connections_used / postgres.connections_max


def _hit_percent(postgres: PostgresReading) -> float | None:
    ratio = postgres.cache_hit_ratio
    return None if ratio is None else 100 * ratio


def _generator_cpu(reading: Reading) -> float | None:
    return reading.generator.cpu_percent if reading.workers_heard else None


def _generator_lag(reading: Reading) -> float | None:
    return reading.generator.tick_lag_p99_us / 1000 if reading.workers_heard else None


_ALL: tuple[Metric[Any], ...] = (
    _requests(),
    _trend("http_req_duration", response_times),
    _trend("http_req_service", lambda tally: tally.service),
    *_timings(),
    _failed(),
    _iteration_duration(),
    _iterations("iterations", lambda counts: counts.iterations_done),
    _iterations("dropped_iterations", lambda counts: counts.iterations_dropped),
    _iterations("script_errors", lambda counts: counts.script_errors),
    _checks(),
    _vus(),
    _counter(
        "data_sent",
        lambda tally: tally.sent_bytes,
        unit=Unit.BYTES,
        rate_unit=Unit.BYTES_PER_S,
    ),
    _counter(
        "data_received",
        lambda tally: tally.received_bytes,
        unit=Unit.BYTES,
        rate_unit=Unit.BYTES_PER_S,
    ),
    _gauge(
        "host.cpu",
        Unit.PERCENT,
        lambda reading: None if reading.host is None else reading.host.cpu_percent,
    ),
    _gauge("host.memory", Unit.PERCENT, _memory_percent),
    _gauge("host.memory.free", Unit.PERCENT, _free_percent),
    _postgres("connections.used", Unit.PERCENT, _used_percent),
    _postgres("blocked", Unit.COUNT, lambda postgres: postgres.blocked_sessions),
    _postgres("tps", Unit.PER_S, lambda postgres: postgres.transactions_per_s),
    _postgres("cache_hit", Unit.PERCENT, _hit_percent),
    _limited(),
    _gauge("generator.cpu", Unit.PERCENT, _generator_cpu),
    _gauge("generator.lag", Unit.MS, _generator_lag),
)

METRICS: dict[str, Metric[Any]] = {metric.name: metric for metric in _ALL}
"""Every metric, by name."""
