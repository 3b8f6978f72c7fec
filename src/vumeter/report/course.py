"""
A stored run over time, as charts and analyses want it: some hundred spans, read in one pass.

Spans are merged exactly from what is stored, so a percentile is that of all requests in its
span. Where nothing was answered there is none (`None`): a gap.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from vumeter.model.measure import Histogram, Reading, ScenarioCounts, Tally
from vumeter.model.summary import Summary
from vumeter.stats import series
from vumeter.stats.histogram import HistogramSum, highest_us, lowest_us, percentiles_us
from vumeter.stats.tally import merge, response_times
from vumeter.store.reader import StoredRun

MOST_SPANS = 400
"""A chart is not wider than so many spans can be told apart on."""

MOST_ENDPOINTS = 30
"""So many names have lines of their own, those with most requests; tables have all."""

SPANS_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600)
"""Each holds whole ones of those that the store keeps: 1, 10 and 60 s."""

PERCENTS = (50.0, 90.0, 95.0, 99.0, 99.9, 100.0)

_BINS_PER_DECADE = 12
_LEAST_RATIO = 0.9
_CURVE_PERCENTS = (0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 97.5, 99.0, 99.5, 99.9, 99.99, 100.0)


class Lane(Struct, frozen=True, kw_only=True):
    """Requests of one name, or of all, span by span."""

    requests: tuple[int, ...]
    errors: tuple[int, ...]
    percentiles_ms: dict[str, tuple[float | None, ...]]
    """By name (`p50` … `max`), over response times."""


class Heat(Struct, frozen=True, kw_only=True):
    """How many requests took how long in which span: time × logarithm of latency."""

    edges_ms: tuple[float, ...]
    """One more than there are rows, twelve to a decade."""
    cells: tuple[tuple[int, int, int], ...]
    """Span, row, how many; those that there are none of are left out."""


class Course(Struct, frozen=True, kw_only=True):
    """One run over time; all sequences are as long as *seconds*."""

    span_s: int
    """What most of the spans are of."""
    seconds: tuple[int, ...]
    """Where each span begins."""
    spans_s: tuple[int, ...]
    everything: Lane
    endpoints: dict[str, Lane]
    """Those with most requests first."""
    vus_busy: tuple[int, ...]
    iterations: tuple[int, ...]
    """Those that were done."""
    iteration_s: tuple[float, ...]
    """How long these took, added up."""
    vus: tuple[int, ...]
    limited: tuple[bool, ...]
    series: dict[str, tuple[float | None, ...]]
    """Every number of a reading that is worth a line, as `stats.series` names and shows it."""
    heat: Heat
    curve_ms: tuple[tuple[float, float], ...]
    """Percent, and what so many of the whole run's response times do not exceed."""


