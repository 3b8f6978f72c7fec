"""The knee of a response-time curve, and the first resource that was exhausted along it."""

from collections.abc import Callable, Sequence

from vumeter.model.measure import Reading
from vumeter.model.pilot import LoadPoint
from vumeter.pilot.window import Second

_LEAST_POINTS = 5
_LEAST_BEND = 0.2
"""Of the unit square: a curve that lies no farther below its chord has no knee."""


def knee(curve: Sequence[LoadPoint]) -> float | None:
    """
    Return the load beyond which p95 grows faster than throughput; `None`: there is no bend.

    The point farthest below the chord, both axes scaled to 0..1: Satopää, Albrecht, Irwin and
    Raghavan, *Finding a "Kneedle" in a Haystack*, 2011, of a curve that is not smoothed.
    """
    points = sorted((each.requests_per_s, each.p95_ms, each.load) for each in curve if each.p95_ms)
    if len(points) < _LEAST_POINTS:
        return None
    xs, ys = [point[0] for point in points], [point[1] or 0.0 for point in points]
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    if width <= 0 or height <= 0:
        return None
    bends = [
        ((x - min(xs)) / width - (y - min(ys)) / height, point[2])
        for x, y, point in zip(xs, ys, points, strict=True)
    ]
    bend, load = max(bends)
    return load if bend >= _LEAST_BEND else None


def saturated(seconds: Sequence[Second]) -> tuple[str, ...]:
    """Return the resources that were exhausted in *seconds*, in words, the worst first."""
    found = []
    for name, limit, used_percent in _RESOURCES:
        known = [used for each in seconds if (used := used_percent(each.reading)) is not None]
        mean = sum(known) / len(known) if known else 0.0
        if mean >= limit:
            found.append((mean / limit, f"{name} {mean:.0f}%"))
    return tuple(words for _, words in sorted(found, reverse=True))


def first_saturated(curve: Sequence[LoadPoint]) -> str:
    """Return what was exhausted at the lowest load, in words; empty: nothing that is watched."""
    for point in sorted(curve, key=lambda each: each.load):
        if point.saturated:
            return f"{point.saturated[0]} at {point.load:g}"
    return ""


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
    ("host CPU", 90.0, _host_cpu),
    ("a core of the host", 97.0, _busiest_core),
    ("host memory", 95.0, _memory),
    ("PostgreSQL connections", 90.0, _connections),
    ("PostgreSQL active sessions of its cores", 100.0, _sessions),
    ("generator CPU", 90.0, _generator),
)
"""Name, from how many percent on it is exhausted, and how many are used."""
