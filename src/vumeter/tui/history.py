"""
The run's points as the charts need them: any window, in any number of columns, at once.

There is a track for each length of point that the run sends: seconds for what is new, ten
seconds and minutes for what is old. A chart is made of one of them wherever that is possible,
since the p99 of a minute and the worst p99 of its seconds are two different things; where only
longer points are known than a column is wide, the column shows the one that it lies in.
Whatever is worth asking the run for is `wish`'s to say.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby, islice
from typing import NamedTuple

from vumeter.model.frame import SPANS_S, Event, EventLevel, Frame, Point
from vumeter.tui.columns import Column, Part, Span, filled
from vumeter.tui.series_track import SeriesTrack
from vumeter.tui.tracks import Track

EVENT_LIMIT = 2000
"""Events that are kept; the oldest go first."""

PROBE_LIMIT = 14_400
"""Seconds of which it is known what host and database said; frames carry it, points do not."""

FINE_S, MIDDLE_S, COARSE_S = SPANS_S

_FINE_UPTO_S = 4 * 3600
_MIDDLE_UPTO_S = 40 * 3600
"""How long a stretch may be to be wanted in seconds, and in tens of them: 14,400 points."""

_PAGE_LIMITS = {FINE_S: 64, MIDDLE_S: 64, COARSE_S: None}
"""Nine hours of seconds, ninety of tens, every minute: 9 MB with a run of 72 hours."""

_ENOUGH_RATIO = 0.95
"""Of a stretch that a track must know so that a chart is made of it alone."""

_SETTLED_S = 5
"""After which a point that has not come will not come by itself."""


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


class Probes(NamedTuple):
    """What a viewer has seen of host and database in a second; `None`: it saw nothing."""

    cpu_percent: float | None
    """The host's."""
    sessions: int | None
    """Connections to the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Points that a chart would like to have: those of *span_s* from one second to another."""

    from_second: int
    to_second: int
    """The one after the last."""
    span_s: int


_CACHE_LIMIT = 20_000
"""Columns of one width that are kept: the minutes of two weeks."""

_CACHED_WIDTHS = 8


