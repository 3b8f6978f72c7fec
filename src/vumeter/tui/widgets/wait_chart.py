"""Average active sessions over time, stacked by what they wait for, against the processors."""

from collections.abc import Mapping, Sequence

from vumeter.model.frame import Frame
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.tui.columns import Span
from vumeter.tui.databases import database_names, of_database
from vumeter.tui.format import three_digits
from vumeter.tui.history import History
from vumeter.tui.terminal import ColourDepth, Ink, Look
from vumeter.tui.wait_track import WaitTrack, waits_of
from vumeter.tui.widgets.axis import GUTTER, linear_label, linear_top
from vumeter.tui.widgets.chart import Chart, draw_cursor, draw_event_lines, span_words
from vumeter.tui.widgets.line import Line, Part, cells
from vumeter.tui.widgets.panel import rule, sentence, title
from vumeter.tui.widgets.plot import BLANK, Cell
from vumeter.tui.widgets.waits import ordered_waits, wait_ink, wait_letter

_EVENTS_NAMED = 2


class WaitChart(Chart):
    """
    Sessions at work or waiting, by wait class; the busiest second where several share a column.
    """

    database = ""
    """The name of the one that is shown; empty: the first."""

    def __init__(self, history: History, *, id: str) -> None:  # noqa: A002
        super().__init__(history, id=id)
        self._tracks: dict[str, WaitTrack] = {}

    @property
    def track(self) -> WaitTrack:
        """What is known of the one that is shown."""
        return self._track

    @property
    def _track(self) -> WaitTrack:
        return self._tracks.setdefault(self.database, WaitTrack())

    def gather(self, frame: Frame) -> None:
        """Take in what *frame* says of each database, seen or not."""
        for name in database_names(frame):
            self._tracks.setdefault(name, WaitTrack()).add(of_database(frame, name))

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and the chart."""
        reading = None if self.frame is None else self.frame.postgres
        span = self.span(width)
        seconds = span.seconds_per_column
        columns = self._track.worst(span.first_second, columns=len(span.columns), seconds=seconds)
        pointed = self.pointed(span)
        at = None if pointed is None else span.index_of(pointed.first_second)
        shown = waits_of(reading) if at is None else columns[at]
        head = wait_title(reading, shown, span, width=width, look=self.look)
        if not self.has_room(width, height):
            return [head]
        if not any(columns):
            return [head, sentence(self.look, _empty_words(reading))]
        body = wait_lines(
            columns,
            cores=None if reading is None else reading.cpu_count,
            height=height - 1,
            look=self.look,
        )
        draw_event_lines(body, self.history.events, span, self.look)
        draw_cursor(body, at, self.look)
        top = linear_top(_top(columns, None if reading is None else reading.cpu_count))
        return [head, *_with_scale(body, top=top, look=self.look)]


def wait_title(
    reading: PostgresReading | None,
    waits: Mapping[str, float] | None,
    span: Span,
    *,
    width: int,
    look: Look,
) -> Line:
    """Return the rule above the chart: sessions in all and by class, and the events behind them."""
    parts: list[Part] = [title(look, "active sessions")]
    if waits is not None:
        total = sum(waits.values())
        cores = None if reading is None else reading.cpu_count
        is_over = cores is not None and total > cores
        line = Line(look).add(three_digits(total), Ink.WARN if is_over else Ink.STRONG)
        parts.append((0, line.add(f" / {cores} cpu" if cores else "", Ink.TARGET)))
        for rank, (name, sessions, ink) in enumerate(_largest(waits), start=1):
            parts.append((rank, Line(look).add(f"{name} ", ink).add(three_digits(sessions))))
    if reading is not None and reading.active_by_event is not None:
        events = [
            (event, sessions)
            for event, sessions in reading.active_by_event.items()
            if ":" in event and sessions >= 0.5
        ]
        for event, sessions in sorted(events, key=lambda it: -it[1])[:_EVENTS_NAMED]:
            name = event.partition(":")[2]
            line = Line(look).add(f"{name} ", wait_ink(event)).add(three_digits(sessions))
            parts.append((9, line))
    return rule(look, width, parts, right=span_words(span))


def _largest(waits: Mapping[str, float]) -> list[tuple[str, float, Ink]]:
    shown = [each for each in ordered_waits(waits) if each[1] > 0]
    return sorted(shown, key=lambda each: -each[1])


def _empty_words(reading: PostgresReading | None) -> str:
    if reading is None:
        return "no database watched: start the run with --pg DSN"
    if reading.state is PostgresState.UP and reading.active_by_wait is None:
        return reading.remark or "waiting for the first samples"
    return "nothing known of these seconds"


def wait_lines(
    columns: Sequence[Mapping[str, float] | None], *, cores: int | None, height: int, look: Look
) -> list[list[Cell]]:
    """
    Return the picture's rows from the top: each column stacked from the bottom.

    Classes keep their order, so that one stands at the same place from column to column. A cell
    has the class of its middle, so one may show half a cell more or less than it has; the column
    ends where their sum does. A line marks as many sessions as there are processors.
    """
    top = linear_top(_top(columns, cores))
    picture: list[list[Cell]] = [[BLANK] * len(columns) for _ in range(height)]
    if cores is not None and height > 1:
        row = height - 1 - min(height - 1, int(cores / top * height))
        picture[row] = [(look.glyphs.target, Ink.TARGET)] * len(columns)
    for x, waits in enumerate(columns):
        if waits:
            _draw_stack(picture, x, waits, top=top, look=look)
    return picture


def _top(columns: Sequence[Mapping[str, float] | None], cores: int | None) -> float:
    highest = max((sum(waits.values()) for waits in columns if waits), default=0.0)
    return max(highest, (cores or 0) * 1.1)


def _draw_stack(
    picture: list[list[Cell]], x: int, waits: Mapping[str, float], *, top: float, look: Look
) -> None:
    levels = look.glyphs.levels
    steps = len(levels) - 1
    height = len(picture)
    shown = [each for each in ordered_waits(waits) if each[1] > 0]
    if not shown:
        return
    # So little that it rounds to nothing still shows.
    in_all = max(1, round(sum(waits.values()) / top * height * steps))
    whole, part = divmod(min(in_all, height * steps), steps)
    for row in range(whole + bool(part)):
        level = steps if row < whole else part
        name, ink = _class_at((row + level / steps / 2) / height * top, shown)
        picture[height - 1 - row][x] = (_fill(name, levels[level], look), ink)


def _class_at(sessions: float, shown: Sequence[tuple[str, float, Ink]]) -> tuple[str, Ink]:
    """Return the class that is drawn at that height of the stack: the one in a cell's middle."""
    total = 0.0
    for name, number, ink in shown:
        total += number
        if sessions <= total:
            return name, ink
    name, _, ink = shown[-1]
    return name, ink


def _fill(name: str, block: str, look: Look) -> str:
    return wait_letter(name) if look.depth is ColourDepth.NONE else block


def _with_scale(picture: list[list[Cell]], *, top: float, look: Look) -> list[Line]:
    height = len(picture)
    labels = {0: linear_label(top)} | ({height - 1: "0"} if height > 1 else {})
    return [
        Line(look)
        .add_right(labels.get(row, ""), GUTTER - 1, Ink.DIM)
        .add(look.glyphs.divider, Ink.RULE)
        .extend(cells(look, picture[row]))
        for row in range(height)
    ]
