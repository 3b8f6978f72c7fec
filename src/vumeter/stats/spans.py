"""
Several readings as one of a longer span: what a run's old seconds become.

Whatever is counted is added up, and histograms are merged, so percentiles of the span are
exact. The figures of probes and of the generator have one value a second: of these the
reading has the mean (of some the worst, see `WORST`), and `Reading.extents` has lowest,
highest, sum and number for each. What is merged once more, from tens of seconds to
minutes, comes out as if it had been merged from seconds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, get_args

from msgspec import Struct
from msgspec.structs import fields, replace

from vumeter.model.measure import Extent, GeneratorReading, Reading, ScenarioCounts, Tally
from vumeter.model.probes import HostReading, PostgresReading, PostgresState
from vumeter.model.watched import Watched
from vumeter.stats import custom
from vumeter.stats.slowness import slower
from vumeter.stats.tally import merge
from vumeter.stats.totals import sum_of

_ProbeT = TypeVar("_ProbeT", HostReading, PostgresReading, GeneratorReading)

_FIRST, _MORE = "postgres", "postgres_more"
"""How the names of databases' numbers begin: of the first, and of those that have a name."""

_WAITS = "active_by_wait"
_LISTED = 5
"""Of each list of a database's details, what a span keeps: minutes are kept for ever."""

WORST = {
    "generator.cpu_percent",
    "generator.tick_lag_p99_us",
    "generator.tick_lag_max_us",
    "generator.descriptors",
    "generator.ports",
    "generator.rss_bytes",
    "postgres.longest_transaction_s",
    "postgres.longest_running_s",
    "postgres.longest_idle_in_transaction_s",
    "postgres.replication_lag_bytes",
    "postgres.replication_lag_s",
    # Counted since the run began, so the highest is the newest.
    "postgres.deadlocks",
    "postgres.checkpoints_timed",
    "postgres.checkpoints_requested",
    "postgres.temporary_files",
}
"""Of these a span has the highest: one stalled second in a minute is the finding."""


def merged(readings: Sequence[Reading], *, span_s: int) -> Reading:
    """
    Return *readings*, in order and at least one, as the reading of a span of *span_s*.

    VUs are those at its end. Workers that were heard are the fewest.
    """
    first = readings[0]
    second = first.second - first.second % span_s
    extents = merged_extents(extents_of(each) for each in readings)
    prefixes = dict.fromkeys(prefix for each in readings for prefix in _databases(each))
    databases = {prefix: _postgres(prefix, readings, extents) for prefix in prefixes}
    return Reading(
        second=second,
        at_unix_ms=first.at_unix_ms - (first.second - second) * 1000,
        tallies=_tallies(readings),
        scenarios=_scenarios(readings),
        generator=_generator(readings, extents),
        workers_heard=min(each.workers_heard for each in readings),
        workers_expected=max(each.workers_expected for each in readings),
        late_snapshots=sum(each.late_snapshots for each in readings),
        outage_us=sum(each.outage_us for each in readings),
        host=_host(readings, extents),
        postgres=databases.pop(_FIRST, None),
        postgres_more={
            prefix.removeprefix(f"{_MORE}."): each for prefix, each in databases.items()
        },
        metrics=custom.merge_by_name(each.metrics for each in readings),
        span_s=span_s,
        extents=extents,
        slowest=slower(each.slowest for each in readings),
        watched=tuple(_watched(readings, extents)),
    )


def is_worst(name: str) -> bool:
    """Return whether a span has the highest of the figure *name*, and not its mean."""
    prefix, _, field = name.rpartition(".")
    return name in WORST or (prefix.startswith(f"{_MORE}.") and f"{_FIRST}.{field}" in WORST)


def extents_of(reading: Reading) -> Mapping[str, Extent]:
    """Return the extent of each figure of *reading*; of one second, its value."""
    if reading.extents:
        return reading.extents
    return {
        name: Extent(lowest=float(value), highest=float(value), total=float(value), seconds=1)
        for name, value in _values(reading)
    }