def course_of(
    stored: StoredRun,
    summary: Summary,
    *,
    most_spans: int = MOST_SPANS,
    skip_s: float = 0.0,
    beside: Callable[[Reading], None] | None = None,
) -> Course:
    """
    Return *stored* over time, in at most so many spans, or in as many as minutes are left.

    *beside* is shown each reading that it is made of: a run is not to be read twice.
    """
    span_s = span_for(stored.newest_second + 1, most_spans)
    from_second = -(-math.ceil(skip_s) // span_s) * span_s
    readings = stored.readings(from_second, span_s=span_s)
    if beside is not None:
        readings = _shown(readings, beside)
    return course(readings, span_s=span_s, duration_s=summary.duration_s)


def _shown(readings: Iterable[Reading], beside: Callable[[Reading], None]) -> Iterator[Reading]:
    for reading in readings:
        beside(reading)
        yield reading


def span_for(seconds: int, most_spans: int) -> int:
    """
    Return the shortest of `SPANS_S` of which *most_spans* make up so many seconds.

    >>> span_for(90, 400), span_for(3600, 400), span_for(12 * 3600, 400)
    (1, 10, 120)
    """
    return next((span for span in SPANS_S if span * most_spans >= seconds), SPANS_S[-1])


def course(readings: Iterable[Reading], *, span_s: int, duration_s: float = math.inf) -> Course:
    """
    Return *readings*, in their order, as a course.

    The last span, where the end of the run cut it by more than a tenth, is in the percentiles of
    the whole run and in nothing else: it would show a fall of every rate that there was not.
    """
    gathered = _Gathered()
    for reading in readings:
        length_s = min(float(reading.span_s), duration_s - reading.second)
        gathered.add(reading, is_whole=length_s >= _LEAST_RATIO * reading.span_s)
    return gathered.course(span_s)


def shares(counts: Mapping[int, int]) -> dict[int, int]:
    """Return the buckets of a histogram as rows of a heat map, each with how many are in it."""
    found: dict[int, int] = {}
    for index, number in counts.items():
        row = _row((lowest_us(index) + highest_us(index)) / 2)
        found[row] = found.get(row, 0) + number
    return found


class _Gathered:
    """What one pass over a run's readings leaves."""

    def __init__(self) -> None:
        self._readings: list[Reading] = []
        self._all: list[Tally] = []
        self._requests: dict[str, int] = {}
        self._times = HistogramSum()
        self._series: list[dict[str, float]] = []

    def add(self, reading: Reading, *, is_whole: bool) -> None:
        everything = merge(reading.tallies.values())
        self._times.add(response_times(everything))
        if not is_whole:
            return
        for name, tally in reading.tallies.items():
            self._requests[name] = self._requests.get(name, 0) + tally.requests
        self._series.append(series.series_of(reading))
        self._all.append(everything)
        self._readings.append(reading)

    def course(self, span_s: int) -> Course:
        readings = self._readings
        counts = [list(each.scenarios.values()) for each in readings]
        by_requests = sorted(self._requests, key=lambda name: -self._requests[name])
        return Course(
            span_s=span_s,
            seconds=tuple(each.second for each in readings),
            spans_s=tuple(each.span_s for each in readings),
            everything=_lane(self._all),
            endpoints={
                name: _lane([each.tallies.get(name, Tally()) for each in readings])
                for name in by_requests[:MOST_ENDPOINTS]
            },
            vus=tuple(sum(it.vus_active for it in each) for each in counts),
            vus_busy=tuple(sum(it.vus_busy for it in each) for each in counts),
            iterations=tuple(sum(it.iterations_done for it in each) for each in counts),
            iteration_s=tuple(map(_iteration_s, counts)),
            limited=tuple(each.generator.limited for each in readings),
            series=dict(_lines(self._series)),
            heat=_heat([response_times(each) for each in self._all]),
            curve_ms=_curve_ms(self._times.histogram()),
        )


def _iteration_s(counts: Sequence[ScenarioCounts]) -> float:
    return sum(it.iteration_duration.sum_us for it in counts) / 1e6


def _lane(tallies: Sequence[Tally]) -> Lane:
    rows = [_percentiles_ms(response_times(each)) for each in tallies]
    return Lane(
        requests=tuple(each.requests for each in tallies),
        errors=tuple(sum(each.errors.values()) for each in tallies),
        percentiles_ms={
            percentile_name(percent): tuple(None if row is None else row[at] for row in rows)
            for at, percent in enumerate(PERCENTS)
        },
    )


def percentile_name(percent: float) -> str:
    """
    Return what *percent* is called in reports.

    >>> [percentile_name(each) for each in (50.0, 99.9, 100.0)]
    ['p50', 'p99_9', 'max']
    """
    return "max" if percent == 100 else f"p{percent:g}".replace(".", "_")


def _percentiles_ms(times: Histogram) -> list[float] | None:
    return [us / 1000 for us in percentiles_us(times, PERCENTS)] if times.counts else None


def _lines(rows: Sequence[Mapping[str, float]]) -> Iterator[tuple[str, tuple[float | None, ...]]]:
    for name in series.names_of({name: None for row in rows for name in row}):
        values = (row.get(name) for row in rows)
        yield (
            name,
            tuple(None if value is None else series.shown_value(name, value) for value in values),
        )


def _heat(times: Sequence[Histogram]) -> Heat:
    columns = [shares(each.counts) for each in times]
    rows = [row for column in columns for row in column]
    lowest, highest = (min(rows), max(rows)) if rows else (0, -1)
    return Heat(
        edges_ms=tuple(_edge_us(row) / 1000 for row in range(lowest, highest + 2)),
        cells=tuple(
            (at, row - lowest, number)
            for at, column in enumerate(columns)
            for row, number in sorted(column.items())
        ),
    )


def _row(us: float) -> int:
    """Return the row of *us*; row 0 begins at 1 µs, and what is below is in it, too."""
    return max(0, math.floor(math.log10(max(us, 1.0)) * _BINS_PER_DECADE))


def _edge_us(row: int) -> float:
    return float(10 ** (row / _BINS_PER_DECADE))


def _curve_ms(times: Histogram) -> tuple[tuple[float, float], ...]:
    if not times.counts:
        return ()
    values_us = percentiles_us(times, _CURVE_PERCENTS)
    return tuple(zip(_CURVE_PERCENTS, (us / 1000 for us in values_us), strict=True))
