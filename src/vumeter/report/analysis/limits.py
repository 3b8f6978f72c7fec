"""Where a run met limits: Little's law, and resources that were used up, in order of time."""

from collections.abc import Iterator
from itertools import groupby

from msgspec import Struct

from vumeter.report.course import Course
from vumeter.stats.plaintext import plain

_TOLERANCE = 0.15
"""So far VUs and rate × time may be apart: iterations that cross a border are counted late."""

_LEAST_ITERATIONS = 20
"""Of fewer in a stretch the law says nothing."""

_STRETCHES = 30
_LASTING_S = 3
"""So long a resource has to be used up without a pause before it counts."""

_FULL: tuple[tuple[str, float, str], ...] = (
    ("host.cpu_percent", 90, "the host's CPU"),
    ("host.busiest_core_percent", 98, "one core of the host"),
    ("host.memory_percent", 95, "the host's memory"),
    ("host.iowait_percent", 30, "the host's disks (waiting for them)"),
    ("postgres.connections_percent", 90, "PostgreSQL's connections"),
    ("postgres.blocked_sessions", 1, "a lock in PostgreSQL (sessions wait)"),
    ("generator.limited", 1, "vumeter itself"),
    ("dropped_per_s", 1e-9, "virtual users (iterations were dropped)"),
)


_WATCHED_FULL: tuple[tuple[str, float, str], ...] = (
    ("throttled_percent", 10, "{name}'s share of the CPU (its control group holds it back)"),
    ("clients_waiting", 1, "{name}'s connections (clients wait)"),
)
"""The same of whatever is watched under a name, by how its series end."""


class Little(Struct, frozen=True, kw_only=True):
    """
    VUs = iterations per second × seconds per iteration, on average, whatever happens inside.

    J. D. C. Little, 1961; docs/measurement.md, "Little's law". Where it does not hold, VUs were
    doing nothing (backed off, paused), or the run was in between two states.
    """

    vus: float
    """As they were counted, on average; of the open model, those that were busy."""
    rate_per_s: float
    """Iterations that were done."""
    iteration_s: float
    """How long one took, on average."""
    product: float
    """Of the last two: as many VUs as the law says."""
    ratio: float
    """Of the product to the VUs; 1: it holds."""
    broken_s: int
    """In how much of the run it did not."""
    first_broken_s: int | None
    """When that was first."""


class Full(Struct, frozen=True, kw_only=True):
    """A resource that was used up for a while."""

    resource: str
    series: str
    limit: float
    first_s: int
    seconds: int
    """In all."""


def little_of(course: Course, *, is_open: bool) -> Little | None:
    """Return whether the law holds; `None`: no iteration was done."""
    counted = course.vus_busy if is_open else course.vus
    seconds = sum(course.spans_s)
    done, spent_s = sum(course.iterations), sum(course.iteration_s)
    vu_s = sum(vus * span for vus, span in zip(counted, course.spans_s, strict=True))
    if not done or not vu_s:
        return None
    broken = list(_broken(course, counted))
    return Little(
        vus=vu_s / seconds,
        rate_per_s=done / seconds,
        iteration_s=spent_s / done,
        product=spent_s / seconds,
        ratio=spent_s / vu_s,
        broken_s=sum(length for _, length in broken),
        first_broken_s=broken[0][0] if broken else None,
    )


def full_of(course: Course) -> tuple[Full, ...]:
    """Return each resource that was used up, the first one first."""
    found = (_full(course, *each) for each in (*_FULL, *_watched(course)))
    return tuple(sorted((each for each in found if each), key=lambda it: it.first_s))


def _watched(course: Course) -> Iterator[tuple[str, float, str]]:
    """Yield what may be used up of things that are watched: series, limit, words."""
    for series in course.series:
        kind, _, rest = series.partition(".")
        name, _, field = rest.rpartition(".")
        for ending, limit, words in _WATCHED_FULL:
            if kind == "watched" and field == ending:
                yield series, limit, words.format(name=plain(name))


def _broken(course: Course, counted: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Yield beginning and length of each stretch in which VUs and their work do not fit."""
    size = max(1, len(course.seconds) // _STRETCHES)
    for first in range(0, len(course.seconds), size):
        part = slice(first, first + size)
        spans_s = course.spans_s[part]
        spent_s = sum(course.iteration_s[part])
        vu_s = sum(vus * span for vus, span in zip(counted[part], spans_s, strict=True))
        done = sum(course.iterations[part])
        is_short = done < _LEAST_ITERATIONS or spent_s / done > sum(spans_s) / 10
        if not is_short and vu_s and abs(spent_s / vu_s - 1) > _TOLERANCE:
            yield course.seconds[first], sum(spans_s)


def _full(course: Course, name: str, limit: float, resource: str) -> Full | None:
    values = course.series.get(name, ())
    spans = zip(course.seconds, course.spans_s, values, strict=False)
    stretches = []
    for is_full, several in groupby(spans, lambda it: it[2] is not None and it[2] >= limit):
        part = list(several)
        length_s = sum(span for _, span, _ in part)
        if is_full and length_s >= _LASTING_S:
            stretches.append((part[0][0], length_s))
    if not stretches:
        return None
    return Full(
        resource=resource,
        series=name,
        limit=limit,
        first_s=stretches[0][0],
        seconds=sum(length_s for _, length_s in stretches),
    )
