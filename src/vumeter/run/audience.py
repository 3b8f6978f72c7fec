"""Who watches a run: viewers come, leave and are lost, and what becomes of a run without any."""

from typing import NamedTuple

from vumeter.clock import NsClock
from vumeter.model.frame import EventLevel, StopCause
from vumeter.model.plan import Plan
from vumeter.model.throttle import Command, CommandKind
from vumeter.run.control import Control, Viewer
from vumeter.run.deadman import DeadMan
from vumeter.run.events import EventLog
from vumeter.run.lostviewer import LostViewer
from vumeter.units import duration_text


class Wish(NamedTuple):
    """What is to be done because nobody is there to do it."""

    command: Command
    cause: StopCause
    """Of the end, if *command* ends the run."""


class Audience:
    """
    Seats viewers, tells of them, and has what the plan says done where they are missing.

    Args:
        plan: Says what becomes of a run that nobody watches.
        events: Is told who comes and goes.
        is_attended: Someone sits before the run, so no dead man's switch is needed.
        clock: The reader of time.
    """

    def __init__(self, plan: Plan, *, events: EventLog, is_attended: bool, clock: NsClock) -> None:
        self.control = Control()
        """Whose hand is on the throttle."""
        self._events = events
        self._is_attended = is_attended
        self._clock = clock
        self._limit_text = duration_text(plan.dead_man_s)
        self._dead_man = DeadMan(limit_s=plan.dead_man_s, is_armed=False)
        self._lost_viewer = LostViewer(plan.on_viewer_lost)
        self.expect_end(plan.has_end)

    def expect_end(self, has_end: bool) -> None:
        """A run that *has_end* goes on to it, watched or not."""
        self._dead_man.arm(not has_end and not self._is_attended)

    def saw(self, at_s: float) -> None:
        """Somebody took a frame or gave a command: the run is watched."""
        self._dead_man.sign_of_life(at_s)

    def join(self, viewer: Viewer, at_s: float) -> int:
        """Let *viewer* watch; return the number of the seat."""
        seat = self.control.join(viewer)
        if not viewer.watches_only:
            self._lost_viewer.settle()
        self._events.add(
            "attached, to watch" if viewer.watches_only else "attached", author=viewer.name
        )
        self.saw(at_s)
        return seat

    def leave(self, seat: int, *, by_choice: bool) -> None:
        """Let the viewer on this seat go; not *by_choice*, it was lost."""
        former = self.control.holder
        viewer = self.control.leave(seat)
        if by_choice:
            self._events.add("left", author=viewer.name)
        elif viewer.watches_only or self.control.has_writer:
            self._events.add("was lost", author=viewer.name)
        else:
            text = self._lost_viewer.lose(viewer.name, at_ns=self._clock())
            self._events.add(text, level=EventLevel.WARNING, author=viewer.name)
        if self.control.holder not in ("", former):
            self._events.add("has the control now", author=self.control.holder)

    def wish(self, at_s: float, *, can_pause: bool) -> Wish | None:
        """
        Return what is to be done now for want of a viewer; `None`: nothing, or not yet.

        Where it is to pause and not *can_pause*, there is no load yet, and it waits for that.
        """
        if self._dead_man.has_been_left(at_s):
            self._events.add(
                f"nobody watches: the run stops itself {self._limit_text} after the last look",
                level=EventLevel.WARNING,
            )
        if self._dead_man.has_tripped(at_s):
            note = f"nobody has watched for {self._limit_text}"
            stop = Command(kind=CommandKind.STOP, author="dead man's switch", note=note)
            return Wish(stop, StopCause.DEAD_MAN)
        command = self._lost_viewer.command(self._clock())
        if command is None or (command.kind is CommandKind.PAUSE and not can_pause):
            return None
        self._lost_viewer.settle()
        return Wish(command, StopCause.VIEWER_LOST)
