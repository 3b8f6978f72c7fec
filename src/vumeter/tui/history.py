"""
The run's seconds as the charts need them: any window, in any number of columns, at once.

Each second is kept in packed arrays, and above it a pyramid whose level *k* merges 2**k
seconds. Levels are built when a chart first asks for them, and only as far as is new, so a
frame costs the same after a day as after a minute, and a late second only rebuilds what
stands on it. Merging keeps the worst: the greatest of a latency or a target, the sum of
requests, errors and drops.
"""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from operator import add

from vumeter.model.frame import Event, Point

MISSING = -1
"""In an array: no value. Below every real one, so that the greatest of two is right."""

LABEL_LIMIT = 1000
"""Events with a label that are kept; the oldest go first."""


class Window(Enum):
    """How far back the charts look; the value is in seconds, and `ALL` has none."""

    ONE_MINUTE = 60
    FIVE_MINUTES = 300
    HALF_AN_HOUR = 1800
    ALL = None

    @property
    def label(self) -> str:
        """The name that the cockpit shows."""
        return {60: "1m", 300: "5m", 1800: "30m"}.get(self.value or 0, "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """
    Some seconds of a run as one column of a chart. Latencies are the worst of them, in µs.

    *seconds* says how many of them are known; none is a gap. *limited* counts those in which
    the generator was the limit.
    """

    first_second: int
    seconds: int
    requests: int
    errors: int
    dropped: int
    p50_us: int | None
    p95_us: int | None
    p99_us: int | None
    requests_per_s: float
    """The greatest of any second."""
    errors_per_s: float
    """The greatest of any second."""
    rate_target_per_s: float | None
    limited: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A window cut into columns of *seconds_per_column* each, oldest first."""

    columns: tuple[Column, ...]
    seconds_per_column: int

    @property
    def first_second(self) -> int:
        """The second at which the first column begins."""
        return self.columns[0].first_second if self.columns else 0

    @property
    def seconds(self) -> int:
        """What the columns cover together."""
        return len(self.columns) * self.seconds_per_column


_MILLI = 1000
"""Rates are kept in thousandths per second, so that one kind of array holds all."""

_CACHE_LIMIT = 2000
"""Columns of one width that are kept: several times what the widest screen shows."""

_Level = dict[str, "array[int]"]


def _or_missing(value: int | None) -> int:
    return MISSING if value is None else value


def _rate_target(point: Point) -> int:
    rate = point.rate_target_per_s
    return MISSING if rate is None else round(rate * _MILLI)


_SHARED = frozenset({"requests", "errors", "dropped"})
"""Of a point of several seconds these are of all of them together, the others of each."""

_FIELDS: dict[str, Callable[[Point], int]] = {
    "seconds": lambda point: 1,
    "requests": lambda point: point.requests,
    "errors": lambda point: point.errors,
    "dropped": lambda point: point.dropped,
    "limited": lambda point: int(point.generator_limited),
    "p50": lambda point: _or_missing(point.p50_us),
    "p95": lambda point: _or_missing(point.p95_us),
    "p99": lambda point: _or_missing(point.p99_us),
    "peak_requests": lambda point: -(-point.requests // point.span_s),
    "peak_errors": lambda point: -(-point.errors // point.span_s),
    "rate_target": _rate_target,
}
"""What is kept of each second."""

_SUMS = frozenset({"seconds", "requests", "errors", "dropped", "limited"})
"""The fields that are added when seconds are merged; of the others the greatest remains."""

_MERGES: dict[str, Callable[[int, int], int]] = {
    name: add if name in _SUMS else max for name in _FIELDS
}
_EMPTY = {name: 0 if name in _SUMS else MISSING for name in _FIELDS}


class History:
    """Every second of a run, and what stands written on them."""

    def __init__(self) -> None:
        self._levels: list[_Level] = [_empty_level()]
        self._events: dict[int, Event] = {}
        self._columns: dict[int, dict[int, Column]] = {}

    @property
    def newest_second(self) -> int:
        """The newest second that is known; −1 before the first."""
        return len(self._levels[0]["seconds"]) - 1

    @property
    def events(self) -> tuple[Event, ...]:
        """The events that have a label for the charts, oldest first."""
        return tuple(self._events.values())

    def add(self, points: Sequence[Point]) -> None:
        """
        Take up seconds in any order; one that came before is replaced.

        A point of several seconds is taken for as many like each other.
        """
        base = self._levels[0]
        first = self.newest_second + 1
        if _is_unbroken(points, first):
            # The usual case, and the only fast one: a night's worth comes at once on attaching.
            for name, value_of in _FIELDS.items():
                base[name].extend(_spread(points, name, value_of))
            self._forget(first, self.newest_second)
            return
        for point in points:
            end = point.second + point.span_s
            packed = {name: _spread([point], name, it) for name, it in _FIELDS.items()}
            self._make_room(end - 1)
            # A frame brings its newest few seconds again and again.
            if any(base[name][point.second : end] != values for name, values in packed.items()):
                for name, values in packed.items():
                    base[name][point.second : end] = values
                self._forget(point.second, end - 1)

    def add_events(self, events: Iterable[Event]) -> None:
        """Keep the events that have a label; one that is known already stays as it is."""
        for event in events:
            if event.label:
                self._events.setdefault(event.serial, event)
        for serial in list(islice(self._events, max(0, len(self._events) - LABEL_LIMIT))):
            del self._events[serial]

    def span(self, window: Window, *, columns: int, end_second: int | None = None) -> Span:
        """
        Return the newest seconds of *window* in at most that many *columns*.

        Columns begin at multiples of their own length, so a second never changes its column
        while the chart moves; the newest column may be incomplete. A window that needs fewer
        seconds than there are columns shows more than it promises.

        Args:
            window: How far back to look.
            columns: How many columns there is room for, ≥ 1.
            end_second: The newest second to show; the newest known, when `None`.
        """
        newest = self.newest_second if end_second is None else end_second
        wanted_s = newest + 1 if window.value is None else int(window.value)
        width_s = column_seconds(wanted_s, columns)
        if newest < 0:
            return Span(columns=(), seconds_per_column=width_s)
        last = newest // width_s
        first = max(0, last - columns + 1)
        return Span(
            columns=tuple(self._column(index, width_s) for index in range(first, last + 1)),
            seconds_per_column=width_s,
        )

    def halves(self, span: Span) -> tuple[Column, ...]:
        """
        Return two columns for each of *span*: its halves, or itself twice when it is a second.

        That is what a cell of braille shows, which is two dots wide.
        """
        if span.seconds_per_column == 1:
            return tuple(column for column in span.columns for _ in range(2))
        half_s = span.seconds_per_column // 2
        first = span.first_second // half_s
        return tuple(
            self._column(index, half_s) for index in range(first, first + 2 * len(span.columns))
        )

    def _column(self, index: int, width_s: int) -> Column:
        """Return a column, from the cache when none of its seconds has changed since."""
        cache = self._columns.setdefault(width_s, {})
        column = cache.get(index)
        if column is None:
            if len(cache) >= _CACHE_LIMIT:
                cache.clear()
            column = cache[index] = self._new_column(index, width_s)
        return column

    def _new_column(self, index: int, width_s: int) -> Column:
        level_number = (width_s & -width_s).bit_length() - 1
        parts = width_s >> level_number
        level = self._level(level_number)
        start = index * parts
        merged = {name: _merged(level[name][start : start + parts], name) for name in _MERGES}
        return _unpacked(merged, first_second=index * width_s)

    def _level(self, number: int) -> _Level:
        """Return a level of the pyramid, built as far as the seconds reach."""
        while len(self._levels) <= number:
            self._levels.append(_empty_level())
        for above in range(1, number + 1):
            lower, upper = self._levels[above - 1], self._levels[above]
            built = len(upper["seconds"])
            if built * 2 < len(lower["seconds"]):
                for name, merge in _MERGES.items():
                    upper[name].extend(_pairs(lower[name], built * 2, name, merge))
        return self._levels[number]

    def _make_room(self, second: int) -> None:
        missing = second + 1 - len(self._levels[0]["seconds"])
        if missing > 0:
            for name, values in self._levels[0].items():
                values.extend([_EMPTY[name]] * missing)

    def _forget(self, first: int, last: int) -> None:
        """Drop what was made of the seconds *first* to *last*; it is built anew on demand."""
        for width_s, columns in self._columns.items():
            for index in range(first // width_s, last // width_s + 1):
                columns.pop(index, None)
        # A level is only built at its end, so what is newer goes, too.
        for number, level in enumerate(self._levels[1:], start=1):
            keep = first >> number
            if len(level["seconds"]) > keep:
                for values in level.values():
                    del values[keep:]


def column_seconds(wanted_s: int, columns: int) -> int:
    """
    Return how many seconds a column must hold: the next of 1, 2, 4, 6, 8, 12, 16, 24, …

    Each is one or three buckets of the pyramid. The length of a run only grows, so a chart
    of all of it changes its scale ever more rarely.

    >>> column_seconds(60, 76), column_seconds(300, 76), column_seconds(1800, 76)
    (1, 4, 24)
    """
    width_s = 1
    while width_s * columns < wanted_s:
        if width_s >= 4 and width_s & (width_s - 1) == 0 and width_s * 3 // 2 * columns >= wanted_s:
            return width_s * 3 // 2
        width_s *= 2
    return width_s


def _is_unbroken(points: Sequence[Point], first: int) -> bool:
    """Whether each of *points* begins where the one before it ends, the first one at *first*."""
    for point in points:
        if point.second != first:
            return False
        first += point.span_s
    return True


def _spread(points: Iterable[Point], name: str, value_of: Callable[[Point], int]) -> "array[int]":
    """Return a field's value in each second of *points*; sums are dealt out, and stay exact."""
    values = array("q")
    for point in points:
        value, span_s = value_of(point), point.span_s
        if span_s == 1:
            values.append(value)
        elif name in _SHARED:
            each, rest = divmod(value, span_s)
            values.extend(array("q", [each + 1]) * rest + array("q", [each]) * (span_s - rest))
        else:
            values.extend(array("q", [value]) * span_s)
    return values


def _empty_level() -> _Level:
    return {name: array("q") for name in _MERGES}


def _unpacked(values: dict[str, int], *, first_second: int) -> Column:
    rate = values["rate_target"]
    return Column(
        first_second=first_second,
        seconds=values["seconds"],
        requests=values["requests"],
        errors=values["errors"],
        dropped=values["dropped"],
        p50_us=_or_none(values["p50"]),
        p95_us=_or_none(values["p95"]),
        p99_us=_or_none(values["p99"]),
        requests_per_s=max(0, values["peak_requests"]),
        errors_per_s=max(0, values["peak_errors"]),
        rate_target_per_s=None if rate == MISSING else rate / _MILLI,
        limited=values["limited"],
    )


def _pairs(
    lower: "array[int]", start: int, name: str, merge: Callable[[int, int], int]
) -> Iterable[int]:
    """Return each two of *lower* from *start* on, merged; the last may be alone."""
    evens, odds = lower[start::2], lower[start + 1 :: 2]
    if len(odds) < len(evens):
        odds.append(_EMPTY[name])
    return map(merge, evens, odds)


def _merged(values: "array[int]", name: str) -> int:
    if not values:
        return _EMPTY[name]
    return sum(values) if name in _SUMS else max(values)


def _or_none(value: int) -> int | None:
    return None if value == MISSING else value
