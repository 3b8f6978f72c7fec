"""
Where each part of the cockpit stands: a pure function of view, zoom and terminal size.

The first three rows and the key line never go. When rows are short, the event log goes
first, then the bodies of host and database, then the endpoint table; the charts last.
"""

from enum import StrEnum
from typing import NamedTuple

SMALLEST_WIDTH = 60
SMALLEST_HEIGHT = 15
"""Below either, a digest of one screen is shown instead of panels."""

MANY_ENDPOINTS = 1000
"""More than fit any screen."""

WIDE = 112
"""From this width on, a column for throttle and errors stands right of the charts."""


class Part(StrEnum):
    """A widget of the cockpit. The values are the widgets' ids."""

    HEADER = "header"
    THROTTLES = "throttles"
    STATUS = "status"
    PLAN = "plan"
    PILOT = "pilot"
    """Whoever drives by itself; not there before anybody did."""
    LATENCY = "latency"
    SERIES = "series"
    """Any one number on the time axis of the latency."""
    RPS = "rps"
    ERRORS = "errors"
    THROTTLE_PANEL = "throttle-panel"
    ENDPOINTS = "endpoints"
    SLOWEST = "slowest"
    """The slowest requests of the endpoint that is selected."""
    METRICS = "metrics"
    HOST = "host"
    WATCHED = "watched"
    POSTGRES = "postgres"
    WAITS = "waits"
    DATABASE = "database"
    EVENTS = "events"
    NIGHT = "night"
    BAR = "bar"
    """The key line; while a prompt or a question is open, that instead."""
    DIGEST = "digest"
    HELP = "help"


class View(StrEnum):
    """What the operator looks at: all of it, or one subject. In the order of their keys."""

    LOAD = "load"
    LATENCY = "latency"
    ENDPOINTS = "endpoints"
    HOST = "host"
    DATABASE = "database"
    LOG = "log"
    NIGHT = "night"
    """What happened while nobody looked."""


class Place(NamedTuple):
    """A rectangle in cells."""

    x: int
    y: int
    width: int
    height: int


class _Band(StrEnum):
    """A horizontal slice of the screen, one or two parts wide."""

    LATENCY = "latency"
    SERIES = "series"
    RPS = "rps"
    ENDPOINTS = "endpoints"
    METRICS = "metrics"
    SYSTEMS = "systems"
    EVENTS = "events"


_LEAST = {
    _Band.LATENCY: 4,
    _Band.SERIES: 0,
    _Band.RPS: 2,
    _Band.ENDPOINTS: 3,
    _Band.METRICS: 0,
    _Band.SYSTEMS: 0,
    _Band.EVENTS: 0,
}

# In which order bands are given rows as the terminal grows: each entry is taken once the ones
# before it have been. Read backwards it is what a shrinking terminal loses first.
_GROWTH: tuple[tuple[_Band, int], ...] = (
    (_Band.SERIES, 3),
    (_Band.LATENCY, 5),
    (_Band.ENDPOINTS, 4),
    (_Band.METRICS, 2),
    (_Band.SYSTEMS, 1),
    (_Band.ENDPOINTS, 5),
    (_Band.SYSTEMS, 2),
    (_Band.LATENCY, 6),
    (_Band.METRICS, 3),
    (_Band.SYSTEMS, 3),
    (_Band.METRICS, 4),
    (_Band.ENDPOINTS, 6),
    (_Band.EVENTS, 2),
    (_Band.EVENTS, 3),
    (_Band.RPS, 3),
    (_Band.SERIES, 4),
    (_Band.LATENCY, 8),
    (_Band.SYSTEMS, 4),
    (_Band.RPS, 4),
    (_Band.ENDPOINTS, 7),
    (_Band.METRICS, 6),
    (_Band.LATENCY, 10),
    (_Band.SYSTEMS, 5),
    (_Band.RPS, 5),
    (_Band.SERIES, 6),
    (_Band.ENDPOINTS, 8),
    (_Band.EVENTS, 4),
    (_Band.LATENCY, 12),
    (_Band.ENDPOINTS, 9),
    (_Band.RPS, 7),
    (_Band.LATENCY, 16),
    (_Band.SERIES, 9),
    (_Band.EVENTS, 6),
    (_Band.ENDPOINTS, 12),
    (_Band.SYSTEMS, 9),
)
_SPREAD = (
    (_Band.LATENCY, 2),
    (_Band.ENDPOINTS, 2),
    (_Band.RPS, 1),
    (_Band.EVENTS, 1),
)
"""What is left over in a large terminal is dealt out in these proportions."""

_SYSTEMS_MOST = 10
"""Rows that host and database can fill."""

_THREE_CHARTS_FROM_HEIGHT = 12
"""From so many rows on latency, a series and the database's waits stand above each other."""

_SLOWEST_ROWS = 4
"""Its title, and as many as frames have."""

_HOST_LEAST = 12
"""Rows that the host's own view has for it, charts permitting."""

_PLAN_FROM_HEIGHT = 32
_SIDE_WIDTH_PERCENT = 32


