"""What both charts share: a history, a window on it, and time as the x-axis."""

from textual.reactive import var

from vumeter.model.frame import Event, EventLevel
from vumeter.tui.history import History, Span, Window
from vumeter.tui.terminal import DEFAULT_LOOK, Ink, Look
from vumeter.tui.widgets.axis import GUTTER
from vumeter.tui.widgets.panel import FramePanel

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

    window: var[Window] = var(Window.ONE_MINUTE, init=False)
    """How far back to look; the cockpit's to set, the same for all charts."""

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

    def watch_window(self) -> None:
        """Draw the new window."""
        self.repaint()

    def span(self, width: int) -> Span:
        """Return the window cut into the columns that a chart of that width has."""
        end = None if self.frame is None else max(self.frame.second, 0)
        return self._history.span(self.window, columns=max(1, width - GUTTER), end_second=end)


def event_column(event: Event, span: Span) -> int | None:
    """Return in which column of *span* the event falls; `None` when it is outside."""
    index = (int(event.second) - span.first_second) // span.seconds_per_column
    return index if 0 <= index < len(span.columns) else None
