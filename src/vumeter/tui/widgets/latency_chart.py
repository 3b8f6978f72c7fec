"""Latency over run time on a logarithmic axis: the band from p50 to p95, and p99."""

from collections.abc import Sequence

from vumeter.model.frame import Event, Frame
from vumeter.tui.columns import Column, Span
from vumeter.tui.format import latency_text
from vumeter.tui.glyphs import GlyphSet
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.axis import GUTTER, log_axis, log_labels, time_labels, time_text
from vumeter.tui.widgets.chart import (
    EVENT_INKS,
    Chart,
    draw_cursor,
    draw_event_lines,
    event_glyph,
    span_words,
)
from vumeter.tui.widgets.line import Line, cells, narrow
from vumeter.tui.widgets.panel import pair, rule, sentence
from vumeter.tui.widgets.plot import BLANK, Cell, latency_cells

_TIME_FROM_HEIGHT = 3
"""Body rows from which the lowest one is the time axis."""
_GRID_FROM_HEIGHT = 8
"""Rows from which lines behind the picture help more than they clutter."""
_LIMIT_NAME = "SLO"


class LatencyChart(Chart):
    """
    The percentiles of each second, the worst where seconds share a column.

    Actions, marks and warnings stand where they happened; seconds in which the generator was
    the limit are marked on the time axis; seconds without an answer stay empty.
    """

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and the chart."""
        span = self.span(width)
        pointed = self.pointed(span)
        head = chart_title(self.frame, span, width=width, look=self.look, pointed=pointed)
        if not self.has_room(width, height):
            return [head]
        if not any(column.p99_us is not None for column in span.columns):
            return [head, sentence(self.look, _why_empty(self.frame))]
        is_fine = self.look.glyphs.set is GlyphSet.BRAILLE
        dots = self.history.halves(span) if is_fine else span.columns
        body = chart_lines(
            span,
            dots,
            self.history.events,
            width=width - GUTTER,
            height=height - 1,
            look=self.look,
            limits_us=threshold_limits_us(self.frame),
            cursor=None if pointed is None else pointed.first_second,
            local_from_unix_ms=self.local_from_unix_ms,
        )
        return [head, *body]


def chart_title(
    frame: Frame | None, span: Span, *, width: int, look: Look, pointed: Column | None = None
) -> Line:
    """
    Return the rule above the chart: percentiles, and the peak that is drawn.

    The percentiles are those of the frame's window, or of the column that is pointed at; the
    peak is the greatest p99 of any second in view, where the line in the chart is highest.
    """
    latency = pointed or (None if frame is None else frame.window.latency)
    peak_us = max((column.p99_us or 0 for column in span.columns), default=0)
    limited = any(column.is_limited for column in span.columns)
    mark = look.glyphs.limited
    parts = [(0, Line(look).add("latency ", Ink.TITLE).add("ms log", Ink.DIM))]
    if latency is not None:
        parts += [
            (3, pair(look, "p50", latency_text(latency.p50_us), ink=Ink.BAND)),
            (0, pair(look, "p95", latency_text(latency.p95_us), ink=Ink.BAND)),
            (1, pair(look, "p99", latency_text(latency.p99_us), ink=Ink.P99)),
        ]
    if peak_us:
        parts.append((2, pair(look, "peak", latency_text(peak_us))))
    if limited:
        parts.append((1, Line(look).add(f"{mark} generator limit", Ink.LIMITED)))
    return rule(look, width, parts, right=span_words(span))


def chart_lines(
    span: Span,
    dots: Sequence[Column],
    events: Sequence[Event],
    *,
    width: int,
    height: int,
    look: Look,
    limits_us: Sequence[float] = (),
    cursor: int | None = None,
    local_from_unix_ms: int | None = None,
) -> list[Line]:
    """
    Return the chart's body: scale, picture, and, where there is room, the time axis.

    Args:
        span: The columns in view, one a cell.
        dots: The same seconds, one for each column of dots that the look's glyphs have.
        events: What to write on the chart; what is out of view is left out.
        width: Cells right of the scale; a young run does not fill them yet.
        height: Rows.
        look: What to draw with.
        limits_us: Of thresholds; where one is within the scale, a line stands in what is blank.
        cursor: The second that is pointed at.
        local_from_unix_ms: When run time began, where the axis is to show local time.
    """
    rows = height - 1 if height >= _TIME_FROM_HEIGHT else height
    known = [column for column in span.columns if column.p99_us is not None]
    axis = log_axis(
        min(column.p50_us or 0 for column in known), max(column.p99_us or 0 for column in known)
    )
    picture = latency_cells(dots, axis=axis, height=rows, look=look)
    for row in picture:
        row.extend([BLANK] * (width - len(row)))
    labels = log_labels(axis, rows)
    write_events(picture, events, span, look)
    row_of = axis.scale(rows)
    for limit_us in limits_us:
        if axis.bottom_us <= limit_us <= axis.top_us:
            _draw_limit(picture[rows - 1 - row_of(limit_us)], look)
    if rows >= _GRID_FROM_HEIGHT:
        _draw_grid(picture, labels, look)
    draw_cursor(picture, None if cursor is None else span.index_of(cursor), look)
    edge = look.glyphs.divider
    lines = [
        Line(look)
        .add_right(labels.get(row, ""), GUTTER - 1, Ink.DIM)
        .add(edge, Ink.RULE)
        .extend(cells(look, picture[row]))
        for row in range(rows)
    ]
    if rows == height:
        return lines
    labels_from = {"cursor": cursor, "local_from_unix_ms": local_from_unix_ms}
    return [*lines, time_axis(span, events, width=width, look=look, **labels_from)]


def threshold_limits_us(frame: Frame | None) -> list[float]:
    """Return the limits that thresholds set to the response time of all requests."""
    verdicts = () if frame is None else frame.verdicts
    return [each.limit * 1000 for each in verdicts if each.threshold.metric == "http_req_duration"]


def write_events(
    picture: list[list[Cell]], events: Sequence[Event], span: Span, look: Look
) -> None:
    """Write events into what is still blank: a line at their second, their label on top."""
    for event in events:
        index = span.index_of(event.second)
        if index is None:
            continue
        glyph = event_glyph(event, look.glyphs)
        label = glyph + narrow(event.label, look).removeprefix(glyph).strip()
        _write_label(picture, index, label, EVENT_INKS[event.level])
        draw_event_lines(picture, (event,), span, look)


def time_axis(
    span: Span,
    events: Sequence[Event],
    *,
    width: int,
    look: Look,
    cursor: int | None = None,
    local_from_unix_ms: int | None = None,
) -> Line:
    """
    Return time along the columns, with limited seconds and operator actions on it.

    The time of the *cursor* stands before all else; the other arguments are as those of
    `chart_lines`.
    """
    row: list[Cell] = [BLANK] * width
    for index, column in enumerate(span.columns):
        if column.is_limited:
            row[index] = (look.glyphs.limited, Ink.LIMITED)
    for event in events:
        at = span.index_of(event.second)
        if at is not None:
            row[at] = (event_glyph(event, look.glyphs), EVENT_INKS[event.level])
    at = None if cursor is None else span.index_of(cursor)
    if cursor is not None and at is not None:
        label = time_text(cursor, local_from_unix_ms=local_from_unix_ms)
        start = max(0, min(at - len(label) // 2, width - len(label)))
        row[start : start + len(label)] = [(sign, Ink.CURSOR) for sign in label][: width - start]
    for index, label in time_labels(span, local_from_unix_ms=local_from_unix_ms).items():
        end = index + len(label) + 1
        if end <= width and all(cell == BLANK for cell in row[index:end]):
            row[index:end] = [(sign, Ink.DIM) for sign in f"{look.glyphs.tick}{label}"]
    return Line(look).pad_to(GUTTER).extend(cells(look, row))


def _write_label(picture: list[list[Cell]], index: int, label: str, ink: Ink) -> None:
    """Write *label* from its column on, or up to it, in the highest row where it hides nothing."""
    width = len(picture[0])
    starts = (index, index - len(label) + 1)
    # With a blank on either side, which keeps two labels apart; else as close as must be.
    for margin in (1, 0):
        for row in picture:
            for start in starts:
                end = start + len(label)
                around = row[max(0, start - margin) : end + margin]
                if 0 <= start <= end <= width and all(cell == BLANK for cell in around):
                    row[start:end] = [(character, ink) for character in label]
                    return


def _draw_limit(row: list[Cell], look: Look) -> None:
    for index, cell in enumerate(row):
        if cell == BLANK:
            row[index] = (look.glyphs.target, Ink.WARN)
    # Named where the newest second has not come to yet, if there is such a place.
    end = len(row) - len(_LIMIT_NAME)
    if end > 0 and all(glyph == look.glyphs.target for glyph, _ in row[end - 1 :]):
        row[end:] = [(letter, Ink.WARN) for letter in _LIMIT_NAME]


def _draw_grid(picture: list[list[Cell]], labels: dict[int, str], look: Look) -> None:
    for row in labels:
        picture[row] = [
            (look.glyphs.target, Ink.RULE) if cell == BLANK else cell for cell in picture[row]
        ]


def _why_empty(frame: Frame | None) -> str:
    if frame is not None and frame.window.requests and not frame.window.latency:
        return "nothing was answered yet; the errors say why"
    return "waiting for the first response"