def arrange(
    view: View,
    *,
    width: int,
    height: int,
    is_zoomed: bool = False,
    bar_rows: int = 1,
    helps: bool = False,
    endpoints: int = MANY_ENDPOINTS,
    metrics: int = 0,
    has_pilot: bool = False,
    has_series: bool = False,
    has_watched: bool = False,
) -> dict[Part, Place]:
    """
    Return the place of every part that is to be seen; the others are not there.

    Args:
        view: What the operator looks at.
        width: Columns of the terminal, ≥ 0.
        height: Rows of the terminal, ≥ 0.
        is_zoomed: Give all of the body to the view's subject.
        bar_rows: Rows of the key line, or of the prompt that is open instead.
        helps: Show the keys, or another page of words, in the place of the body.
        endpoints: How many the run has; the cockpit gives their table no rows to stay empty.
        metrics: How many the run's script has; without any there is no panel of them.
        has_pilot: Somebody drives by itself, or has.
        has_series: Whether a series is to stand under the latency chart.
        has_watched: Whether anything is watched beside host and database.
    """
    bar_rows = min(bar_rows, height)
    bar = {Part.BAR: Place(0, height - bar_rows, width, bar_rows)} if bar_rows else {}
    if width < SMALLEST_WIDTH or height < SMALLEST_HEIGHT:
        rest = height - bar_rows
        whole = Part.HELP if helps else Part.DIGEST
        return bar | ({whole: Place(0, 0, width, rest)} if rest else {})
    top = [Part.HEADER, Part.THROTTLES, Part.STATUS]
    if width >= WIDE and height >= _PLAN_FROM_HEIGHT:
        top.append(Part.PLAN)
    if has_pilot:
        top.append(Part.PILOT)
    places = {part: Place(0, y, width, 1) for y, part in enumerate(top)}
    body = Place(0, len(top), width, height - len(top) - bar_rows)
    if helps:
        return places | {Part.HELP: body} | bar
    if view is View.HOST:
        systems, around = _host_view(body, is_zoomed=is_zoomed, has_series=has_series)
        return places | around | _systems(systems, has_watched=has_watched) | bar
    found = _body(
        view, body, is_zoomed=is_zoomed, endpoints=endpoints, metrics=metrics, has_series=has_series
    )
    return places | found | bar


