"""The first row: which run this is, what it is doing, and how fresh the screen is."""

from collections.abc import Sequence

from textual.reactive import var

from vumeter.model.frame import Frame, RunState, StopCause
from vumeter.tui.format import age_text, clock_text, span_text
from vumeter.tui.terminal import Ink, Look
from vumeter.tui.widgets.line import Line, joined
from vumeter.tui.widgets.panel import FramePanel
from vumeter.tui.widgets.plan_row import stage_words

STALE_AFTER_S = 3.0
"""A frame comes every second; when three are missing, the age becomes a warning."""

_HELP_FROM_WIDTH = 40

_STATES = {
    RunState.STARTING: ("STARTING", Ink.ACTIVE),
    RunState.SETTING_UP: ("SETTING UP", Ink.ACTIVE),
    RunState.RUNNING: ("RUN", Ink.GOOD),
    RunState.PAUSED: ("LOAD PAUSED", Ink.ALARM),
    RunState.STOPPING: ("STOPPING", Ink.WARN),
    RunState.TEARING_DOWN: ("TEARING DOWN", Ink.WARN),
    RunState.ENDED: ("ENDED", Ink.STRONG),
}

_CAUSES = {
    StopCause.SCHEDULE: "as planned",
    StopCause.STOPPED: "stopped",
    StopCause.ABORTED: "aborted",
    StopCause.SIGNAL: "by a signal",
    StopCause.DEAD_MAN: "nobody watched",
    StopCause.VIEWER_LOST: "viewer lost",
    StopCause.WORKERS_LOST: "workers lost",
    StopCause.THRESHOLD: "by a threshold",
    StopCause.SETUP: "setup failed",
    StopCause.KILLED: "killed",
}


class HeadPanel(FramePanel):
    """
    A panel that begins with the header's line, and what that needs besides a frame.

    The cockpit keeps *age_s* (since the shown frame arrived), *viewer* (its own name, to
    tell "CTRL" from another's hand), *frozen* (the display, not the load) and *replay* (how a
    stored run is played; empty: it is live) current.
    """

    age_s: var[float] = var(0.0, init=False)
    viewer: var[str] = var("", init=False)
    frozen: var[bool] = var(False, init=False)
    replay: var[str] = var("", init=False)

    def watch_age_s(self) -> None:
        """Draw the new age."""
        self.repaint()

    def watch_viewer(self) -> None:
        """Draw who holds the control."""
        self.repaint()

    def watch_frozen(self) -> None:
        """Draw whether the display is frozen."""
        self.repaint()

    def watch_replay(self) -> None:
        """Draw how a stored run is played."""
        self.repaint()

    def header(self, frame: Frame, width: int) -> Line:
        """Return the header's line for *frame*."""
        return header_line(
            frame,
            width=width,
            look=self.look,
            age_s=self.age_s,
            viewer=self.viewer,
            frozen=self.frozen,
            replay=self.replay,
        )


class HeaderRow(HeadPanel):
    """Run, state, clock, age, control and viewers."""

    def compose_lines(self, width: int, _height: int) -> Sequence[Line]:
        """Return the row."""
        if self.frame is None:
            return [Line(self.look).add(" connecting to the run", Ink.DIM)]
        return [self.header(self.frame, width)]


def header_line(
    frame: Frame,
    *,
    width: int,
    look: Look,
    age_s: float,
    viewer: str,
    frozen: bool,
    replay: str = "",
) -> Line:
    """Return the row, with what matters least left out where it does not fit."""
    word, ink = _STATES[frame.state]
    if frame.stop_cause is not None:
        word = f"{word} {_CAUSES[frame.stop_cause]}"
    parts = [
        (4, Line(look).add(f" {frame.run}", Ink.STRONG).add("@", Ink.DIM).add(_host(frame.target))),
        (0, Line(look).add(f"REPLAY {replay}" if replay else "", Ink.ALARM)),
        (0, Line(look).add(word, ink).add(f" {_clock(frame)}", Ink.VALUE)),
        (3, _stage(frame, look)),
        (0, Line(look).add("DISPLAY FROZEN" if frozen else "", Ink.ALARM)),
        (1, Line(look) if replay else _age(frame, age_s, look)),
        (2, Line(look) if replay else _control(frame, viewer, look)),
        (5, Line(look).add(f"{frame.viewers} viewers" if frame.viewers > 1 else "", Ink.DIM)),
        (2, _workers(frame, look)),
    ]
    if width < _HELP_FROM_WIDTH:
        return joined(parts, width, look)
    help_key = Line(look).add("?", Ink.KEY).add(" help", Ink.DIM)
    row = joined(parts, width - help_key.width - 3, look)
    return row.pad_to(width - help_key.width - 1).extend(help_key)


def _host(target: str) -> str:
    return target.partition("://")[2] or target


def _clock(frame: Frame) -> str:
    # Run time stands still while one of these is at work.
    phases = {RunState.SETTING_UP: frame.setup, RunState.TEARING_DOWN: frame.teardown}
    if (phase := phases.get(frame.state)) is not None:
        return f"{clock_text(phase.elapsed_s)} of {span_text(phase.timeout_s)} at most"
    if frame.duration_s is None:
        return clock_text(frame.elapsed_s)
    return f"{clock_text(frame.elapsed_s)} of {span_text(frame.duration_s)}"


def _stage(frame: Frame, look: Look) -> Line:
    """Return which stage it is, of the first plan that has any, and whether it is followed."""
    plan = next((throttle for throttle in frame.throttles if throttle.stages), None)
    if plan is None or frame.state is RunState.ENDED:
        return Line(look)
    strays = plan.held or plan.off_plan
    return Line(look).add(stage_words(plan), Ink.WARN if strays else Ink.VALUE)


def _age(frame: Frame, age_s: float, look: Look) -> Line:
    if frame.state is RunState.ENDED:
        return Line(look)
    ink = Ink.WARN if age_s > STALE_AFTER_S else Ink.DIM
    word = "STALE" if age_s > STALE_AFTER_S else "age"
    return Line(look).add(f"{word} {age_text(age_s)}", ink)


def _control(frame: Frame, viewer: str, look: Look) -> Line:
    if frame.control and frame.control == viewer:
        return Line(look).add("CTRL", Ink.ACTIVE)
    return Line(look).add(f"CTRL {frame.control or 'free'}", Ink.DIM)


def _workers(frame: Frame, look: Look) -> Line:
    if frame.workers_heard >= frame.workers_expected or frame.second < 0:
        return Line(look)
    return Line(look).add(f"{frame.workers_heard}/{frame.workers_expected} workers", Ink.WARN)