def merged_extents(parts: Iterable[Mapping[str, Extent]]) -> dict[str, Extent]:
    """Return the extents of several spans as those of one."""
    found: dict[str, list[Extent]] = {}
    for part in parts:
        for name, extent in part.items():
            found.setdefault(name, []).append(extent)
    return {name: merged_extent(several) for name, several in found.items()}


def merged_extent(parts: Sequence[Extent]) -> Extent:
    """Return the extents of one figure in several spans as that in all of them."""
    return Extent(
        lowest=min(each.lowest for each in parts),
        highest=max(each.highest for each in parts),
        total=sum(each.total for each in parts),
        seconds=sum(each.seconds for each in parts),
    )


def _values(reading: Reading) -> Iterator[tuple[str, float]]:
    yield "vus", sum(counts.vus_active for counts in reading.scenarios.values())
    yield from _numbers("generator", reading.generator)
    if reading.host is not None:
        yield from _numbers("host", reading.host)
    for prefix, postgres in _databases(reading).items():
        is_up = postgres.state is PostgresState.UP
        yield f"{prefix}.up", is_up
        if is_up:
            yield from _numbers(prefix, postgres)
            for wait, sessions in (postgres.active_by_wait or {}).items():
                yield f"{prefix}.{_WAITS}.{wait}", sessions
    for watched in reading.watched:
        for series, value in watched.series.items():
            yield _named(watched, series), value


def _databases(reading: Reading) -> dict[str, PostgresReading]:
    """Return each database's reading by how the names of its numbers begin."""
    first = {} if reading.postgres is None else {_FIRST: reading.postgres}
    return first | {f"{_MORE}.{name}": each for name, each in reading.postgres_more.items()}


def _numbers(prefix: str, probe: Struct) -> Iterator[tuple[str, float]]:
    for field in probe.__struct_fields__:
        value = getattr(probe, field)
        if isinstance(value, int | float):
            yield f"{prefix}.{field}", value


def _tallies(readings: Sequence[Reading]) -> dict[str, Tally]:
    found: dict[str, list[Tally]] = {}
    for reading in readings:
        for name, tally in reading.tallies.items():
            found.setdefault(name, []).append(tally)
    return {name: merge(several) for name, several in found.items()}


def _scenarios(readings: Sequence[Reading]) -> dict[str, ScenarioCounts]:
    found: dict[str, ScenarioCounts] = {}
    for reading in readings:
        for name, counts in reading.scenarios.items():
            found[name] = sum_of(found.get(name, ScenarioCounts()), counts)
    newest = readings[-1].scenarios
    at_the_end = {name: newest.get(name, ScenarioCounts()) for name in found}
    return {
        name: replace(
            counts,
            vus_active=at_the_end[name].vus_active,
            vus_busy=at_the_end[name].vus_busy,
        )
        for name, counts in found.items()
    }


def _generator(readings: Sequence[Reading], extents: Mapping[str, Extent]) -> GeneratorReading:
    each = [reading.generator for reading in readings]
    starts = sum(it.starts for it in each)
    late = sum(it.late_start_ratio * it.starts for it in each)
    return replace(
        _averaged("generator", each[-1], extents),
        limited=any(it.limited for it in each),
        reasons=tuple(dict.fromkeys(reason for it in each for reason in it.reasons)),
        late_start_ratio=late / starts if starts else 0.0,
        starts=starts,
    )


def _host(readings: Sequence[Reading], extents: Mapping[str, Extent]) -> HostReading | None:
    watched = [each for each in readings if each.host is not None]
    if not watched:
        return None
    newest = watched[-1].host
    assert newest is not None, "chosen so"
    return replace(_averaged("host", newest, extents), core_percents=_core_percents(watched))


def _core_percents(watched: Sequence[Reading]) -> tuple[float, ...]:
    """Return the mean of each core; cores that came or went are those of the newest reading."""
    cores = [each.host.core_percents for each in watched if each.host is not None]
    seconds = [extents_of(each)["host.cpu_percent"].seconds for each in watched]
    if len(set(map(len, cores))) > 1:
        return cores[-1]
    return tuple(
        sum(percent * number for percent, number in zip(core, seconds, strict=True)) / sum(seconds)
        for core in zip(*cores, strict=True)
    )