def _body(
    view: View,
    body: Place,
    *,
    is_zoomed: bool,
    endpoints: int,
    metrics: int,
    has_series: bool,
) -> dict[Part, Place]:
    subject = _SUBJECTS[view]
    if is_zoomed or view in (View.LOG, View.NIGHT):
        return _with_series(_beside(body, *subject), has_series)
    match view:
        case View.LOAD:
            return _load(body, endpoints, metrics, has_series)
        case View.LATENCY:
            latency, rps = _cut(body, lower=max(3, body.height // 4))
            return _with_series({Part.LATENCY: latency}, has_series) | _beside(rps, Part.RPS)
        case View.ENDPOINTS:
            return _tables(body, metrics)
        case View.DATABASE:
            return _database(body, has_series)
        case View.HOST:
            charts, systems = _cut(body, lower=min(_SYSTEMS_MOST, body.height // 2))
            latency, rps = _cut(charts, lower=max(2, charts.height // 3))
            lower = Part.SERIES if has_series else Part.RPS
            return {Part.LATENCY: latency, lower: rps} | _beside(systems, *subject)


def _host_view(
    body: Place, *, is_zoomed: bool, has_series: bool
) -> tuple[Place, dict[Part, Place]]:
    """Return where the host and what is watched have their place, and the charts above it."""
    if is_zoomed:
        return body, {}
    charts, systems = _cut(body, lower=max(body.height // 2, min(_HOST_LEAST, body.height - 6)))
    latency, rps = _cut(charts, lower=max(2, charts.height // 3))
    return systems, {Part.LATENCY: latency, Part.SERIES if has_series else Part.RPS: rps}


def _systems(place: Place, *, has_watched: bool) -> dict[Part, Place]:
    """Return the host with what is watched beside it, or below where that would be narrow."""
    if not has_watched:
        return {Part.HOST: place}
    if place.width >= WIDE:
        return _beside(place, Part.HOST, Part.WATCHED)
    host, watched = _cut(place, lower=place.height // 2)
    return {Part.HOST: host, Part.WATCHED: watched}


def _with_series(places: dict[Part, Place], has_series: bool) -> dict[Part, Place]:
    """Return *places* with the series, if there is one, in the latency chart's lower third."""
    if not has_series or Part.LATENCY not in places:
        return places
    latency = places[Part.LATENCY]
    upper, lower = _cut(latency, lower=max(2, latency.height // 3))
    return places | {Part.LATENCY: upper, Part.SERIES: lower}


def _database(body: Place, has_series: bool) -> dict[Part, Place]:
    """Return what the database does below what users wait for, on the same time axis."""
    charts, details = _cut(body, lower=body.height // 2 + 1)
    if has_series and charts.height < _THREE_CHARTS_FROM_HEIGHT:
        # Who has chosen a series wants to see that one.
        return _with_series({Part.LATENCY: charts}, has_series) | {Part.DATABASE: details}
    latency, waits = _cut(charts, lower=charts.height // 2 + 1)
    if latency.height < _LEAST[_Band.LATENCY]:
        return {Part.WAITS: charts, Part.DATABASE: details}
    shown = _with_series({Part.LATENCY: latency}, has_series)
    return shown | {Part.WAITS: waits, Part.DATABASE: details}


def _tables(body: Place, metrics: int) -> dict[Part, Place]:
    table, errors = _cut(body, lower=max(3, body.height // 4))
    table, slowest = _cut(table, lower=min(_SLOWEST_ROWS, table.height // 3))
    places = {Part.SLOWEST: slowest, Part.ERRORS: errors}
    if not metrics:
        return places | {Part.ENDPOINTS: table}
    table, own = _cut(table, lower=min(metrics + 1, table.height // 2))
    return places | {Part.ENDPOINTS: table, Part.METRICS: own}


_SUBJECTS: dict[View, tuple[Part, ...]] = {
    View.LOAD: (Part.LATENCY,),
    View.LATENCY: (Part.LATENCY,),
    View.ENDPOINTS: (Part.ENDPOINTS,),
    View.HOST: (Part.HOST,),
    View.DATABASE: (Part.DATABASE,),
    View.LOG: (Part.EVENTS,),
    View.NIGHT: (Part.NIGHT,),
}


def _load(body: Place, endpoints: int, metrics: int, has_series: bool) -> dict[Part, Place]:
    """Return the cockpit itself: every band that there is room for, top to bottom."""
    rows = _rows(body.height, endpoints, metrics, has_series)
    y = body.y
    bands: dict[_Band, Place] = {}
    for band in _Band:
        if rows[band]:
            bands[band] = Place(body.x, y, body.width, rows[band])
            y += rows[band]
    places = {Part.ENDPOINTS: bands[_Band.ENDPOINTS]}
    if body.width >= WIDE:
        places |= _charts_with_side(bands)
    else:
        places |= {Part.LATENCY: bands[_Band.LATENCY]}
        places |= _beside(bands[_Band.RPS], Part.RPS, Part.ERRORS)
        if _Band.SERIES in bands:
            places[Part.SERIES] = bands[_Band.SERIES]
    if _Band.METRICS in bands:
        places[Part.METRICS] = bands[_Band.METRICS]
    if _Band.SYSTEMS in bands:
        places |= _beside(bands[_Band.SYSTEMS], Part.HOST, Part.POSTGRES)
    if _Band.EVENTS in bands:
        places[Part.EVENTS] = bands[_Band.EVENTS]
    return places


def _charts_with_side(bands: dict[_Band, Place]) -> dict[Part, Place]:
    """Return the charts, one time axis wide, with throttle and errors right of them."""
    latency, rps, series = bands[_Band.LATENCY], bands[_Band.RPS], bands.get(_Band.SERIES)
    side_height = latency.height + (series.height if series else 0)
    side_width = latency.width * _SIDE_WIDTH_PERCENT // 100
    chart_width = latency.width - side_width
    return {
        Part.LATENCY: latency._replace(width=chart_width),
        Part.RPS: rps._replace(width=chart_width),
        Part.THROTTLE_PANEL: latency._replace(x=chart_width, width=side_width, height=side_height),
        Part.ERRORS: rps._replace(x=chart_width, width=side_width),
    } | ({Part.SERIES: series._replace(width=chart_width)} if series else {})


def _rows(room: int, endpoints: int, metrics: int, has_series: bool) -> dict[_Band, int]:
    """Return how many rows each band gets; all of *room* is used."""
    rows = dict(_LEAST)
    most = {
        _Band.ENDPOINTS: max(rows[_Band.ENDPOINTS], endpoints + 1),
        _Band.METRICS: metrics + 1 if metrics else 0,
    } | ({} if has_series else {_Band.SERIES: 0})
    room -= sum(rows.values())
    for band, upto in _GROWTH:
        needed = min(upto, most.get(band, upto)) - rows[band]
        if needed > room:
            # The rest would only make a band further down the list jump ahead.
            rows[_Band.LATENCY] += room
            return rows
        if needed > 0:
            rows[band] += needed
            room -= needed
    while room > 0:
        for band, share in _SPREAD:
            given = min(share, room, most.get(band, room + rows[band]) - rows[band])
            if given > 0:
                rows[band] += given
                room -= given
    return rows


def _cut(place: Place, *, lower: int) -> tuple[Place, Place]:
    """Return *place* in two, one above the other, the second with *lower* rows."""
    upper = place.height - lower
    return place._replace(height=upper), place._replace(y=place.y + upper, height=lower)


def _beside(place: Place, *parts: Part) -> dict[Part, Place]:
    """Return *parts* side by side in *place*, equally wide."""
    edges = [place.x + place.width * index // len(parts) for index in range(len(parts) + 1)]
    return {
        part: place._replace(x=left, width=right - left)
        for part, left, right in zip(parts, edges, edges[1:], strict=False)
    }
