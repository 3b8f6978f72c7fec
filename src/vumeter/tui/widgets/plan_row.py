"""The plan as a bar over the whole run, with what the operator did along it."""

from collections.abc import Sequence

from vumeter.model.frame import Event, EventLevel, Frame, RunState
from vumeter.tui.format import span_text
from vumeter.tui.history import History
from vumeter.tui.terminal import DEFAULT_LOOK, Ink, Look
from vumeter.tui.widgets.chart import EVENT_INKS
from vumeter.tui.widgets.line import Line, cells
from vumeter.tui.widgets.panel import FramePanel


class PlanRow(FramePanel):
    """
    How much of the run is done, and where on the way something was changed or marked.

    Args:
        history: The run's events. Whoever owns it adds to it before calling `show`.
        look: What to draw with.
    """

    def __init__(
        self,
        history: History,
        *,
        look: Look = DEFAULT_LOOK,
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(look=look, id=id, classes=classes)
        self._history = history

    def compose_lines(self, width: int, _height: int) -> Sequence[Line]:
        """Return the row."""
        if self.frame is None:
            return []
        return [plan_line(self.frame, self._history.events, width=width, look=self.look)]


def plan_line(frame: Frame, events: Sequence[Event], *, width: int, look: Look) -> Line:
    """
    Return the row: a bar from the start to the planned end, and what is left of it.

    A run without an end has no bar to fill: its line leads from the start to now.
    """
    end_s = frame.duration_s or max(1.0, frame.elapsed_s)
    line = Line(look).add(" plan ", Ink.DIM)
    words = _words(frame)
    room = max(0, width - line.width - len(words) - 2)
    done = round(room * min(1.0, frame.elapsed_s / end_s)) if frame.duration_s else 0
    row = [(look.glyphs.bar, Ink.BAR)] * done
    row += [(look.glyphs.bar_rest, Ink.BAR_REST)] * (room - done)
    for event in events:
        if room and event.level in (EventLevel.ACTION, EventLevel.MARK):
            glyph = look.glyphs.action if event.level is EventLevel.ACTION else look.glyphs.mark
            at = min(room - 1, int(room * event.second / end_s))
            row[at] = (glyph, EVENT_INKS[event.level])
    return line.extend(cells(look, row)).add(f" {words}", Ink.DIM)


def _words(frame: Frame) -> str:
    if frame.state is RunState.ENDED:
        return f"ended after {span_text(frame.elapsed_s)}"
    if frame.duration_s is None:
        return f"{span_text(frame.elapsed_s)} so far, no planned end"
    left_s = max(0.0, frame.duration_s - frame.elapsed_s)
    return f"{span_text(round(left_s))} of {span_text(frame.duration_s)} left"
