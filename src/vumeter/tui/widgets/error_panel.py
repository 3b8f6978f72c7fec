"""Errors of the last minute by what they are and where."""

from collections.abc import Sequence

from vumeter.model.frame import ErrorCount, Frame
from vumeter.model.measure import ErrorKind
from vumeter.tui.format import number_text, percent_text, span_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import Panel, figure, rule, title


class ErrorPanel(Panel):
    """How many of each kind at each endpoint in 60 s, and when last."""

    _frame: Frame | None = None

    def show(self, frame: Frame) -> None:
        """Show the errors of *frame*."""
        self._frame = frame
        self.repaint()

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and as many kinds as fit."""
        if self._frame is None:
            return [rule(self.look, width, [title(self.look, "errors")])]
        return error_lines(self._frame, width=width, height=height, look=self.look)


def error_lines(frame: Frame, *, width: int, height: int, look: Look) -> list[Line]:
    """Return the panel's lines."""
    minute = sum(error.window for error in frame.errors)
    ink = Ink.BAD if minute else Ink.VALUE
    head = rule(
        look,
        width,
        [
            (
                0,
                Line(look)
                .add("errors ", Ink.TITLE)
                .add(percent_text(frame.window.error_ratio), ink),
            ),
            (1, Line(look).add(number_text(minute), ink).add(" in 60s", Ink.DIM)),
            figure(look, "total", number_text(frame.total.errors), rank=2),
        ],
    )
    if not frame.errors:
        return [head, Line(look).add(f" {look.glyphs.good} none so far", Ink.GOOD)]
    rows = [_row(error, frame.second, width=width, look=look) for error in frame.errors]
    room = height - 1
    if len(rows) > room > 0:
        hidden = len(rows) - room + 1
        rows = [*rows[: room - 1], Line(look).add(f" {hidden} more kinds", Ink.DIM)]
    return [head, *rows]


def error_name(error: ErrorCount) -> str:
    """Return what a person calls it: the status, or the kind in words."""
    if error.kind is ErrorKind.STATUS and error.status is not None:
        return str(error.status)
    return error.kind.value.replace("_", " ")


def _row(error: ErrorCount, second: int, *, width: int, look: Look) -> Line:
    ago_s = max(0, second - error.last_second)
    is_now = error.window > 0
    line = Line(look).add_right(number_text(error.window), 6, Ink.BAD if is_now else Ink.DIM)
    line.add(f" {error_name(error)} ", Ink.STRONG if is_now else Ink.DIM)
    last = f" {span_text(ago_s)} ago" if ago_s else " now"
    line.add_fitted(error.endpoint, max(0, width - line.width - len(last) - 1), Ink.TEXT)
    return line.add(last, Ink.DIM)
