"""Which resources were exhausted at a load, and which of them was the first along a curve."""

from collections.abc import Callable, Iterator, Sequence
from statistics import fmean
from typing import NamedTuple

from vumeter.model.measure import Reading
from vumeter.model.pilot import LoadPoint
from vumeter.model.watched import Watched, WatchedKind, WatchedState
from vumeter.pilot.window import Second


class _Use(NamedTuple):
    words: str
    """With a place for how much is used."""
    used: float
    limit: float
    """From there on it is exhausted."""


def saturated(seconds: Sequence[Second]) -> tuple[str, ...]:
    """Return the resources that were exhausted in *seconds*, in words, the worst first."""
    used: dict[str, list[tuple[float, float]]] = {}
    for each in seconds:
        for use in _uses(each.reading):
            used.setdefault(use.words, []).append((use.used, use.limit))
    found = []
    for words, known in used.items():
        # Of things that are gone for some of the seconds, of those in which they were there.
        mean = fmean(value for value, _ in known)
        limit = known[-1][1]
        if mean >= limit:
            found.append((mean / limit, words.format(mean)))
    return tuple(words for _, words in sorted(found, reverse=True))


def first_saturated(curve: Sequence[LoadPoint]) -> str:
    """Return what was exhausted at the lowest load, in words; empty: nothing that is watched."""
    for point in sorted(curve, key=lambda each: each.load):
        if point.saturated:
            return f"{point.saturated[0]} at {point.load:g}"
    return ""


def _uses(reading: Reading) -> Iterator[_Use]:
    for words, limit, used_percent in _RESOURCES:
        used = used_percent(reading)
        if used is not None:
            yield _Use(words, used, limit)
    for each in reading.watched:
        if each.state is WatchedState.UP:
            yield from _watched_uses(each)


def _watched_uses(it: Watched) -> Iterator[_Use]:
    """Yield how much is used of what *it* has a known amount of."""
    name, series = it.name.replace("{", "{{").replace("}", "}}"), it.series
    cpu_percent = series.get("cpu_percent")
    if cpu_percent is not None:
        cores = series.get("cpu_limit_cores")
        if cores:
            yield _Use(f"{name}: {{:.0f}}% of its share of the CPU", cpu_percent / cores, 90.0)
        elif it.kind is WatchedKind.REDIS or series.get("processes") == 1:
            # One process that has a whole core has no more where it is single-threaded.
            yield _Use(f"{name}: {{:.0f}}% of one core", cpu_percent, 95.0)
    if "throttled_percent" in series:
        held = series["throttled_percent"]
        yield _Use(f"{name}: held back in {{:.0f}}% of its periods by its group", held, 10.0)
    if "clients_waiting" in series:
        yield _Use(f"{name}: {{:.0f}} clients wait for a connection", series["clients_waiting"], 1)
    clients, most = series.get("clients"), series.get("client_limit")
    if clients is not None and most:
        yield _Use(f"{name}: {{:.0f}}% of its clients", 100 * clients / most, 90.0)


def _host_cpu(reading: Reading) -> float | None:
    return None if reading.host is None else reading.host.cpu_percent


def _busiest_core(reading: Reading) -> float | None:
    if reading.host is None or not reading.host.core_percents:
        return None
    return max(reading.host.core_percents)


def _memory(reading: Reading) -> float | None:
    host = reading.host
    if host is None or not host.memory_total_bytes:
        return None
    return 100 * host.memory_used_bytes / host.memory_total_bytes


def _connections(reading: Reading) -> float | None:
    postgres = reading.postgres
    if postgres is None or postgres.connections_used is None or not postgres.connections_max:
        return None
    return 100 * postgres.connections_used / postgres.connections_max


def _sessions(reading: Reading) -> float | None:
    postgres = reading.postgres
    if postgres is None or not postgres.cpu_count or postgres.active_by_wait is None:
        return None
    return 100 * sum(postgres.active_by_wait.values()) / postgres.cpu_count


def _generator(reading: Reading) -> float | None:
    return reading.generator.cpu_percent if reading.workers_heard else None


_RESOURCES: tuple[tuple[str, float, Callable[[Reading], float | None]], ...] = (
    ("host CPU {:.0f}%", 90.0, _host_cpu),
    ("a core of the host {:.0f}%", 97.0, _busiest_core),
    ("host memory {:.0f}%", 95.0, _memory),
    ("PostgreSQL connections {:.0f}%", 90.0, _connections),
    ("PostgreSQL active sessions of its cores {:.0f}%", 100.0, _sessions),
    ("generator CPU {:.0f}%", 90.0, _generator),
)
"""In words, from how many percent on it is exhausted, and how many are used."""
