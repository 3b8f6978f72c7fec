"""Where a run is in its life, why it ends, and when waiting for its workers is over. Pure."""

from vumeter.model.frame import Phase, RunState, StopCause
from vumeter.model.plan import Plan

ABORT_LIMIT_S = 0.5
"""
Workers that were told to end at once have this long before they are ended by force, so
that a second SIGINT is through within a second.
"""

OVERDUE_S = 3.0
"""A worker whose graceful time is over still has to count, send and say goodbye."""


class Life:
    """
    Starting → setting up → running → stopping → tearing down → ended; pausing is the throttles'
    affair.

    The first graceful stop says why the run ended, unless an abort comes after it.
    """

    def __init__(self, plan: Plan) -> None:
        self._graceful_stop_s = plan.graceful_stop_s
        self._has_begun = False
        self.phase: Phase | None = None
        """Which of what is done once per run is at work now."""
        self.is_aborted = False
        """Whether somebody wants the end so soon that nothing comes after it."""
        self.cause: StopCause | None = None
        """Why it ends; `None` while nobody and nothing has ended it before its schedule."""
        self.ended_s: float | None = None
        self.is_at_once = False
        """Whether nothing that ends may take its time any more."""
        self._overdue_s: float | None = None
        self.move_end(plan.duration_s)

    def begin(self) -> None:
        """The load is on."""
        self._has_begun = True

    def move_end(self, end_s: float | None) -> None:
        """The schedule ends at *end_s* now, unless the end has been asked for; `None`: never."""
        if self.cause is None:
            patience_s = self._graceful_stop_s + OVERDUE_S
            self._overdue_s = None if end_s is None else end_s + patience_s

    def abort(self, cause: StopCause, *, at_s: float) -> None:
        """Ask for the end at once; only that of a threshold leaves teardown its time."""
        self.stop(cause, graceful_s=0.0, at_s=at_s)
        self.is_aborted = cause is not StopCause.THRESHOLD

    def stop(self, cause: StopCause, *, graceful_s: float, at_s: float) -> None:
        """Ask for the end: with *graceful_s* for what is in flight, or with 0 at once."""
        at_once = graceful_s == 0
        self.is_at_once = self.is_at_once or at_once
        if self.cause is None or at_once:
            self.cause = cause
            self._overdue_s = at_s + (ABORT_LIMIT_S if at_once else graceful_s + OVERDUE_S)

    def blame(self, cause: StopCause) -> None:
        """The load is over, or never was; *cause* is why, unless another was known before."""
        self.cause = self.cause or cause

    def end(self, cause: StopCause, *, at_s: float) -> None:
        """It is over; *cause* is why, unless another was known before."""
        self.blame(cause)
        self.ended_s = at_s

    @property
    def is_stopping(self) -> bool:
        """Whether the end was asked for, or is there."""
        return self.cause is not None

    def is_overdue(self, at_s: float) -> bool:
        """Whether workers that are still there have to be ended by force."""
        return self._overdue_s is not None and at_s >= self._overdue_s

    def state(self, *, is_paused: bool) -> RunState:
        """Return the state for the screen."""
        if self.ended_s is not None:
            return RunState.ENDED
        if self.phase is Phase.TEARDOWN:
            return RunState.TEARING_DOWN
        if self.is_stopping:
            return RunState.STOPPING
        if self.phase is Phase.SETUP:
            return RunState.SETTING_UP
        if not self._has_begun:
            return RunState.STARTING
        return RunState.PAUSED if is_paused else RunState.RUNNING

    @property
    def refusal(self) -> str:
        """Why no throttle can be moved now, in words; empty: it can."""
        if self.ended_s is not None:
            return "The run has ended"
        if self.phase is Phase.TEARDOWN:
            return "The load has ended, and teardown is at work"
        if self.is_stopping:
            return "The run is stopping"
        if self.phase is Phase.SETUP:
            return "Setup is at work; there is no load yet"
        return "" if self._has_begun else "The run is starting; ask again in a moment"
