"""Which charts a report has: each a title, a unit, and the lines of a course that stand in it."""

from collections.abc import Iterable

from msgspec import Struct

from vumeter.model.frame import Event
from vumeter.model.metric import Unit
from vumeter.model.summary import Summary
from vumeter.report.course import Course
from vumeter.stats import series
from vumeter.stats.plaintext import plain
from vumeter.thresholds.words import short_text


class Chart(Struct, frozen=True, kw_only=True):
    """Some lines over the run's time that share a scale."""

    key: str
    title: str
    group: str
    """The section of the report that it stands in."""
    unit: Unit
    lines: tuple[str, ...]
    """Names of series."""
    titles: tuple[str, ...]
    is_stacked: bool = False


class Mark(Struct, frozen=True, kw_only=True):
    """A moment that stands on every chart."""

    second: float
    kind: str
    """`mark`, `action`, `warning` or `error`: the level of the event."""
    text: str


class Limit(Struct, frozen=True, kw_only=True):
    """A threshold on response times, as a line across the latency chart."""

    ms: float
    text: str


_GROUPS = {
    "postgres": "PostgreSQL",
    "watched": "Watched",
    "host": "Host",
    "generator": "The generator",
}
_WAITS = "postgres.active_by_wait."
_MOST_LINES = 6


def charts_of(course: Course) -> tuple[Chart, ...]:
    """Return a chart for every number that was watched, those of one unit and place together."""
    found: list[Chart] = []
    waits = tuple(name for name in course.series if name.startswith(_WAITS))
    if waits:
        found.append(
            Chart(
                key="postgres-waits",
                title="active sessions by what they wait for",
                group=_GROUPS["postgres"],
                unit=Unit.COUNT,
                lines=waits,
                titles=tuple(map(line_title, waits)),
                is_stacked=True,
            )
        )
    for (place, unit, _), names in _together(course).items():
        for first in range(0, len(names), _MOST_LINES):
            lines = tuple(names[first : first + _MOST_LINES])
            found.append(
                Chart(
                    key=_key(place, lines[0], unit, taken={chart.key for chart in found}),
                    title=", ".join(map(line_title, lines)),
                    group=_GROUPS[place.partition(".")[0]],
                    unit=unit,
                    lines=lines,
                    titles=tuple(map(line_title, lines)),
                )
            )
    order = list(_GROUPS.values())
    return tuple(sorted(found, key=lambda chart: order.index(chart.group)))


def line_title(name: str) -> str:
    """
    Return the series *name* without its place and its unit.

    >>> line_title("host.cpu_percent"), line_title("postgres.active_by_wait.Lock")
    ('cpu', 'Lock')
    """
    title = plain(name.rpartition(".")[2])
    for ending in ("_bytes_per_s", "_per_s", "_bytes", "_percent", "_ratio", "_us", "_ms", "_s"):
        title = title.removesuffix(ending)
    return title.replace("_", " ")


def _key(place: str, name: str, unit: Unit, *, taken: set[str]) -> str:
    """Return a name for the chart that begins with the series *name*: "host-cpu"."""
    words = "".join(each if each.isalnum() else "-" for each in f"{place}-{line_title(name)}")
    return f"{words}-{unit.value}" if words in taken else words


def marks_of(events: Iterable[Event], *, duration_s: float) -> tuple[Mark, ...]:
    """Return those of *events* that stand on charts, and were within the run."""
    return tuple(
        Mark(second=event.second, kind=event.level.value, text=plain(event.label or event.text))
        for event in events
        if event.label and 0 <= event.second <= duration_s
    )


def limits_of(summary: Summary) -> tuple[Limit, ...]:
    """Return the rules on the response times of all requests, as lines across their chart."""
    return tuple(
        Limit(ms=it.limit, text=plain(short_text(it.threshold)))
        for it in summary.verdicts
        if it.unit is Unit.MS and it.threshold.metric == "http_req_duration"
    )


def _together(course: Course) -> dict[tuple[str, Unit, str], list[str]]:
    """
    Return names by what they are of, by their unit, and of bare numbers by their first word.

    Nine thousand descriptors and a load of three do not share a scale; what was 0 throughout
    has no chart.
    """
    found: dict[tuple[str, Unit, str], list[str]] = {}
    for name, values in course.series.items():
        place = name.rpartition(".")[0]
        if place.partition(".")[0] in _GROUPS and not name.startswith(_WAITS) and any(values):
            unit = series.unit_of(name)
            word = line_title(name).partition(" ")[0] if unit is Unit.COUNT else ""
            found.setdefault((place, unit, word), []).append(name)
    return found
