"""
Points of one length, packed: whole numbers in pages of arrays, the pages used last in memory.

A track of 1 s points holds seconds, one of 60 s points minutes. Merging neighbours keeps the
worst: the greatest of a latency or a target, the sum of requests, errors and drops.
"""

from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from vumeter.model.frame import Point

MISSING = -1
"""In an array: no value. Below every real one, so that the greatest of two is right."""

PAGE_POINTS = 512
"""Points of a page; one takes 11 × 8 bytes, so a page takes 45 kB."""

MILLI = 1000
"""Rates and targets are kept in thousandths, so that one kind of array holds all."""


def _or_missing(value: int | None) -> int:
    return MISSING if value is None else value


def _milli(value: float | None) -> int:
    return MISSING if value is None else round(value * MILLI)


_FIELDS: dict[str, Callable[[Point], int]] = {
    "requests": lambda point: point.requests,
    "errors": lambda point: point.errors,
    "dropped": lambda point: point.dropped,
    "limited": lambda point: int(point.generator_limited),
    "p50": lambda point: _or_missing(point.p50_us),
    "p95": lambda point: _or_missing(point.p95_us),
    "p99": lambda point: _or_missing(point.p99_us),
    "max": lambda point: _or_missing(point.max_us),
    "vus": lambda point: point.vus,
    "vus_target": lambda point: _milli(point.vus_target),
    "rate_target": lambda point: _milli(point.rate_target_per_s),
}
"""What is kept of each point. Where there is none, all of them are `MISSING`."""

_SUMS = ("requests", "errors", "dropped", "limited")

_Page = dict[str, "array[int]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Some neighbouring points of a track in one. Latencies and targets are the greatest."""

    points: int
    """How many of them are known."""
    requests: int
    errors: int
    dropped: int
    limited: int
    peak_requests: int
    """The greatest of any point."""
    peak_errors: int
    p50: int
    p95: int
    p99: int
    max: int
    vus: int
    vus_target: int
    rate_target: int


class Track:
    """
    Points of *span_s* seconds each, addressed by their place: second // span.

    Args:
        span_s: Seconds that a point is of.
        page_limit: Pages in memory; beyond, the one that was used longest ago goes. `None`: all
            stay.
    """

    def __init__(self, span_s: int, *, page_limit: int | None = None) -> None:
        self.span_s = span_s
        self._page_limit = page_limit
        self._pages: OrderedDict[int, _Page] = OrderedDict()
        self._asked: dict[int, int] = {}

    def add(self, points: Sequence[Point]) -> Iterator[tuple[int, int]]:
        """Take up points, oldest first in the usual case; yield first and last changed place."""
        for run in _runs(points, self.span_s):
            packed = {name: array("q", map(value_of, run)) for name, value_of in _FIELDS.items()}
            first = run[0].second // self.span_s
            page = self._page(first // PAGE_POINTS)
            start = first % PAGE_POINTS
            cells = slice(start, start + len(run))
            # A frame brings its newest few seconds again and again.
            if any(page[name][cells] != values for name, values in packed.items()):
                for name, values in packed.items():
                    page[name][cells] = values
                yield first, first + len(run) - 1

    def merged(self, first: int, end: int) -> Merged | None:
        """Return the points from place *first* up to and without *end* in one; `None`: none."""
        if end - first == 1:
            return self._alone(first)
        known = self.known(first, end)
        if not known:
            return None
        parts = list(self._cells(first, end))
        unknown = sum(len(page["requests"][cells]) for page, cells in parts) - known
        sums = {
            name: sum(sum(page[name][cells]) for page, cells in parts) - MISSING * unknown
            for name in _SUMS
        }
        greatest = {
            name: max(max(page[name][cells]) for page, cells in parts)
            for name in _FIELDS
            if name != "limited"
        }
        return Merged(
            points=known,
            peak_requests=greatest["requests"],
            peak_errors=greatest["errors"],
            **(greatest | sums),
        )

    def known(self, first: int, end: int) -> int:
        """Return how many points there are from place *first* up to and without *end*."""
        slices = (page["requests"][cells] for page, cells in self._cells(first, end))
        return sum(len(values) - values.count(MISSING) for values in slices)

    def gaps(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield the stretches of unknown places from *first* up to and without *end*."""
        start = None
        for place in range(first, end):
            if not self._has(place):
                start = place if start is None else start
            elif start is not None:
                yield start, place
                start = None
        if start is not None:
            yield start, end

    def unasked(self, first: int, end: int) -> tuple[int, int] | None:
        """
        Return the first and last place that is worth asking the run for; `None`: nothing is.

        They lie in one page, the newest that has places before *end* which are neither known
        nor were asked for. They count as asked for from now on: where the run has nothing
        either, it is asked once.
        """
        for number in range((end - 1) // PAGE_POINTS, first // PAGE_POINTS - 1, -1):
            start = number * PAGE_POINTS
            low, high = max(start, self._asked.get(number, 0)), min(end, start + PAGE_POINTS)
            missing = [place for place in range(low, high) if not self._has(place)]
            if missing:
                self._asked[number] = high
                return missing[0], missing[-1]
        return None

    def forget_asking(self) -> None:
        """Ask again for what was asked for in vain."""
        self._asked.clear()

    def _alone(self, place: int) -> Merged | None:
        """Return one point as it is: a tenth of the work of merging it with none."""
        if not self._has(place):
            return None
        page = self._pages[place // PAGE_POINTS]
        self._pages.move_to_end(place // PAGE_POINTS)
        point = {name: values[place % PAGE_POINTS] for name, values in page.items()}
        return Merged(
            points=1, peak_requests=point["requests"], peak_errors=point["errors"], **point
        )

    def _has(self, place: int) -> bool:
        page = self._pages.get(place // PAGE_POINTS)
        return page is not None and page["requests"][place % PAGE_POINTS] != MISSING

    def _cells(self, first: int, end: int) -> Iterator[tuple[_Page, slice]]:
        """Yield each page that has some of these places, and which of its cells they are."""
        for number in range(first // PAGE_POINTS, -(-end // PAGE_POINTS)):
            page = self._pages.get(number)
            if page is not None:
                self._pages.move_to_end(number)
                start = number * PAGE_POINTS
                yield page, slice(max(0, first - start), min(PAGE_POINTS, end - start))

    def _page(self, number: int) -> _Page:
        page = self._pages.get(number)
        if page is None:
            blank = array("q", [MISSING]) * PAGE_POINTS
            page = self._pages[number] = {name: array("q", blank) for name in _FIELDS}
        self._pages.move_to_end(number)
        if self._page_limit is not None and len(self._pages) > self._page_limit:
            oldest, _ = self._pages.popitem(last=False)
            self._asked.pop(oldest, None)
        return page


def _runs(points: Sequence[Point], span_s: int) -> Iterator[list[Point]]:
    """Yield the points in runs of neighbours, each within one page."""
    run: list[Point] = []
    before = MISSING
    for point in points:
        place = point.second // span_s
        if run and (place != before + 1 or place % PAGE_POINTS == 0):
            yield run
            run = []
        run.append(point)
        before = place
    if run:
        yield run
