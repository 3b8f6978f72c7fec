"""The second row: where the levers stand, where they are going, and what it comes to."""

from collections.abc import Sequence

from msgspec.structs import replace
from textual.reactive import var

from vumeter.model.frame import Frame, RunState
from vumeter.model.throttle import Lever, ThrottleState
from vumeter.tui.format import number_text, span_text, target_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.bars import bar
from vumeter.tui.widgets.line import Line, joined
from vumeter.tui.widgets.panel import FramePanel, pair

LEVER_NAMES = {Lever.VUS: "VU", Lever.RATE: "RPS"}

ActiveLever = tuple[str, Lever]
"""A scenario's name and which of its levers."""

_BAR_WIDTHS = (24, 16, 10, 6, 4, 0)


class ThrottleRow(FramePanel):
    """
    Each lever as actual ▸ requested with a bar, and what is in flight and dropped.

    *active* is the lever that `+` and `-` move.
    """

    active: var[ActiveLever | None] = var(None, init=False)

    def compose_lines(self, width: int, _height: int) -> Sequence[Line]:
        """Return the row."""
        if self.frame is None:
            return []
        return [throttle_line(self.frame, width=width, look=self.look, active=self.active)]

    def watch_active(self) -> None:
        """Draw which lever is active."""
        self.repaint()


def throttle_line(frame: Frame, *, width: int, look: Look, active: ActiveLever | None) -> Line:
    """Return the row with the longest bars that leave room for all its numbers."""
    for bar_width in _BAR_WIDTHS:
        parts = _parts(frame, look, bar_width, active)
        if sum(line.width + 2 for _, line in parts) - 1 <= width:
            break
    return Line(look).add(" ").extend(joined(parts, width - 1, look))


def _parts(
    frame: Frame, look: Look, bar_width: int, active: ActiveLever | None
) -> list[tuple[int, Line]]:
    shown = shown_throttles(frame, active)
    parts = [
        (0 if is_active(throttle, active) else 1, _lever(throttle, look, bar_width, active))
        for throttle in shown
    ]
    if all(throttle.lever is not Lever.RATE for throttle in shown):
        parts.append((0, pair(look, "RPS", number_text(frame.window.requests_per_s))))
    dropped_ink = Ink.WARN if frame.dropped else Ink.VALUE
    parts.append((3, pair(look, "in-flight", number_text(frame.in_flight))))
    parts.append((2, pair(look, "dropped", number_text(frame.dropped), ink=dropped_ink)))
    return parts


def shown_throttles(frame: Frame, active: ActiveLever | None) -> tuple[ThrottleState, ...]:
    """
    Return the levers of the active scenario; of the first one when none is active.

    When the run has ended nothing is asked of them any more, whatever the last request was.
    """
    if not frame.throttles:
        return ()
    names = {throttle.scenario for throttle in frame.throttles}
    scenario = active[0] if active and active[0] in names else frame.throttles[0].scenario
    shown = tuple(throttle for throttle in frame.throttles if throttle.scenario == scenario)
    if frame.state is not RunState.ENDED:
        return shown
    return tuple(
        replace(lever, requested=lever.actual, acknowledged=lever.actual, eta_s=0.0)
        for lever in shown
    )


def is_active(throttle: ThrottleState, active: ActiveLever | None) -> bool:
    """Return whether this is the lever that the keys move."""
    return active == (throttle.scenario, throttle.lever)


def throttle_words(throttle: ThrottleState, look: Look) -> str:
    """Return "142▸150": the actual value, and the requested one while they differ."""
    actual, requested = target_text(throttle.actual), target_text(throttle.requested)
    return actual if actual == requested else f"{actual}{look.glyphs.to}{requested}"


def progress_words(throttle: ThrottleState) -> str:
    """
    Return what still stands between the request and its effect; empty when nothing does.

    "sent" until every worker has taken it up, then the time that the ramp still takes. That
    the plan does not lead it comes before both.
    """
    if throttle.held:
        return "HELD"
    if throttle.begins_in_s is not None:
        return f"in {span_text(round(throttle.begins_in_s))}"
    words = ["OFF PLAN"] if throttle.off_plan else ["REPLAY"] if throttle.replays else []
    if throttle.acknowledged != throttle.requested:
        words.append("sent")
    elif throttle.eta_s > 0:
        words.append(f"eta {span_text(throttle.eta_s)}")
    return " ".join(words)


def lever_bar(throttle: ThrottleState, *, top: float, width: int, look: Look) -> Line:
    """Return the actual value as a bar up to *top*, dimmed out where the load does not follow."""
    ink = Ink.WARN if throttle.held else Ink.BAR
    return bar(throttle.actual / max(top, 1e-9), width=width, look=look, ink=ink)


def _lever(throttle: ThrottleState, look: Look, bar_width: int, active: ActiveLever | None) -> Line:
    chosen = is_active(throttle, active)
    name = f"{look.glyphs.selected if chosen else ''}{LEVER_NAMES[throttle.lever]} "
    line = Line(look).add(name, Ink.ACTIVE if chosen else Ink.DIM)
    line.add(throttle_words(throttle, look), Ink.STRONG)
    if bar_width:
        top = max(throttle.requested, throttle.actual)
        line.add(" ").extend(lever_bar(throttle, top=top, width=bar_width, look=look))
    words = progress_words(throttle)
    return line.add(f" {words}" if words else "", Ink.WARN if throttle.held else Ink.DIM)
