"""What both charts share: a history, a window on it, and time as the x-axis."""

from collections.abc import Sequence

from textual.reactive import var

from vumeter.model.frame import Event, EventLevel
from vumeter.tui.columns import Column, Span
from vumeter.tui.format import span_text
from vumeter.tui.glyphs import Glyphs
from vumeter.tui.history import History
from vumeter.tui.sight import Sight, span_in
from vumeter.tui.terminal import DEFAULT_LOOK, Ink, Look
from vumeter.tui.widgets.axis import GUTTER
from vumeter.tui.widgets.panel import FramePanel
from vumeter.tui.widgets.plot import BLANK, Cell

EVENT_INKS = {
    EventLevel.INFO: Ink.DIM,
    EventLevel.SCRIPT: Ink.DIM,
    EventLevel.ACTION: Ink.ACTION,
    EventLevel.MARK: Ink.MARK,
    EventLevel.WARNING: Ink.WARN,
    EventLevel.ERROR: Ink.BAD,
}


class Chart(FramePanel):
    """
    A panel that draws the seconds of a history.

    Args:
        history: The run's seconds. Whoever owns it adds to it before calling `show`.
        look: What to draw with.
        divided: Whether the panel draws the line to its left neighbour.
    """

    sight: var[Sight] = var(Sight(), init=False)
    """What to look at; the cockpit's to set, the same for all charts."""

    def __init__(
        self,
        history: History,
        *,
        look: Look = DEFAULT_LOOK,
        divided: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(look=look, divided=divided, id=id, classes=classes)
        self._history = history

    @property
    def history(self) -> History:
        """The run's seconds."""
        return self._history

    def has_room(self, width: int, height: int) -> bool:
        """Return whether there is room for more than the title."""
        return height > 1 and width > GUTTER

    def watch_sight(self) -> None:
        """Draw what is looked at now."""
        self.repaint()

    def span(self, width: int) -> Span:
        """Return what is looked at, cut into the columns that a chart of that width has."""
        newest = self._history.newest_second if self.frame is None else max(self.frame.second, 0)
        columns = max(1, width - GUTTER)
        return span_in(self.sight, self._history, columns=columns, newest_second=newest)

    def pointed(self, span: Span) -> Column | None:
        """Return the column that the cursor is in; `None`: there is no cursor."""
        second = self.sight.cursor_second
        return None if second is None else span.column_at(second)

    @property
    def local_from_unix_ms(self) -> int | None:
        """When run time began, where the time axis is to show local time; else `None`."""
        return self.frame.started_unix_ms if self.frame and self.sight.is_local else None


def span_words(span: Span) -> str:
    """Return what stands at the end of a chart's title: how long it is, and of which points."""
    if not span.seconds:
        return ""
    points = f" by {span_text(span.longest_point_s)}" if span.longest_point_s > 1 else ""
    return f"{span_text(span.seconds)}{points}"


def event_glyph(event: Event, glyphs: Glyphs) -> str:
    """Return the sign that an event has on a chart."""
    if event.level is EventLevel.ACTION:
        return glyphs.action
    is_trouble = event.level in (EventLevel.WARNING, EventLevel.ERROR)
    return glyphs.warn if is_trouble else glyphs.mark


def draw_event_lines(
    picture: list[list[Cell]], events: Sequence[Event], span: Span, look: Look
) -> None:
    """Draw a line at the second of each event, where the picture is blank."""
    for event in events:
        index = span.index_of(event.second)
        if index is not None:
            _fill(picture, index, (look.glyphs.mark, EVENT_INKS[event.level]))


def draw_cursor(picture: list[list[Cell]], index: int | None, look: Look) -> None:
    """Draw the cursor over a whole column of the picture; what is there stays to be seen."""
    if index is None:
        return
    _fill(picture, index, (look.glyphs.divider, Ink.ACTIVE))
    for row in picture:
        glyph, ink = row[index]
        row[index] = (glyph, ink if ink is Ink.ACTIVE else Ink.CURSOR)


def _fill(picture: list[list[Cell]], index: int, cell: Cell) -> None:
    for row in picture:
        if row[index] == BLANK:
            row[index] = cell
