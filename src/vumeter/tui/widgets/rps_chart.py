"""Requests per second: answered well and failed, stacked, from zero, with the target."""

from collections.abc import Sequence

from textual.reactive import var

from vumeter.model.frame import Frame
from vumeter.tui.format import number_text, target_text
from vumeter.tui.history import Column, History, Window
from vumeter.tui.terminal import DEFAULT_LOOK, Ink, Look
from vumeter.tui.widgets.line import Line, cells
from vumeter.tui.widgets.panel import Panel, empty_state, figure, rule, title

_AXIS_WIDTH = 6


class RpsChart(Panel):
    """Columns of requests per second over the shared window."""

    window: var[Window] = var(Window.ONE_MINUTE, init=False)

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
        self._frame: Frame | None = None

    def show(self, frame: Frame) -> None:
        """Show the history up to *frame*."""
        self._frame = frame
        self.repaint()

    def watch_window(self) -> None:
        """Draw the new window."""
        self.repaint()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and the chart."""
        span = self._history.span(self.window, columns=max(1, width - _AXIS_WIDTH))
        known = [column for column in span.columns if column.seconds]
        peak = max((column.requests_per_s for column in known), default=0.0)
        parts = [title(self.look, "rps")]
        if self._frame is not None:
            now = number_text(self._frame.window.requests_per_s)
            parts.append((0, Line(self.look).add(now, Ink.STRONG)))
        target = known[-1].rate_target_per_s if known else None
        if target is not None:
            parts.append(figure(self.look, "tgt", target_text(target), rank=2))
        parts.append(figure(self.look, "peak", number_text(peak), rank=3))
        head = rule(self.look, width, parts)
        if not known:
            return [head, empty_state(self.look, "waiting for the first response")]
        rows = rps_rows(
            span.columns, top=max(peak, target or 0, 1), height=height - 1, look=self.look
        )
        return [head, *(Line(self.look).pad_to(_AXIS_WIDTH).extend(row) for row in rows)]


def rps_rows(columns: Sequence[Column], *, top: float, height: int, look: Look) -> list[Line]:
    """Return the chart's rows from the top, on a scale from zero to *top*."""
    steps = len(look.glyphs.levels) - 1
    rows = []
    for row in range(height - 1, -1, -1):
        line = []
        for column in columns:
            filled = column.requests_per_s / top * height * steps
            level = min(steps, max(0, round(filled - row * steps)))
            line.append((look.glyphs.levels[level], Ink.REQUESTS))
        rows.append(cells(look, line))
    return rows
