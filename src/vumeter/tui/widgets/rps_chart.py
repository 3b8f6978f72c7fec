"""Requests per second: answered well and failed, stacked, from zero, with the target."""

from collections.abc import Sequence

from vumeter.model.frame import Event, Frame
from vumeter.tui.columns import Column, Span
from vumeter.tui.format import number_text, target_text
from vumeter.tui.terminal import ColourDepth, Ink, Look
from vumeter.tui.widgets.axis import GUTTER, linear_label, linear_top
from vumeter.tui.widgets.chart import Chart, draw_cursor, draw_event_lines, span_words
from vumeter.tui.widgets.line import Line, cells
from vumeter.tui.widgets.panel import pair, rule, sentence, title
from vumeter.tui.widgets.plot import BLANK, Cell


class RpsChart(Chart):
    """Requests of each second from zero; the busiest where seconds share a column."""

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and the chart."""
        span = self.span(width)
        pointed = self.pointed(span)
        head = rps_title(self.frame, span, width=width, look=self.look, pointed=pointed)
        if not self.has_room(width, height):
            return [head]
        if not any(column.requests for column in span.columns):
            return [head, sentence(self.look, "waiting for the first response")]
        body = rps_lines(
            span,
            height=height - 1,
            look=self.look,
            events=self.history.events,
            cursor=None if pointed is None else pointed.first_second,
        )
        return [head, *body]


def rps_title(
    frame: Frame | None, span: Span, *, width: int, look: Look, pointed: Column | None = None
) -> Line:
    """
    Return the rule above the chart: the rate, its target, the peak and what was dropped.

    The rate and its target are the present ones, or those of the column that is pointed at.
    """
    peak = max((column.requests_per_s for column in span.columns), default=0)
    at = pointed or (span.columns[-1] if span.columns else None)
    target = at.rate_target_per_s if at else None
    rate = pointed.requests_per_s if pointed else frame.window.requests_per_s if frame else None
    parts = [title(look, "rps")]
    if rate is not None:
        parts.append((0, Line(look).add(number_text(rate), Ink.STRONG)))
    if target is not None:
        parts.append((1, pair(look, "target", target_text(target), ink=Ink.TARGET)))
    if peak:
        parts.append((2, pair(look, "peak", number_text(peak))))
    dropped = round(sum(column.dropped for column in span.columns))
    if dropped:
        parts.append((1, pair(look, "dropped", number_text(dropped), ink=Ink.WARN)))
    if any(column.errors for column in span.columns):
        parts.append((3, Line(look).add(f"{look.glyphs.error_mark} errors", Ink.ERRORS)))
    return rule(look, width, parts, right=span_words(span))


def rps_lines(
    span: Span,
    *,
    height: int,
    look: Look,
    events: Sequence[Event] = (),
    cursor: int | None = None,
) -> list[Line]:
    """
    Return the chart's body on a scale from zero to the round number above what is in it.

    A line at the second of each event hides nothing; *cursor* is the second pointed at.
    """
    targets = [column.rate_target_per_s or 0.0 for column in span.columns]
    peak = max(column.requests_per_s for column in span.columns)
    top = linear_top(max(peak, *targets))
    picture = rps_cells(span.columns, top=top, height=height, look=look)
    draw_event_lines(picture, events, span, look)
    draw_cursor(picture, None if cursor is None else span.index_of(cursor), look)
    labels = {0: linear_label(top)} | ({height - 1: "0"} if height > 1 else {})
    return [
        Line(look)
        .add_right(labels.get(row, ""), GUTTER - 1, Ink.DIM)
        .add(look.glyphs.divider, Ink.RULE)
        .extend(cells(look, picture[row]))
        for row in range(height)
    ]


def rps_cells(
    columns: Sequence[Column], *, top: float, height: int, look: Look
) -> list[list[Cell]]:
    """
    Return the picture's rows from the top.

    Failed requests stand on top of the answered ones, in whole cells. Where they are less
    than half a cell, a mark above the column says that there were some.
    """
    picture: list[list[Cell]] = [[BLANK] * len(columns) for _ in range(height)]
    for x, column in enumerate(columns):
        _draw_target(picture, x, column, top=top, look=look)
        _draw_column(picture, x, column, top=top, look=look)
    return picture


def _draw_column(
    picture: list[list[Cell]], x: int, column: Column, *, top: float, look: Look
) -> None:
    levels = look.glyphs.levels
    steps = len(levels) - 1
    height = len(picture)
    filled = round(column.requests_per_s / top * height * steps)
    if column.requests_per_s > 0:
        filled = max(1, filled)
    whole, part = divmod(min(filled, height * steps), steps)
    for row in range(whole):
        picture[height - 1 - row][x] = (levels[-1], Ink.REQUESTS)
    if part:
        picture[height - 1 - whole][x] = (levels[part], Ink.REQUESTS)
    used = whole + bool(part)
    failed = round(column.errors_per_s / top * height)
    for row in range(max(0, used - failed), used):
        picture[height - 1 - row][x] = (look.glyphs.error_fill, Ink.ERRORS)
    if column.errors and not failed:
        _mark_errors(picture, x, used, look)


def _mark_errors(picture: list[list[Cell]], x: int, used: int, look: Look) -> None:
    """Set the mark above a column; where that reaches the top, its uppermost cell takes the ink."""
    row = len(picture) - 1 - used
    if row >= 0:
        picture[row][x] = (look.glyphs.error_mark, Ink.ERRORS)
    elif look.depth is ColourDepth.NONE:
        picture[0][x] = (look.glyphs.error_mark, Ink.ERRORS)
    else:
        picture[0][x] = (picture[0][x][0], Ink.ERRORS)


def _draw_target(
    picture: list[list[Cell]], x: int, column: Column, *, top: float, look: Look
) -> None:
    if column.rate_target_per_s is None or len(picture) < 2:
        return
    row = min(len(picture) - 1, int(column.rate_target_per_s / top * len(picture)))
    picture[len(picture) - 1 - row][x] = (look.glyphs.target, Ink.TARGET)
