"""Errors of the last minute by what they are and where."""

from collections.abc import Sequence

from vumeter.model.frame import ErrorCount, Frame
from vumeter.model.measure import ErrorKind
from vumeter.tui.format import number_text, percent_text, span_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import FramePanel, pair, rule, title

_COUNT_WIDTH = 5
_NAME_WIDTHS = (16, 8)


class ErrorPanel(FramePanel):
    """How many of each kind at each endpoint in 60 s, and when last."""

    def compose_lines(self, width: int, height: int) -> Sequence[Line]:
        """Return the title and as many kinds as fit."""
        if self.frame is None:
            return [rule(self.look, width, [title(self.look, "errors")])]
        return error_lines(self.frame, width=width, height=height, look=self.look)


def error_lines(frame: Frame, *, width: int, height: int, look: Look) -> list[Line]:
    """Return the panel's lines."""
    room = max(0, height - 1)
    hidden = max(0, len(frame.errors) - room)
    head = _title(frame, hidden, width=width, look=look)
    if not frame.errors:
        calm = Line(look).add(f" {look.glyphs.good}", Ink.GOOD).add(" none so far", Ink.DIM)
        return [head, calm]
    shown = frame.errors[:room]
    name_width = _NAME_WIDTHS[0] if width >= 36 else _NAME_WIDTHS[1]
    name_width = min(name_width, max(len(error_name(error)) for error in shown) if shown else 0)
    return [
        head,
        *(_row(error, frame.second, name_width, width=width, look=look) for error in shown),
    ]


def error_name(error: ErrorCount) -> str:
    """Return what a person calls it: the status, or the kind in words."""
    if error.kind is ErrorKind.STATUS and error.status is not None:
        return str(error.status)
    return _WORDS.get(error.kind, error.kind.value)


_WORDS = {
    ErrorKind.TIMEOUT_CONNECT: "connect timeout",
    ErrorKind.TIMEOUT_RESPONSE: "timeout",
    ErrorKind.DESCRIPTORS: "no descriptors",
    ErrorKind.PORTS: "no ports",
}


def _title(frame: Frame, hidden: int, *, width: int, look: Look) -> Line:
    minute = sum(error.window for error in frame.errors)
    ratio = frame.window.error_ratio
    ink = Ink.BAD if ratio else Ink.VALUE
    name = Line(look).add("errors ", Ink.TITLE).add(percent_text(ratio), ink)
    in_window = Line(look).add(number_text(minute), Ink.BAD if minute else Ink.VALUE)
    parts = [(0, name)]
    if frame.total.errors or minute:
        parts.append((2, in_window.add(" in 60s", Ink.DIM)))
        parts.append((3, pair(look, "total", number_text(frame.total.errors))))
    if frame.outage_s and frame.elapsed_s:
        share = percent_text(min(1.0, frame.outage_s / frame.elapsed_s))
        away = pair(look, "away", span_text(round(frame.outage_s)), ink=Ink.BAD)
        # The rows tell of the last minute, too; of time without an answer nothing else does.
        parts.append((1, away.add(f" {share}", Ink.DIM)))
    return rule(look, width, parts, right=f"+{hidden} more" if hidden else "")


def _row(error: ErrorCount, second: int, name_width: int, *, width: int, look: Look) -> Line:
    """Return how many, what, where and how long ago; what is over for a minute is dim."""
    ago_s = max(0, second - error.last_second)
    is_now = error.window > 0
    line = Line(look).add_right(number_text(error.window), _COUNT_WIDTH, _ink(is_now, Ink.BAD))
    line.add(" ").add_fitted(error_name(error), name_width, _ink(is_now, Ink.STRONG)).add(" ")
    last = span_text(ago_s) if ago_s else "now"
    line.add_fitted(
        error.endpoint, max(0, width - line.width - len(last) - 2), _ink(is_now, Ink.TEXT)
    )
    return line.add(f" {last}", Ink.DIM)


def _ink(is_now: bool, ink: Ink) -> Ink:
    return ink if is_now else Ink.DIM
