"""Latency over run time on a logarithmic axis: the band from p50 to p95, and p99."""

from collections.abc import Sequence

from textual.reactive import var

from vumeter.model.frame import Frame
from vumeter.tui.format import latency_text, span_text
from vumeter.tui.history import History, Window
from vumeter.tui.terminal import DEFAULT_LOOK, Look
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import Panel, empty_state, figure, rule, title


class LatencyChart(Panel):
    """Percentiles over the shared window, with what was done along the way."""

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

    def compose_lines(self, width: int, _height: int) -> Sequence[Line]:
        """Return the title and the chart."""
        span = self._history.span(self.window, columns=max(1, width - 6))
        parts = [title(self.look, "latency ms")]
        latency = None if self._frame is None else self._frame.window.latency
        if latency is not None:
            parts.append(figure(self.look, "p50", latency_text(latency.p50_us), rank=3))
            parts.append(figure(self.look, "p95", latency_text(latency.p95_us), rank=0))
            parts.append(figure(self.look, "p99", latency_text(latency.p99_us), rank=1))
        head = rule(self.look, width, parts, right=f"log y {span_text(span.seconds)}")
        if not any(column.p99_us is not None for column in span.columns):
            return [head, empty_state(self.look, "waiting for the first response")]
        return [head]
