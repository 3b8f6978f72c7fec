"""
A run's points at several resolutions: the older, the coarser, in memory that hardly grows.

A point of ten seconds or a minute is made of the sums and of the merged histograms of its
seconds, never of their percentiles.
"""

from collections.abc import Iterator

from vumeter.model.frame import SPANS_S, Point
from vumeter.model.measure import Histogram
from vumeter.stats.histogram import HistogramSum
from vumeter.stats.points import PointLog

KEPT_S = {1: 3_600, 10: 86_400}
"""By span: for how long its points are kept, 220 and 530 kB; those of a minute for ever."""

FINE_S = 900
"""How much of a run a new viewer is given second by second."""

MIDDLE_S = 3 * 3_600
"""How much of it in no less than tens of seconds. With minutes before: 6,000 points for 72 h."""


class SpanSum:
    """The points of one span, and their times, on the way to becoming one point."""

    def __init__(self, second: int, *, span_s: int) -> None:
        self._second = second - second % span_s
        self._span_s = span_s
        self._points: list[Point] = []
        self._times = HistogramSum()

    @property
    def end_second(self) -> int:
        """The first second that is not of this span any more."""
        return self._second + self._span_s

    def add(self, point: Point, times: Histogram) -> None:
        """Count one more point, and all the *times* that its latencies were read off."""
        self._points.append(point)
        self._times.add(times)

    def point(self) -> Point:
        """Return all that was added, at least one point, as one."""
        points, latency = self._points, self._times.latency()
        rates = (each.rate_target_per_s for each in points)
        first = points[0]
        return Point(
            second=self._second,
            at_unix_ms=first.at_unix_ms - (first.second - self._second) * 1000,
            requests=sum(each.requests for each in points),
            errors=sum(each.errors for each in points),
            p50_us=None if latency is None else latency.p50_us,
            p95_us=None if latency is None else latency.p95_us,
            p99_us=None if latency is None else latency.p99_us,
            max_us=None if latency is None else latency.max_us,
            vus=max(each.vus for each in points),
            vus_target=max(each.vus_target for each in points),
            rate_target_per_s=max((rate for rate in rates if rate is not None), default=None),
            dropped=sum(each.dropped for each in points),
            generator_limited=any(each.generator_limited for each in points),
            span_s=self._span_s,
        )


class Spans:
    """
    Makes the points of longer spans out of those of seconds, which may be missing.

    A longer span has its point once its last second has come, or one after that.
    """

    def __init__(self) -> None:
        self._open: dict[int, SpanSum] = {}

    def add(self, point: Point, times: Histogram) -> Iterator[Point]:
        """Take the next second's point with its *times*, and yield what has become complete."""
        for span_s in SPANS_S[1:]:
            total = self._open.pop(span_s, None)
            if total is not None and point.second >= total.end_second:
                yield total.point()
                total = None
            if total is None:
                total = SpanSum(point.second, span_s=span_s)
            total.add(point, times)
            if point.second + 1 == total.end_second:
                yield total.point()
            else:
                self._open[span_s] = total


class Resolutions:
    """
    Takes a run's points second by second, and keeps them at each of `SPANS_S`.
    """

    def __init__(self) -> None:
        self._logs = {span_s: PointLog(span_s=span_s, kept=_kept(span_s)) for span_s in SPANS_S}
        self._spans = Spans()
        self._newest_second = -1

    @property
    def size_bytes(self) -> int:
        """What all the points take in memory."""
        return sum(log.size_bytes for log in self._logs.values())

    def add(self, point: Point, times: Histogram) -> None:
        """Take the point of a second after all before it, and the *times* in that second."""
        self._newest_second = point.second
        self._logs[1].append(point)
        for longer in self._spans.add(point, times):
            self._logs[longer.span_s].append(longer)

    def points(
        self, from_second: int, to_second: int | None = None, *, span_s: int = 1
    ) -> tuple[Point, ...]:
        """
        Return what is kept of the points that begin from *from_second* on, oldest first.

        With *to_second* only those that begin before it.
        """
        return self._logs[span_s].between(from_second, to_second)

    @property
    def overview(self) -> tuple[Point, ...]:
        """The whole run, each time of it once, the coarser the older it is."""
        return tuple(
            point
            for span_s, from_second, to_second in overview_parts(self._newest_second)
            for point in self.points(from_second, to_second, span_s=span_s)
        )


def overview_parts(newest_second: int) -> tuple[tuple[int, int, int], ...]:
    """
    Return of which points a new viewer is given what: span, first second, second after the last.

    >>> overview_parts(25_000)
    ((60, 0, 3360), (10, 3360, 24100), (1, 24100, 25001))
    """
    end = newest_second + 1
    fine = _boundary(end - FINE_S, 10)
    middle = _boundary(end - MIDDLE_S, 60)
    return (60, 0, middle), (10, middle, fine), (1, fine, end)


def _kept(span_s: int) -> int | None:
    return KEPT_S[span_s] // span_s if span_s in KEPT_S else None


def _boundary(second: int, span_s: int) -> int:
    """Return where the span of *second* begins, 0 before the run's start."""
    return max(0, second - second % span_s)
