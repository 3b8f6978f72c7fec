"""What commands do to a played recording: enough of a run to rehearse the screen with."""

from msgspec import Struct
from msgspec.structs import replace

from vumeter.model.frame import Event, EventLevel, Frame, RunState, StopCause, Undoable
from vumeter.model.throttle import Command, CommandKind, Lever, Outcome, ThrottleState

_ENDINGS = {CommandKind.STOP: StopCause.STOPPED, CommandKind.ABORT: StopCause.ABORTED}
_STATES = {CommandKind.PAUSE: RunState.PAUSED, CommandKind.RESUME: RunState.RUNNING}


class _Moved(Struct, kw_only=True):
    """A lever that was moved, and for how many frames already."""

    requested: float
    before: float
    ramp_s: float
    ticks: int = 0

    @property
    def target(self) -> float:
        done = min(1.0, self.ticks / self.ramp_s) if self.ramp_s else 1.0
        return self.before + (self.requested - self.before) * done


class Rehearsal:
    """The commands that a played run was given, laid over its recorded frames."""

    def __init__(self) -> None:
        self._moved: dict[tuple[str, Lever], _Moved] = {}
        self._undone: list[dict[tuple[str, Lever], _Moved]] = []
        self._state: RunState | None = None
        self._cause: StopCause | None = None
        self._held = False
        self._events: list[Event] = []
        self.control: str | None = None

    def tick(self) -> None:
        """A second has passed: what was asked for is taken up, ramps go on, endings end."""
        for moved in self._moved.values():
            if not self._held:
                moved.ticks += 1
        if self._state is RunState.STOPPING:
            self._state = RunState.ENDED

    def obey(self, command: Command, frame: Frame, *, number: int) -> Outcome:
        """Take *command* up, and say what it does."""
        match command.kind:
            case CommandKind.SET | CommandKind.STEP | CommandKind.SCALE | CommandKind.PANIC:
                message = self._move(command, frame)
            case CommandKind.PAUSE | CommandKind.RESUME:
                self._state = _STATES[command.kind]
                message = f"load {self._state}"
            case CommandKind.STOP | CommandKind.ABORT:
                self._state, self._cause = RunState.STOPPING, _ENDINGS[command.kind]
                message = "stopping" if command.kind is CommandKind.STOP else "aborted"
            case CommandKind.HOLD | CommandKind.RESUME_PLAN:
                self._held = command.kind is CommandKind.HOLD
                message = "held" if self._held else "the plan goes on"
            case CommandKind.MARK:
                message = command.note
            case CommandKind.UNDO if self._moved:
                self._undone.append(self._moved)
                self._moved = {}
                message = "undone"
            case CommandKind.REDO if self._undone:
                self._moved = self._undone.pop()
                message = "redone"
            case _:
                return Outcome(id=number, accepted=False, message="nothing to do that to")
        self._log(command, frame, message)
        return Outcome(id=number, accepted=True, message=message)

    def bent(self, frame: Frame) -> Frame:
        """Return *frame* as it would have been after the commands so far."""
        state = self._state or frame.state
        return replace(
            frame,
            state=state,
            stop_cause=self._cause or frame.stop_cause,
            throttles=tuple(self._bent(throttle) for throttle in frame.throttles),
            events=frame.events + tuple(self._events),
            undo=self._undo() or frame.undo,
            redo=Undoable(text="the last move", second=frame.second) if self._undone else None,
            control=frame.control if self.control is None else self.control,
        )

    def _move(self, command: Command, frame: Frame) -> str:
        state = _addressed(command, frame)
        before = self._bent(state).requested
        value = command.value or 0.0
        wanted = {
            CommandKind.SET: value,
            CommandKind.STEP: before + value,
            CommandKind.SCALE: float(round(before * (1 + value / 100))),
            CommandKind.PANIC: 1.0,
        }[command.kind]
        after = min(max(wanted, 0.0), state.limit)
        self._moved[state.scenario, state.lever] = _Moved(
            requested=after, before=before, ramp_s=command.ramp_s
        )
        clamped = ", the run's limit" if after < wanted else ""
        return f"VU {before:g} → {after:g}{clamped}"

    def _bent(self, throttle: ThrottleState) -> ThrottleState:
        moved = self._moved.get((throttle.scenario, throttle.lever))
        if moved is None:
            return replace(throttle, held=self._held)
        return replace(
            throttle,
            requested=moved.requested,
            acknowledged=moved.requested if moved.ticks else None,
            target=moved.target,
            actual=moved.target if moved.ticks else moved.before,
            eta_s=max(0.0, moved.ramp_s - moved.ticks),
            held=self._held,
        )

    def _undo(self) -> Undoable | None:
        if not self._moved:
            return None
        moved = next(reversed(self._moved.values()))
        return Undoable(text=f"VU {moved.before:g} → {moved.requested:g}", second=0.0)

    def _log(self, command: Command, frame: Frame, message: str) -> None:
        is_mark = command.kind is CommandKind.MARK
        self._events.append(
            Event(
                serial=1000 + len(self._events),
                second=float(frame.second),
                at_unix_ms=frame.at_unix_ms,
                level=EventLevel.MARK if is_mark else EventLevel.ACTION,
                author=command.author,
                text=message,
                label=message,
            )
        )


def _addressed(command: Command, frame: Frame) -> ThrottleState:
    """Return the lever that *command* is for: the first, where it names none that is there."""
    fitting = (
        throttle
        for throttle in frame.throttles
        if command.scenario in (None, throttle.scenario) and command.lever in (None, throttle.lever)
    )
    return next(fitting, frame.throttles[0])
