"""The run's events, newest first: what was done, by whom, and what happened."""

from collections.abc import Sequence

from vumeter.model.frame import Event, EventLevel, Frame
from vumeter.tui.format import clock_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import Panel, rule, sentence, title

_KEPT = 500
"""Events that can be scrolled back to; older ones are in the journal and the report."""

_WORDS = {
    EventLevel.INFO: ("", Ink.DIM),
    EventLevel.SCRIPT: ("said", Ink.DIM),
    EventLevel.ACTION: ("op", Ink.ACTION),
    EventLevel.MARK: ("mark", Ink.MARK),
    EventLevel.WARNING: ("WARN", Ink.WARN),
    EventLevel.ERROR: ("ERROR", Ink.BAD),
}


class EventLog(Panel):
    """The newest events that fit."""

    _events: tuple[Event, ...] = ()
    _second = -1

    def show(self, frame: Frame) -> None:
        """Take up the events of *frame*; those of earlier frames stay."""
        newest = self._events[-1].serial if self._events else -1
        if frame.second < self._second:
            # A stored run was wound back: what comes later has not happened yet.
            self._events, newest = (), -1
            self.repaint()
        self._second = frame.second
        fresh = tuple(event for event in frame.events if event.serial > newest)
        if fresh or not self._events:
            self._events = (*self._events, *fresh)[-_KEPT:]
            self.repaint()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and the events below it."""
        head = rule(self.look, width, [title(self.look, "events")])
        if not self._events:
            return [head, sentence(self.look, "nothing has happened yet")]
        newest = self._events[:-height:-1]
        return [head, *(event_line(event, width=width, look=self.look) for event in newest)]


def event_line(event: Event, *, width: int, look: Look) -> Line:
    """Return one event as a line: when, how urgent, who, what."""
    word, ink = _WORDS[event.level]
    line = Line(look).add(f" {clock_text(event.second)} ", Ink.DIM)
    line.add(f"{word} " if word else "", ink)
    line.add(f"{event.author} " if event.author else "", Ink.TITLE)
    return line.add(event.text, ink if event.level is EventLevel.ERROR else Ink.TEXT).crop_to(width)
