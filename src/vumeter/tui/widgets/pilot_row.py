"""The row of whoever drives the run by itself: where it is, why, and how to take over."""

from collections.abc import Sequence

from vumeter.model.pilot import PilotKind, PilotPhase, PilotState
from vumeter.pilot.findings import load_text
from vumeter.tui.format import span_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line, joined
from vumeter.tui.widgets.panel import FramePanel, pair

_NAMES = {PilotKind.FINDER: "FINDER", PilotKind.CRUISE: "CRUISE"}


class PilotRow(FramePanel):
    """One line, and none before anybody drove."""

    def compose_lines(self, width: int, _height: int) -> Sequence[Line]:
        """Return the row."""
        if self.frame is None or self.frame.pilot is None:
            return []
        return [pilot_line(self.frame.pilot, width=width, look=self.look)]


def pilot_line(state: PilotState, *, width: int, look: Look) -> Line:
    """
    Return the row: who, what about, the load, the bracket, what is seen, and why it waits.

    Once it is over, what came of it.
    """
    name = Line(look).add(f" {_NAMES[state.kind]} ", Ink.ACTIVE if not state.is_over else Ink.DIM)
    if state.is_over:
        return name.add(state.why, Ink.STRONG).crop_to(width)
    name.add(f"{state.phase}", Ink.STRONG)
    name.add(f" {state.step}" if state.kind is PilotKind.FINDER else "", Ink.STRONG)
    load = load_text(state.load, state.lever)
    parts = [(0, name), (0, Line(look).add(load, Ink.VALUE))]
    if state.low is not None or state.high is not None:
        parts.append((1, Line(look).add(_bracket(state), Ink.VALUE)))
    if state.phase is PilotPhase.CRUISE:
        parts.append((0, pair(look, "keeps", state.aim)))
    if state.observed:
        parts.append((1, Line(look).add(state.observed, Ink.VALUE)))
    elif state.phase is not PilotPhase.CRUISE:
        parts.append((3, Line(look).add(state.aim, Ink.DIM)))
    parts.append((4, Line(look).add(state.why, Ink.DIM)))
    if state.eta_s is not None:
        parts.append((2, pair(look, "eta", span_text(round(state.eta_s)))))
    parts.append((0, Line(look).add("C", Ink.KEY).add(" ends it", Ink.DIM)))
    return joined(parts, width, look)


def _bracket(state: PilotState) -> str:
    low = "?" if state.low is None else f"{state.low:g}"
    high = "?" if state.high is None else f"{state.high:g}"
    return f"[{low}, {high}]"