def _postgres(
    prefix: str, readings: Sequence[Reading], extents: Mapping[str, Extent]
) -> PostgresReading:
    watched = [found[prefix] for each in readings if prefix in (found := _databases(each))]
    newest = watched[-1]
    # What there was to see when it was worst: a jam of three seconds is not averaged away.
    worst = max(watched, key=lambda it: it.blocked_sessions or 0)
    slowest = max(watched, key=lambda it: it.longest_transaction_s or 0.0)
    busiest = max(watched, key=lambda it: it.longest_running_s or 0.0)
    idlest = max(watched, key=lambda it: it.longest_idle_in_transaction_s or 0.0)
    return replace(
        _averaged(prefix, newest, extents),
        remark=next((it.remark for it in reversed(watched) if it.remark), ""),
        blockers=worst.blockers[:_LISTED],
        waiters=worst.waiters[:_LISTED],
        running=busiest.running[:_LISTED],
        idle_in_transaction=idlest.idle_in_transaction[:_LISTED],
        statements=newest.statements[:_LISTED],
        tables=newest.tables[:_LISTED],
        unused_indexes=newest.unused_indexes[:_LISTED],
        groups=newest.groups[:_LISTED],
        longest_transaction_pid=slowest.longest_transaction_pid,
        active_by_wait=_active(f"{prefix}.{_WAITS}", watched, extents),
        active_by_event=_events(prefix, readings),
    )


def _active(
    name: str, watched: Sequence[PostgresReading], extents: Mapping[str, Extent]
) -> dict[str, float] | None:
    prefix, _, field = name.rpartition(".")
    if all(getattr(it, field) is None for it in watched):
        return None
    up = extents.get(f"{prefix}.up")
    seconds = up.total if up is not None and up.total else 1.0
    # Over all seconds: in those that do not name a wait nobody waited so.
    return {
        each.removeprefix(f"{name}."): extent.total / seconds
        for each, extent in extents.items()
        if each.startswith(f"{name}.")
    }


def _events(prefix: str, readings: Sequence[Reading]) -> dict[str, float] | None:
    """Return the mean of each event; there are too many of them for extents of their own."""
    totals: dict[str, float] = {}
    up_s = 0.0
    for reading in readings:
        postgres = _databases(reading).get(prefix)
        if postgres is not None and postgres.active_by_event is not None:
            seconds = extents_of(reading)[f"{prefix}.up"].total
            up_s += seconds
            for event, sessions in postgres.active_by_event.items():
                totals[event] = totals.get(event, 0.0) + sessions * seconds
    return {event: total / up_s for event, total in totals.items()} if up_s else None


def _watched(readings: Sequence[Reading], extents: Mapping[str, Extent]) -> Iterator[Watched]:
    """Return each thing as it was seen last, with the mean of each number it ever had."""
    seen: dict[str, list[Watched]] = {}
    for reading in readings:
        for it in reading.watched:
            seen.setdefault(it.name, []).append(it)
    for several in seen.values():
        newest = several[-1]
        names = dict.fromkeys(series for it in several for series in it.series)
        yield replace(
            newest,
            remark=next((it.remark for it in reversed(several) if it.remark), ""),
            series={series: extents[_named(newest, series)].mean for series in names},
        )


def _named(watched: Watched, series: str) -> str:
    return f"watched.{watched.name}.{series}"


def _averaged(prefix: str, newest: _ProbeT, extents: Mapping[str, Extent]) -> _ProbeT:
    """Return *newest* with the mean, or the worst, of each figure that there is an extent of."""
    changes: dict[str, Any] = {}
    for field in fields(newest):
        name = f"{prefix}.{field.name}"
        if name in extents:
            value = extents[name].highest if is_worst(name) else extents[name].mean
            is_whole = field.type is int or int in get_args(field.type)
            changes[field.name] = round(value) if is_whole else value
    return replace(newest, **changes)
