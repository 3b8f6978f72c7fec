"""What a viewer is shown of the readings: the last seconds, endpoints, errors, points."""

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from msgspec.structs import replace

from vumeter.model.frame import Endpoint, ErrorCount, Figures, Point
from vumeter.model.measure import Reading, ScenarioCounts, Tally
from vumeter.stats.errorlog import ErrorLog
from vumeter.stats.histogram import percentiles_us
from vumeter.stats.lookback import LookBack
from vumeter.stats.resolutions import Resolutions
from vumeter.stats.slowness import SlowLog
from vumeter.stats.tally import TallySum, figures, merge, response_times

NO_SCENARIOS: Mapping[str, ScenarioCounts] = {}


class _Second(NamedTuple):
    """One second as the window keeps it."""

    second: int
    all: Tally
    by_name: dict[str, Tally]


class Digest:
    """
    Keeps what screens need of the readings, in memory that does not grow with the load.

    The last `WINDOW_S` seconds are kept as tallies, beside their sum, to which each new
    second is added and from which each old one is taken away: exact, and a fifth of the
    cost of merging them anew. Errors are kept as counts for `ERROR_WINDOW_S`, points the
    coarser the older they are.

    Windows go by the number of the second: seconds may be missing or empty. Of a stored run
    the old readings may be of several seconds each: `LookBack` says what the window is then.
    """

    def __init__(self) -> None:
        self._look_back = LookBack()
        self._seconds: deque[_Second] = deque()
        self._all = TallySum()
        self._by_name: dict[str, TallySum] = {}
        self._windows: dict[str, Figures] = {}
        self._p95s: deque[tuple[int, dict[str, int]]] = deque()
        self._error_log = ErrorLog()
        self._slow_log = SlowLog()
        self._resolutions = Resolutions()

    def add(self, reading: Reading, *, vus_target: float, rate_target_per_s: float | None) -> Point:
        """
        Take *reading* and return its chart point.

        Raises:
            ValueError: The reading is not newer than all before it.
        """
        if reading.second <= self._look_back.newest_second:
            newest = self._look_back.newest_second
            raise ValueError(f"second {reading.second} came after {newest}")
        self._look_back.take(reading.second, span_s=reading.span_s)
        tallies = {name: _as_shown(tally) for name, tally in reading.tallies.items()}
        second = _Second(reading.second, merge(tallies.values()), tallies)
        self._slide_window(second)
        self._remember_p95s()
        self._error_log.add(reading.second, tallies, reading.scenarios)
        self._slow_log.add(reading.second, reading.slowest)
        self._slow_log.forget(before=self._look_back.first_second)
        point = _point(
            reading, second.all, vus_target=vus_target, rate_target_per_s=rate_target_per_s
        )
        if reading.span_s == 1:
            self._resolutions.add(point, second.all.service)
        return point

    @property
    def window(self) -> Figures:
        """All requests of the last `WINDOW_S` seconds; of fewer at the start of a run."""
        return self._all.figures(self._look_back.seconds)

    def endpoints(self, totals: Mapping[str, Figures]) -> tuple[Endpoint, ...]:
        """Return a row for each of *totals*, the busiest first."""
        previous = self._p95s[0][1] if self._has_previous_window else {}
        rows = [
            Endpoint(
                name=name,
                window=self._windows.get(name) or figures(Tally(), self._look_back.seconds),
                total=total,
                previous_p95_us=previous.get(name),
                slowest=self._slow_log.of(name),
            )
            for name, total in totals.items()
        ]
        rows.sort(key=lambda row: (-row.window.requests, -row.total.requests, row.name))
        return tuple(rows)

    def errors(
        self,
        totals: Mapping[str, Tally],
        scenario_totals: Mapping[str, ScenarioCounts] = NO_SCENARIOS,
    ) -> tuple[ErrorCount, ...]:
        """
        Return a row for each kind of error at each endpoint, most in the last 60 s first.

        Exceptions of scripts are among them, in the place of an endpoint's name the
        scenario's with brackets.
        """
        return self._error_log.rows(totals, scenario_totals)

    def points(
        self, from_second: int, to_second: int | None = None, *, span_s: int = 1
    ) -> tuple[Point, ...]:
        """Return the points that begin from *from_second* on and before *to_second*."""
        return self._resolutions.points(from_second, to_second, span_s=span_s)

    @property
    def overview(self) -> tuple[Point, ...]:
        """The whole run, each time of it once, the coarser the older it is."""
        return self._resolutions.overview

    @property
    def _has_previous_window(self) -> bool:
        return bool(self._p95s) and self._p95s[0][0] == self._look_back.previous_second

    def _slide_window(self, newest: _Second) -> None:
        while self._seconds and self._seconds[0].second < self._look_back.first_second:
            oldest = self._seconds.popleft()
            self._all.remove(oldest.all)
            for name, tally in oldest.by_name.items():
                self._by_name[name].remove(tally)
        self._seconds.append(newest)
        self._all.add(newest.all)
        for name, tally in newest.by_name.items():
            self._by_name.setdefault(name, TallySum()).add(tally)
        self._windows = {
            name: window.figures(self._look_back.seconds) for name, window in self._by_name.items()
        }

    def _remember_p95s(self) -> None:
        """Keep this window's p95 until it is the previous one: no tally has to stay for it."""
        self._p95s.append(
            (
                self._look_back.newest_second,
                {
                    name: window.latency.p95_us
                    for name, window in self._windows.items()
                    if window.latency is not None
                },
            )
        )
        while self._p95s[0][0] < self._look_back.previous_second:
            self._p95s.popleft()


def _as_shown(tally: Tally) -> Tally:
    """Return *tally* with only the times that screens show: half the buckets to add up."""
    return replace(tally, service=response_times(tally), response=None, timings=None)


def _point(
    reading: Reading, tally: Tally, *, vus_target: float, rate_target_per_s: float | None
) -> Point:
    times = tally.service
    p50, p95, p99, top = percentiles_us(times, (50, 95, 99, 100)) if times.counts else (None,) * 4
    return Point(
        second=reading.second,
        at_unix_ms=reading.at_unix_ms,
        requests=tally.requests,
        errors=sum(tally.errors.values()),
        p50_us=p50,
        p95_us=p95,
        p99_us=p99,
        max_us=top,
        vus=sum(counts.vus_active for counts in reading.scenarios.values()),
        vus_target=vus_target,
        rate_target_per_s=rate_target_per_s,
        dropped=sum(counts.iterations_dropped for counts in reading.scenarios.values()),
        generator_limited=reading.generator.limited,
        span_s=reading.span_s,
    )
