"""Any one number over time, under the latency chart: the same seconds, the same cursor."""

from collections.abc import Sequence

from vumeter.model.frame import Event
from vumeter.stats.series import shown_value, unit_of
from vumeter.tui.columns import Span
from vumeter.tui.format import measure_text
from vumeter.tui.glyphs import GlyphSet
from vumeter.tui.series_track import Reach, SeriesTrack
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.axis import GUTTER, linear_label, linear_top
from vumeter.tui.widgets.chart import Chart, draw_cursor, draw_event_lines
from vumeter.tui.widgets.line import Line, cells
from vumeter.tui.widgets.panel import pair, rule, sentence, title
from vumeter.tui.widgets.plot import BLANK, reach_cells


class SeriesChart(Chart):
    """
    The series that was chosen, from zero, and from lowest to highest where seconds share a column.

    It says what it has at the cursor, else in the newest second.
    """

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and the chart."""
        track, span = self.history.series, self.span(width)
        head = series_title(
            track, span, cursor=self.sight.cursor_second, width=width, look=self.look
        )
        if not self.has_room(width, height):
            return [head]
        half = 2 if self.look.glyphs.set is GlyphSet.BRAILLE else 1
        reaches = column_reaches(track, span, dots=half)
        if not any(reaches):
            return [head, sentence(self.look, "nothing is known of it in this time")]
        pointed = self.pointed(span)
        return [
            head,
            *series_lines(
                reaches,
                span,
                name=track.name,
                width=width - GUTTER,
                height=height - 1,
                look=self.look,
                events=self.history.events,
                cursor=None if pointed is None else pointed.first_second,
            ),
        ]


def series_text(name: str, value: float) -> str:
    """
    Return a value of the series *name* as people read it.

    >>> series_text("host.cpu_percent", 81.2), series_text("generator.tick_lag_p99_us", 2500)
    ('81.2%', '2.5ms')
    """
    return measure_text(shown_value(name, value), unit_of(name))


def column_reaches(track: SeriesTrack, span: Span, *, dots: int) -> list[Reach | None]:
    """Return how far the series went in each column of *span*, or in each of its halves."""
    width_s = span.seconds_per_column
    if width_s < dots:
        return [
            track.reach(column.first_second, column.first_second + width_s)
            for column in span.columns
            for _ in range(dots)
        ]
    part_s = width_s // dots
    return [
        track.reach(column.first_second + part * part_s, column.first_second + (part + 1) * part_s)
        for column in span.columns
        for part in range(dots)
    ]


def series_title(
    track: SeriesTrack, span: Span, *, cursor: int | None, width: int, look: Look
) -> Line:
    """Return the rule above the chart: the name, the value at the cursor or now, the extremes."""
    parts = [title(look, track.name)]
    at = span.end_second - 1 if cursor is None else cursor
    width_s = span.seconds_per_column
    # The newest second may be on its way still.
    places = (at, at - 1, at - 2) if cursor is None else (at // width_s * width_s,)
    here = next(filter(None, (track.reach(each, each + width_s) for each in places)), None)
    if here is not None:
        parts.append((0, Line(look).add(series_text(track.name, here.mean), Ink.STRONG)))
    whole = track.reach(span.first_second, span.end_second) if span.columns else None
    if whole is not None:
        parts.append((2, pair(look, "min", series_text(track.name, whole.lowest))))
        parts.append((1, pair(look, "peak", series_text(track.name, whole.highest))))
    return rule(look, width, parts, right="s another")


def series_lines(
    reaches: Sequence[Reach | None],
    span: Span,
    *,
    name: str,
    width: int,
    height: int,
    look: Look,
    events: Sequence[Event] = (),
    cursor: int | None = None,
) -> list[Line]:
    """Return the chart's body, on a scale from zero to the round number above what is in it."""
    known = [each for each in reaches if each is not None]
    top = linear_top(max(shown_value(name, each.highest) for each in known))
    bottom = min(0.0, *(shown_value(name, each.lowest) for each in known))
    scaled = [
        None
        if each is None
        else (shown_value(name, each.lowest) - bottom, shown_value(name, each.highest) - bottom)
        for each in reaches
    ]
    picture = reach_cells(scaled, top=top - bottom, height=height, look=look)
    for row in picture:
        row.extend([BLANK] * (width - len(row)))
    draw_event_lines(picture, events, span, look)
    draw_cursor(picture, None if cursor is None else span.index_of(cursor), look)
    labels = {0: linear_label(top)} | ({height - 1: linear_label(bottom)} if height > 1 else {})
    return [
        Line(look)
        .add_right(labels.get(row, ""), GUTTER - 1, Ink.DIM)
        .add(look.glyphs.divider, Ink.RULE)
        .extend(cells(look, picture[row]))
        for row in range(height)
    ]
