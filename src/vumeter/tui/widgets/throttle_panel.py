"""The throttle in full, where there is room for it: every lever, its limit, and the way back."""

from collections.abc import Sequence

from textual.reactive import var

from vumeter.model.frame import Frame, Undoable
from vumeter.model.throttle import Lever, ThrottleState
from vumeter.tui.format import NOTHING, age_text, target_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.bars import bar
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.panel import Panel, rule, title
from vumeter.tui.widgets.throttle_row import (
    LEVER_NAMES,
    is_active,
    progress_words,
    throttle_words,
)


class ThrottlePanel(Panel):
    """Requested, acknowledged and actual of each lever, its limit and step, and undo."""

    active: var[tuple[str, Lever] | None] = var(None, init=False)
    _frame: Frame | None = None

    def show(self, frame: Frame) -> None:
        """Show the throttles of *frame*."""
        self._frame = frame
        self.repaint()

    def watch_active(self) -> None:
        """Draw which lever is active."""
        self.repaint()

    def compose_lines(self, width: int, _height: int) -> Sequence[Line]:
        """Return the title, the levers and the way back."""
        head = rule(self.look, width, [title(self.look, "throttle")])
        if self._frame is None:
            return [head]
        lines = [head]
        for throttle in self._frame.throttles:
            active = is_active(throttle, self.active)
            lines.extend(lever_lines(throttle, width=width, look=self.look, active=active))
        lines.append(_way_back("u", self._frame.undo, self._frame, self.look))
        lines.append(_way_back("U", self._frame.redo, self._frame, self.look))
        return lines


def lever_lines(throttle: ThrottleState, *, width: int, look: Look, active: bool) -> list[Line]:
    """Return a lever's lines: value and bar, the three stages of a request, limit and step."""
    mark = look.glyphs.selected if active else " "
    name = f"{mark}{LEVER_NAMES[throttle.lever]} "
    top = Line(look).add(name, Ink.ACTIVE if active else Ink.DIM)
    top.add(throttle_words(throttle, look), Ink.STRONG)
    top.add(f" {progress_words(throttle)}", Ink.WARN if throttle.held else Ink.DIM)
    meter = (
        Line(look)
        .add(" ")
        .extend(bar(throttle.actual / max(throttle.limit, 1), width=max(0, width - 2), look=look))
    )
    acknowledged = NOTHING if throttle.acknowledged is None else target_text(throttle.acknowledged)
    stages = Line(look).add(
        f" req {target_text(throttle.requested)} ack {acknowledged}"
        f" now {target_text(throttle.actual)}"
    )
    limits = Line(look).add(
        f" limit {target_text(throttle.limit)}  step {target_text(throttle.step)}",
        Ink.DIM,
    )
    return [top, meter, stages, limits]


def _way_back(key: str, undoable: Undoable | None, frame: Frame, look: Look) -> Line:
    if undoable is None:
        return Line(look)
    line = Line(look).add(f" {key} ", Ink.KEY).add(undoable.text)
    return line.add(f" {age_text(frame.elapsed_s - undoable.second)} ago", Ink.DIM)
