"""The last rows while the charts show the past: where the cursor stands, and all that was then."""

from collections.abc import Iterator, Sequence

from textual.reactive import var

from vumeter.model.frame import Event
from vumeter.tui.columns import Column, Span
from vumeter.tui.format import (
    clock_text,
    latency_text,
    local_text,
    number_text,
    percent_text,
    share_text,
    span_text,
    target_text,
)
from vumeter.tui.history import History, Probes
from vumeter.tui.sight import Sight, span_in
from vumeter.tui.terminal import DEFAULT_LOOK, Ink, Look
from vumeter.tui.widgets.chart import EVENT_INKS, event_glyph
from vumeter.tui.widgets.line import Line, Part, joined
from vumeter.tui.widgets.panel import FramePanel, pair
from vumeter.tui.widgets.series_chart import series_text

_ELSEWHERE = " the charts show the past; tables, lights and throttles the present"

_KEYS = (("enter", "now"), ("← →", "move"), (", .", "zoom"), ("{ }", "event"), ("w", "worst"))


class PastBar(FramePanel):
    """
    Time, values and events of the column that the cursor is in.

    Args:
        history: The run's points. Whoever owns it adds to it before calling `show`.
        look: What to draw with.
    """

    sight: var[Sight] = var(Sight(), init=False)
    """What the charts look at."""
    columns: var[int] = var(1, init=False)
    """How many columns the chart has that the cursor is moved on."""
    is_whole: var[bool] = var(False, init=False)
    """Whether all panels show that time, and not the charts alone."""
    words: var[str] = var("", init=False)
    """What the last row would say otherwise: the link is lost, or the run has ended."""

    def __init__(
        self,
        history: History,
        *,
        look: Look = DEFAULT_LOOK,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
    ) -> None:
        super().__init__(look=look, id=id)
        self._history = history

    def watch_sight(self) -> None:
        """Draw where the cursor is now."""
        self.repaint()

    def watch_words(self) -> None:
        """Draw the new words."""
        self.repaint()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return time, values and events, or as many of them as there are rows for."""
        second = self.sight.cursor_second
        if second is None or self.frame is None:
            return []
        newest = max(self.frame.second, 0)
        span = span_in(self.sight, self._history, columns=self.columns, newest_second=newest)
        column = span.column_at(second)
        if column is None:
            return []
        last = column.first_second + span.seconds_per_column
        probes = self._history.probes(column.first_second, last)
        at = [
            event
            for event in self._history.happenings
            if column.first_second <= event.second < last
        ]
        lines = [
            self._time_line(column, span, width),
            Line(self.look)
            .add(" ")
            .extend(
                joined(
                    [*value_parts(column, probes, self.look), *self._series(column, last)],
                    width - 1,
                    self.look,
                )
            ),
            self._event_line(at, width),
        ]
        return lines[:height]

    def _series(self, column: Column, end_second: int) -> Iterator[Part]:
        """Yield what the series under the latency chart has there."""
        series = self._history.series
        reach = series.reach(column.first_second, end_second)
        if reach is not None:
            label = series.name.rpartition(".")[2].rpartition("_")[0] or series.name
            yield 2, pair(self.look, label, series_text(series.name, reach.highest))

    def _time_line(self, column: Column, span: Span, width: int) -> Line:
        assert self.frame is not None, "only called once there is a frame"
        second = column.first_second
        local = local_text(self.frame.started_unix_ms + 1000 * second, "%a %H:%M:%S")
        long = span.seconds_per_column
        wide = f" +{span_text(long)}" if long > 1 else ""
        points = f" by {span_text(column.span_s)}" if column.span_s > 1 else ""
        ago_s = max(0, self._history.newest_second - second)
        parts: list[Part] = [
            (
                0,
                Line(self.look).add("PAST ", Ink.ALARM).add(f" {clock_text(second)}", Ink.STRONG),
            ),
            (3, Line(self.look).add(f"{wide}{points}".strip(), Ink.DIM)),
            (0, Line(self.look).add(local, Ink.VALUE)),
            (2, Line(self.look).add(f"{span_text(ago_s)} ago", Ink.DIM)),
            (1, Line(self.look).add(self.words, Ink.ALARM)),
        ]
        keys = [
            (4 + rank, Line(self.look).add(key, Ink.KEY).add(f" {word}", Ink.DIM))
            for rank, (key, word) in enumerate(_KEYS)
        ]
        return Line(self.look).add(" ").extend(joined([*parts, *keys], width - 1, self.look))

    def _event_line(self, events: Sequence[Event], width: int) -> Line:
        if not events:
            text = " all panels show this moment" if self.is_whole else _ELSEWHERE
            return Line(self.look).add(text, Ink.DIM).crop_to(width)
        line = Line(self.look)
        for event in events:
            line.add(f" {event_glyph(event, self.look.glyphs)} ", EVENT_INKS[event.level])
            line.add(f"{event.author} " if event.author else "", Ink.TITLE).add(event.text)
        return line.crop_to(width)


def value_parts(column: Column, probes: Probes, look: Look) -> list[Part]:
    """Return all that is known of a column, each with its rank for `joined`."""
    if not column.seconds:
        return [(0, Line(look).add("nothing is known of this time", Ink.WARN))]
    cpu_percent, sessions = probes
    rates = number_text(column.requests_per_s)
    target = column.rate_target_per_s
    if target is not None:
        rates += f"{look.glyphs.to}{target_text(target)}"
    vus = f"{number_text(column.vus)}"
    if column.vus_target is not None and column.vus_target != column.vus:
        vus += f"{look.glyphs.to}{target_text(column.vus_target)}"
    ratio = column.errors / column.requests if column.requests else None
    bad = Ink.BAD if column.errors else Ink.VALUE
    return [
        (2, pair(look, "p50", latency_text(column.p50_us))),
        (0, pair(look, "p95", latency_text(column.p95_us))),
        (0, pair(look, "p99", latency_text(column.p99_us))),
        (3, pair(look, "max", latency_text(column.max_us)).add(" ms", Ink.DIM)),
        (0, pair(look, "rps", rates, ink=Ink.STRONG)),
        (
            1,
            pair(
                look, "err", f"{number_text(round(column.errors))} {percent_text(ratio)}", ink=bad
            ),
        ),
        (1, pair(look, "VU", vus)),
        (4, pair(look, "cpu", share_text(cpu_percent)) if cpu_percent is not None else Line(look)),
        (5, pair(look, "db", str(sessions)) if sessions is not None else Line(look)),
        (6, _counted(look, "dropped", column.dropped)),
        (2, Line(look).add("GEN LIMIT" if column.is_limited else "", Ink.LIMITED)),
    ]


def _counted(look: Look, label: str, count: float) -> Line:
    return pair(look, label, number_text(round(count)), ink=Ink.WARN) if count else Line(look)
