"""The second row: where the levers stand, where they are going, and what it comes to."""

from collections.abc import Sequence

from textual.reactive import var

from vumeter.model.frame import Frame
from vumeter.model.throttle import Lever, ThrottleState
from vumeter.tui.format import number_text, span_text, target_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.bars import bar
from vumeter.tui.widgets.line import Line, joined
from vumeter.tui.widgets.panel import Panel

LEVER_NAMES = {Lever.VUS: "VU", Lever.RATE: "RPS"}


class ThrottleRow(Panel):
    """
    Each lever as actual ▸ requested with a bar, and what is in flight and dropped.

    *active* is the lever that `+` and `-` move: a scenario's name and which of its levers.
    """

    active: var[tuple[str, Lever] | None] = var(None, init=False)
    _frame: Frame | None = None

    def show(self, frame: Frame) -> None:
        """Show the throttles of *frame*."""
        self._frame = frame
        self.repaint()

    def compose_lines(self, width: int, _height: int) -> Sequence[Line]:
        """Return the row."""
        if self._frame is None:
            return []
        return [throttle_line(self._frame, width=width, look=self.look, active=self.active)]

    def watch_active(self) -> None:
        """Draw which lever is active."""
        self.repaint()


def throttle_line(
    frame: Frame, *, width: int, look: Look, active: tuple[str, Lever] | None
) -> Line:
    """Return the row for the active scenario's levers."""
    shown = shown_throttles(frame, active)
    bar_width = max(4, min(20, (width - 50) // 2))
    parts = [
        (index, _lever(throttle, look, bar_width, is_active(throttle, active)))
        for index, throttle in enumerate(shown)
    ]
    if not any(throttle.lever is Lever.RATE for throttle in shown):
        rate = number_text(frame.window.requests_per_s)
        parts.append((1, Line(look).add("RPS ", Ink.DIM).add(rate, Ink.VALUE)))
    parts.append((2, _labelled("in-flight", number_text(frame.in_flight), look)))
    dropped_ink = Ink.WARN if frame.dropped else Ink.VALUE
    parts.append((3, _labelled("dropped", number_text(frame.dropped), look, dropped_ink)))
    return Line(look).add(" ").extend(joined(parts, width - 1, look))


def shown_throttles(frame: Frame, active: tuple[str, Lever] | None) -> tuple[ThrottleState, ...]:
    """Return the levers of the active scenario; of the first one when none is active."""
    if not frame.throttles:
        return ()
    names = {throttle.scenario for throttle in frame.throttles}
    scenario = active[0] if active and active[0] in names else frame.throttles[0].scenario
    return tuple(throttle for throttle in frame.throttles if throttle.scenario == scenario)


def is_active(throttle: ThrottleState, active: tuple[str, Lever] | None) -> bool:
    """Return whether this is the lever that the keys move."""
    return active == (throttle.scenario, throttle.lever)


def throttle_words(throttle: ThrottleState, look: Look) -> str:
    """Return "142▸150": the actual value, and the requested one while they differ."""
    actual, requested = target_text(throttle.actual), target_text(throttle.requested)
    return actual if actual == requested else f"{actual}{look.glyphs.to}{requested}"


def progress_words(throttle: ThrottleState) -> str:
    """Return what stands between the request and its effect: sending, a ramp's end, or nothing."""
    if throttle.held:
        return "HELD"
    if throttle.acknowledged != throttle.requested:
        return "sent"
    return f"eta {span_text(throttle.eta_s)}" if throttle.eta_s > 0 else ""


def _lever(throttle: ThrottleState, look: Look, bar_width: int, active: bool) -> Line:
    mark = look.glyphs.selected if active else ""
    name_ink = Ink.ACTIVE if active else Ink.DIM
    line = Line(look).add(f"{mark}{LEVER_NAMES[throttle.lever]} ", name_ink)
    line.add(throttle_words(throttle, look), Ink.STRONG).add(" ")
    top = max(throttle.requested, throttle.actual, 1e-9)
    line.extend(bar(throttle.actual / top, width=bar_width, look=look))
    words = progress_words(throttle)
    return line.add(f" {words}" if words else "", Ink.WARN if throttle.held else Ink.DIM)


def _labelled(label: str, value: str, look: Look, ink: Ink = Ink.VALUE) -> Line:
    return Line(look).add(f"{label} ", Ink.DIM).add(value, ink)
