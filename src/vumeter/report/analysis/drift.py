"""What climbed or fell over a run: robust slopes, first against last quarter, changes, limits."""

from collections.abc import Iterator, Sequence
from statistics import median

from msgspec import Struct

from vumeter.model.metric import Unit
from vumeter.model.summary import Summary
from vumeter.report.course import Course
from vumeter.stats import series
from vumeter.stats.numeric.changes import change_points
from vumeter.stats.numeric.ranks import shift
from vumeter.stats.numeric.trends import Slope, slope
from vumeter.thresholds.rules import rules_of

ALPHA = 0.005
"""
In so many runs without a drift any series at all would be said to have one, were spans
independent. Those that resemble each other make it 2 of 100: tests/report/analysis.
"""

LEAST_CHANGE = 0.05
"""A drift over the whole run is worth a word from a twentieth of the series' level on."""

FEWEST = 24
"""Of fewer spans there is no first and no last quarter to speak of."""

_LEAST_SUPERIORITY = 0.7
"""Of the last quarter's values so many are above those of the first, or below: a large effect."""

_CHANGE_ALPHA = 0.001
_FULL_PERCENT = 100.0
_LEVELS = {50.0: "latency.p50_ms", 95.0: "latency.p95_ms", 99.0: "latency.p99_ms"}
_WITHOUT_DRIFT = ("generator.starts", "postgres.deadlocks", "postgres.up", "generator.limited")
"""Counts since the start always climb, and what is only 0 or 1 has no level."""


class Change(Struct, frozen=True, kw_only=True):
    """A moment at which a series went to another level."""

    at_s: int
    before: float
    after: float


class Drift(Struct, frozen=True, kw_only=True):
    """One series over the whole run; all values in its unit."""

    series: str
    unit: Unit
    first: float
    """The median of the first quarter."""
    last: float
    slope_per_h: float
    """Theil–Sen's."""
    low_per_h: float
    high_per_h: float
    """Between these lies the true slope, with `1 − ALPHA` over all series together."""
    superiority: float
    """How often a value of the last quarter is above one of the first, 0 to 1."""
    p: float
    """Mann and Whitney's of that."""
    is_real: bool
    """Whether slope and shift agree that it is no chance, and it is worth a word."""
    changes: tuple[Change, ...] = ()
    limit: float | None = None
    """What it may not go beyond; `None`: nothing says."""
    hours_left: float | None = None
    """From the run's end until the line meets the limit; `None`: it does not go there."""
    hours_left_least: float | None = None
    """The same for the steepest slope that is possible."""


def drifts_of(course: Course, summary: Summary) -> tuple[Drift, ...]:
    """Return how every series went; those that drift first, the farthest ones before others."""
    spans = zip(course.seconds, course.spans_s, strict=True)
    hours = [(second + span_s / 2) / 3600 for second, span_s in spans]
    known = {
        name: [(at, value) for at, value in zip(hours, values, strict=True) if value is not None]
        for name, values in course.series.items()
        if not name.endswith(_WITHOUT_DRIFT)
    }
    enough = {name: pairs for name, pairs in known.items() if _is_worth_it(pairs)}
    limits = dict(_limits(summary))
    several = max(1, len(enough))
    found = [_drift(name, pairs, several, limits.get(name)) for name, pairs in enough.items()]
    return tuple(
        sorted(
            (each for each in found if each),
            key=lambda it: (not it.is_real, not it.changes, -_size(it)),
        )
    )


def _is_worth_it(pairs: Sequence[tuple[float, float]]) -> bool:
    values = {value for _, value in pairs}
    return len(pairs) >= FEWEST and len(values) > 2


def _drift(
    name: str, pairs: Sequence[tuple[float, float]], several: int, limit: float | None
) -> Drift | None:
    hours, values = [at for at, _ in pairs], [value for _, value in pairs]
    line = slope(hours, values, confidence=1 - ALPHA / several)
    if line is None:
        return None
    quarter = len(values) // 4
    moved = shift(values[:quarter], values[-quarter:], factor=line.factor)
    first, last = median(values[:quarter]), median(values[-quarter:])
    size = abs(line.per_x) * (hours[-1] - hours[0])
    level = max(abs(first), abs(last))
    agrees = abs(moved.superiority - 0.5) >= _LEAST_SUPERIORITY - 0.5
    is_real = line.is_real and agrees and moved.p < 0.05 and size >= LEAST_CHANGE * level
    hours_left, least = _left(line, hours[-1], limit) if is_real else (None, None)
    return Drift(
        series=name,
        unit=series.unit_of(name),
        first=first,
        last=last,
        slope_per_h=line.per_x,
        low_per_h=line.low_per_x,
        high_per_h=line.high_per_x,
        superiority=moved.superiority,
        p=moved.p,
        is_real=is_real,
        changes=tuple(_changes(hours, values, p=_CHANGE_ALPHA / several)),
        limit=limit,
        hours_left=hours_left,
        hours_left_least=least,
    )


def _changes(hours: Sequence[float], values: Sequence[float], *, p: float) -> Iterator[Change]:
    """Yield changes of level that are worth a word."""
    positions = change_points(values, p=p)
    borders = [0, *positions, len(values)]
    for before, at, after in zip(borders, borders[1:], borders[2:], strict=False):
        old, new = median(values[before:at]), median(values[at:after])
        if abs(new - old) >= LEAST_CHANGE * max(abs(old), abs(new)):
            middle_h = (hours[at - 1] + hours[at]) / 2
            yield Change(at_s=round(middle_h * 3600), before=old, after=new)


def _left(line: Slope, end_h: float, limit: float | None) -> tuple[float | None, float | None]:
    """Return the hours until the line meets *limit*, and the least that are possible."""
    if limit is None:
        return None, None
    distance = limit - line.at(end_h)

    def hours(per_h: float) -> float | None:
        return distance / per_h if per_h and distance / per_h >= 0 else None

    steepest = line.high_per_x if distance >= 0 else line.low_per_x
    return hours(line.per_x), hours(steepest)


def _limits(summary: Summary) -> Iterator[tuple[str, float]]:
    """Yield what nobody can have more of, and what the run's own thresholds allow."""
    for name in ("host.memory_percent", "postgres.connections_percent"):
        yield name, _FULL_PERCENT
    for rule in rules_of(summary.plan):
        is_whole = rule.metric.name == "http_req_duration" and not rule.threshold.metric.count("{")
        if is_whole and rule.percent in _LEVELS and rule.relation in ("<", "<="):
            yield _LEVELS[rule.percent], rule.limit


def _size(it: Drift) -> float:
    level = max(abs(it.first), abs(it.last))
    return abs(it.last - it.first) / level if level else 0.0