class History:
    """Every point of a run that is known, and what stands written on them."""

    def __init__(self) -> None:
        self._tracks = _new_tracks()
        self._newest = -1
        self._events: dict[int, Event] = {}
        self._columns: dict[tuple[int, int], dict[int, Column]] = {}
        self._probes: dict[int, Probes] = {}
        self.series = SeriesTrack()
        """What stands under the latency chart."""

    @property
    def newest_second(self) -> int:
        """The newest second that is known; −1 before the first."""
        return self._newest

    @property
    def events(self) -> tuple[Event, ...]:
        """The events that have a label for the charts, oldest first."""
        return tuple(event for event in self._events.values() if event.label)

    @property
    def happenings(self) -> tuple[Event, ...]:
        """What was done and what went wrong, with a label or without, oldest first."""
        return tuple(self._events.values())

    def clear(self) -> None:
        """Forget everything."""
        self._tracks = _new_tracks()
        self._newest = -1
        self._events.clear()
        self._columns.clear()
        self._probes.clear()
        self.series.clear()

    def add(self, points: Sequence[Point]) -> None:
        """Take up points in any order; one that came before is replaced."""
        for span_s, of_span in groupby(points, key=lambda point: point.span_s):
            run = list(of_span)
            self._newest = max(self._newest, max(point.second for point in run) + span_s - 1)
            track = self._tracks.setdefault(span_s, Track(span_s))
            for first, last in track.add(run):
                self._forget(first * span_s, last * span_s + span_s - 1)

    def add_events(self, events: Iterable[Event]) -> None:
        """Keep what a chart or a night's report tells; what is known already stays as it is."""
        for event in events:
            if event.label or event.level not in (EventLevel.INFO, EventLevel.SCRIPT):
                self._events.setdefault(event.serial, event)
        for serial in list(islice(self._events, max(0, len(self._events) - EVENT_LIMIT))):
            del self._events[serial]

    def add_probes(self, second: int, probes: Probes) -> None:
        """Keep what the host and the database said, as long as the finest points are kept."""
        self._probes[second] = probes
        if len(self._probes) > PROBE_LIMIT:
            del self._probes[next(iter(self._probes))]

    def probes(self, first_second: int, end_second: int) -> Probes:
        """Return the greatest of what the host and the database said in that stretch."""
        found = [
            self._probes[second]
            for second in range(first_second, end_second)
            if second in self._probes
        ]
        return Probes(
            cpu_percent=max(
                (at.cpu_percent for at in found if at.cpu_percent is not None), default=None
            ),
            sessions=max((at.sessions for at in found if at.sessions is not None), default=None),
        )

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
        # All of a run is as long wherever in it one looks.
        wanted_s = (
            max(newest, self.newest_second) + 1 if window.value is None else int(window.value)
        )
        point_s = wanted_span_s(wanted_s)
        width_s = point_s * column_seconds(-(-wanted_s // point_s), columns)
        if newest < 0:
            return Span(columns=(), seconds_per_column=width_s, wanted_s=point_s, track_s=point_s)
        last = newest // width_s
        first = max(0, last - columns + 1)
        track_s = self._track_for(first * width_s, (last + 1) * width_s, point_s)
        return Span(
            columns=tuple(
                self._column(index, width_s, track_s) for index in range(first, last + 1)
            ),
            seconds_per_column=width_s,
            wanted_s=point_s,
            track_s=track_s,
        )

    def minutes(self) -> tuple[Column, ...]:
        """Return the whole run by the minute: of whole ones where they are known."""
        last = self.newest_second // COARSE_S
        return tuple(self._column(index, COARSE_S, COARSE_S) for index in range(last + 1))

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
            self._column(index, half_s, span.track_s)
            for index in range(first, first + 2 * len(span.columns))
        )

    def wish(self, first_second: int, end_second: int, *, span_s: int) -> Wish | None:
        """
        Return what to ask the run for, to know that stretch in points of *span_s*.

        `None`: nothing, or it was asked for before. A stretch may take several.
        """
        end = min(end_second, self.newest_second + 1 - (_SETTLED_S if span_s > 1 else 0))
        if end - first_second < span_s:
            return None
        places = self._tracks[span_s].unasked(first_second // span_s, end // span_s)
        if places is None:
            return None
        first, last = places
        return Wish(from_second=first * span_s, to_second=(last + 1) * span_s, span_s=span_s)

    def ask_anew(self) -> None:
        """Wish again for what was asked for in vain: somebody else answers now."""
        for track in self._tracks.values():
            track.forget_asking()
        self.series.ask_anew()

    def _track_for(self, first_second: int, end_second: int, wanted_s: int) -> int:
        """Return the shortest points that the whole stretch is known in; else what is wanted."""
        seconds = min(end_second, self.newest_second + 1) - first_second
        for span_s, track in sorted(self._tracks.items()):
            known = track.known(first_second // span_s, -(-end_second // span_s))
            if known * span_s >= _ENOUGH_RATIO * seconds:
                return span_s
        return wanted_s

    def _column(self, index: int, width_s: int, track_s: int) -> Column:
        """Return a column, from the cache when none of its seconds has changed since."""
        cache = self._columns.get((track_s, width_s))
        if cache is None:
            if len(self._columns) >= _CACHED_WIDTHS:
                del self._columns[next(iter(self._columns))]
            cache = self._columns[track_s, width_s] = {}
        column = cache.get(index)
        if column is None:
            if len(cache) >= _CACHE_LIMIT:
                cache.clear()
            column = cache[index] = self._new_column(index * width_s, width_s, track_s)
        return column

    def _new_column(self, first_second: int, width_s: int, track_s: int) -> Column:
        end_second = min(first_second + width_s, self.newest_second + 1)
        spans_s = sorted(self._tracks, reverse=True)
        unknown = [(first_second, end_second)]
        parts: list[Part] = []
        # What the chart is made of and what is finer; then anything; then a share of anything.
        own = [span_s for span_s in spans_s if span_s <= track_s]
        for allowed in (own, spans_s) if own != spans_s else (own,):
            stretches, unknown = unknown, []
            for first, end in stretches:
                self._gather(first, end, allowed, parts, unknown)
        for first, end in unknown:
            parts += self._shares(first, end)
        return filled(parts, first_second)

    def _gather(
        self,
        first: int,
        end: int,
        spans_s: Sequence[int],
        parts: list[Part],
        unknown: list[tuple[int, int]],
    ) -> None:
        """
        Add to *parts* what is known of a stretch, in the first length that it is known in.

        Points count that lie in the stretch with all of their length. The rest of it is added
        to *unknown*.
        """
        if not spans_s:
            unknown.append((first, end))
            return
        span_s, *shorter = spans_s
        track = self._tracks[span_s]
        low, high = -(-first // span_s), end // span_s
        merged = track.merged(low, high) if low < high else None
        rest = [(first, end)]
        if merged is not None:
            parts.append((span_s, 1.0, merged))
            gaps = track.gaps(low, high) if merged.points < high - low else ()
            rest = [
                (first, low * span_s),
                *((start * span_s, stop * span_s) for start, stop in gaps),
                (high * span_s, end),
            ]
        for start, stop in rest:
            if start < stop:
                self._gather(start, stop, shorter, parts, unknown)

    def _shares(self, first: int, end: int) -> Iterator[Part]:
        """Yield the points that reach into a stretch, with the share of them that does."""
        while first < end:
            stop = min(end, (first // MIDDLE_S + 1) * MIDDLE_S)
            for span_s in sorted(self._tracks):
                place = first // span_s
                merged = self._tracks[span_s].merged(place, place + 1)
                if merged is not None:
                    stop = min(end, (place + 1) * span_s)
                    yield span_s, (stop - first) / span_s, merged
                    break
            first = stop

    def _forget(self, first: int, last: int) -> None:
        """Drop what was made of the seconds *first* to *last*; it is built anew on demand."""
        for (_, width_s), columns in self._columns.items():
            for index in range(first // width_s, last // width_s + 1):
                columns.pop(index, None)


def _new_tracks() -> dict[int, Track]:
    return {span_s: Track(span_s, page_limit=limit) for span_s, limit in _PAGE_LIMITS.items()}


def probes_of(frame: Frame) -> Probes:
    """Return what *frame* says of host and database."""
    return Probes(
        cpu_percent=frame.host.cpu_percent if frame.host else None,
        sessions=frame.postgres.connections_used if frame.postgres else None,
    )


def wanted_span_s(seconds: int) -> int:
    """
    Return how long the points should be that a stretch of so many seconds is drawn from.

    >>> [wanted_span_s(hours * 3600) for hours in (1, 24, 72)]
    [1, 10, 60]
    """
    if seconds <= _FINE_UPTO_S:
        return FINE_S
    return MIDDLE_S if seconds <= _MIDDLE_UPTO_S else COARSE_S


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
