"""The plan as a bar over the whole run, with what the operator did along it."""

from collections.abc import Sequence

from vumeter.model.frame import Event, EventLevel, Frame
from vumeter.tui.format import span_text
from vumeter.tui.history import History
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line, cells
from vumeter.tui.widgets.panel import Panel


class PlanRow(Panel):
    """How much of the run is done, and where on the way something was changed or marked."""

    _frame: Frame | None = None
    _events: tuple[Event, ...] = ()

    def show(self, frame: Frame, history: History) -> None:
        """Show where *frame* stands, with the labelled events of *history*."""
        self._frame = frame
        self._events = history.events
        self.repaint()

    def compose_lines(self, width: int, _height: int) -> Sequence[Line]:
        """Return the row."""
        if self._frame is None:
            return []
        return [plan_line(self._frame, self._events, width=width, look=self.look)]


def plan_line(frame: Frame, events: Sequence[Event], *, width: int, look: Look) -> Line:
    """Return the row: the bar to the planned end, or to now where there is none."""
    end_s = frame.duration_s or max(1.0, frame.elapsed_s)
    left = max(0.0, end_s - frame.elapsed_s)
    words = f"{span_text(left)} left" if frame.duration_s else "no end"
    line = Line(look).add(" plan ", Ink.DIM)
    room = max(0, width - line.width - len(words) - 2)
    done = round(room * min(1.0, frame.elapsed_s / end_s))
    row = [(look.glyphs.bar, Ink.BAR)] * done + [(look.glyphs.bar_rest, Ink.BAR_REST)] * (
        room - done
    )
    for event in events:
        at = min(room - 1, int(room * event.second / end_s))
        if room and event.level is EventLevel.ACTION:
            row[at] = (look.glyphs.action, Ink.ACTION)
        elif room and event.level is EventLevel.MARK:
            row[at] = (look.glyphs.mark, Ink.MARK)
    return line.extend(cells(look, row)).add(f" {words}", Ink.DIM)
