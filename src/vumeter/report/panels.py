"""What stands in a still picture: panels of lines over time, or of bars over latency."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from vumeter.model.metric import Unit
from vumeter.report.charts import Chart, Limit
from vumeter.report.course import Course

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One value for each x; `None` is a gap."""

    title: str
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Some lines, or the bars of a distribution, with a title and scales of their own."""

    title: str
    unit: Unit
    """Of the upright axis."""
    xs: Sequence[float]
    """Of lines the middle of each span in seconds; of bars their edges in ms, one more."""
    lines: Sequence[Line] = ()
    bars: Sequence[float] = ()
    limits: Sequence[Limit] = ()
    breaks: frozenset[int] = field(default_factory=frozenset)
    """Positions before which there is a gap in time."""


OVERVIEW = ("latency", "distribution", "rate", "errors")
"""The four that a figure of a run has, in two rows."""


def panels_of(
    course: Course, charts: Sequence[Chart], limits: Sequence[Limit]
) -> Mapping[str, Callable[[], Panel]]:
    """Return how each panel of a run is made, by its key."""
    own: dict[str, Callable[[], Panel]] = {
        "latency": lambda: _latency(course, limits),
        "distribution": lambda: _distribution(course),
        "rate": lambda: _rate(course),
        "errors": lambda: _errors(course),
        "vus": lambda: _lines(
            course,
            "Virtual users",
            Unit.COUNT,
            (
                Line(title="there are", values=course.vus),
                Line(title="busy", values=course.vus_busy),
            ),
        ),
    }
    return own | {chart.key: _of_chart(course, chart) for chart in charts}


def _of_chart(course: Course, chart: Chart) -> Callable[[], Panel]:
    def panel() -> Panel:
        lines = [
            Line(title=title, values=course.series[name])
            for name, title in zip(chart.lines, chart.titles, strict=True)
        ]
        return _lines(course, f"{chart.group}: {chart.title}", chart.unit, lines)

    return panel


def _latency(course: Course, limits: Sequence[Limit]) -> Panel:
    percentiles = course.everything.percentiles_ms
    lines = [Line(title=name, values=percentiles[name]) for name in ("p50", "p95", "p99")]
    return _lines(course, "Response time", Unit.MS, lines, limits)


def _rate(course: Course) -> Panel:
    lane = course.everything
    several = (("requests", lane.requests), ("errors", lane.errors))
    lines = [
        Line(title=title, values=[n / s for n, s in zip(counts, course.spans_s, strict=True)])
        for title, counts in several
    ]
    return _lines(course, "Throughput", Unit.PER_S, lines)


def _errors(course: Course) -> Panel:
    lane = course.everything
    pairs = zip(lane.errors, lane.requests, strict=True)
    values = [errors / requests if requests else None for errors, requests in pairs]
    return _lines(course, "Errors", Unit.RATIO, [Line(title="of requests", values=values)])


def _distribution(course: Course) -> Panel:
    edges = course.heat.edges_ms
    counts = [0] * max(0, len(edges) - 1)
    for _, row, number in course.heat.cells:
        counts[row] += number
    title = "Distribution of response times"
    return Panel(title=title, unit=Unit.COUNT, xs=edges, bars=counts)


def _lines(
    course: Course, title: str, unit: Unit, lines: Sequence[Line], limits: Sequence[Limit] = ()
) -> Panel:
    spans = list(zip(course.seconds, course.spans_s, strict=True))
    ends = [second + span_s for second, span_s in spans]
    gaps = (at for at in range(1, len(spans)) if spans[at][0] > ends[at - 1])
    return Panel(
        title=title,
        unit=unit,
        xs=[second + span_s / 2 for second, span_s in spans],
        lines=lines,
        limits=limits,
        breaks=frozenset(gaps),
    )
