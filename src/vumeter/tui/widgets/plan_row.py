"""The plan as a bar over the whole run, with what the operator did along it."""

from collections.abc import Sequence

from vumeter.model.frame import Event, EventLevel, Frame, RunState
from vumeter.model.throttle import ThrottleState
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

    A run without an end has no bar to fill: its line leads from the start to now. Stages have
    their borders on the bar; those of the first scenario that has any.
    """
    plan = next((throttle for throttle in frame.throttles if throttle.stages), None)
    planned_s = frame.duration_s or (plan.stages[-1].end_s if plan else None)
    end_s = planned_s or max(1.0, frame.elapsed_s)
    line = Line(look).add(" plan ", Ink.DIM)
    words = _words(frame, plan)
    room = max(0, width - line.width - len(words) - 2)
    done = round(room * min(1.0, frame.elapsed_s / end_s)) if planned_s else 0
    row = [(look.glyphs.bar, Ink.BAR)] * done
    row += [(look.glyphs.bar_rest, Ink.BAR_REST)] * (room - done)
    borders_s = [stage.end_s for stage in plan.stages] if plan else []
    for border_s in borders_s:
        if room and border_s < end_s:
            at = min(room - 1, int(room * border_s / end_s))
            row[at] = (look.glyphs.bar_target, Ink.BAR if at < done else Ink.DIM)
    for event in events:
        if room and event.level in (EventLevel.ACTION, EventLevel.MARK):
            glyph = look.glyphs.action if event.level is EventLevel.ACTION else look.glyphs.mark
            at = min(room - 1, int(room * event.second / end_s))
            row[at] = (glyph, EVENT_INKS[event.level])
    return line.extend(cells(look, row)).add(f" {words}", Ink.DIM)


def stage_words(plan: ThrottleState) -> str:
    """Return "stage 2/5 ramp up", what stands against it first; empty where there is no stage."""
    if plan.stage is None:
        return ""
    words = f"stage {plan.stage + 1}/{len(plan.stages)} {plan.stages[plan.stage].kind}"
    if plan.held:
        return f"HELD {words}"
    if plan.off_plan:
        return f"OFF PLAN {words}"
    return f"REPLAY {words}" if plan.replays else words


def _words(frame: Frame, plan: ThrottleState | None) -> str:
    if frame.state is RunState.ENDED:
        return f"ended after {span_text(frame.elapsed_s)}"
    stage = _stage_left(frame, plan) if plan else ""
    if frame.duration_s is None:
        if any(throttle.held for throttle in frame.throttles):
            return stage or "HELD, the end waits"
        return f"{span_text(frame.elapsed_s)} so far, no planned end"
    left_s = max(0.0, frame.duration_s - frame.elapsed_s)
    left = f"{span_text(round(left_s))} of {span_text(frame.duration_s)} left"
    return f"{stage} · {left}" if stage else left


def _stage_left(frame: Frame, plan: ThrottleState) -> str:
    words = stage_words(plan)
    if plan.stage is None or plan.held:
        return words
    left_s = max(0.0, plan.stages[plan.stage].end_s - frame.elapsed_s)
    return f"{words} {span_text(round(left_s))}"
