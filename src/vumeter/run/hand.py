"""
The hand on the throttle: from a command to its outcome, its journal entry and its messages.

Pure but for what it remembers; the conductor sends the messages and shows the words.
"""

from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from vumeter.model.frame import EventLevel, StopCause
from vumeter.model.messages import Pause, Retarget, Stop
from vumeter.model.plan import Plan
from vumeter.model.throttle import (
    ENDS,
    FOR_DATABASE,
    PILOTED,
    Command,
    CommandKind,
    JournalEntry,
    Outcome,
)
from vumeter.run.autopilot import Autopilot
from vumeter.run.control import Control
from vumeter.run.database import DatabaseHand
from vumeter.run.journal import Journal
from vumeter.run.life import Life
from vumeter.run.staff import Staff
from vumeter.run.standing import Move
from vumeter.run.throttles import Effect, Throttles
from vumeter.stats.plaintext import plain
from vumeter.units import duration_text

LONGEST_NOTE = 500
"""Characters of a mark or a reason; the rest is cut off."""

Errand = Retarget | Pause | Stop
"""What every worker is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What became of one command."""

    outcome: Outcome
    messages: tuple[Errand, ...]
    """For every worker."""
    level: EventLevel
    text: str
    """For the event log; empty when nothing happened that others should read of."""
    label: str


class Hand:
    """Takes commands, one by one, and writes every one of them into the journal."""

    def __init__(
        self,
        plan: Plan,
        *,
        control: Control,
        life: Life,
        staff: Staff,
        acknowledge: Callable[[str | None], tuple[str, ...]] = lambda _: (),
        database: DatabaseHand | None = None,
        autopilot: Autopilot | None = None,
        profile: Callable[[Command], Effect] | None = None,
    ) -> None:
        self._database = database or DatabaseHand({}, may_end=False)
        self._autopilot = autopilot
        self._profile = profile
        self._acknowledge_alert = acknowledge
        self._staff = staff
        self._graceful_stop_s = plan.graceful_stop_s
        self._control = control
        self._life = life
        self.throttles = Throttles(plan)
        self._journal = Journal()

    @property
    def journal(self) -> tuple[JournalEntry, ...]:
        """Every command so far, oldest first."""
        return self._journal.entries

    def do(
        self,
        command: Command,
        *,
        at_s: float,
        at_unix_ms: int,
        workers: frozenset[int],
        cause: StopCause | None = None,
        is_own: bool = False,
    ) -> Deed:
        """
        Return what becomes of *command*, which is in force and in the journal from now on.

        Args:
            command: Whose author is known to be who it says.
            at_s: Run time.
            at_unix_ms: The same for people.
            workers: Who has to acknowledge it.
            cause: Of a stop or an abort that no operator asked for.
            is_own: It is the run's own, and nobody's control stands in its way.
        """
        command = replace(command, note=plain(command.note)[:LONGEST_NOTE])
        merged = self._journal.merging(command, second=at_s) if is_own else None
        serial = self._journal.next_id if merged is None else merged
        due = self.advance(at_s)
        effect = self._effect(command, serial, at_s, cause, is_own=is_own)
        if effect.accepted and not is_own and self._autopilot is not None:
            self._autopilot.heed(command, at_s)
        messages = self._messages(command, serial, effect)
        if merged is None:
            self._journal.write(
                command,
                accepted=effect.accepted,
                effect=effect.message,
                second=at_s,
                at_unix_ms=at_unix_ms,
            )
        else:
            self._journal.merge(merged, command, effect=effect.message)
        self._journal.await_workers(serial, workers, messages=len(messages))
        is_mark = command.kind is CommandKind.MARK
        reason = f" ({command.note})" if command.note and not is_mark else ""
        return Deed(
            outcome=Outcome(id=serial, accepted=effect.accepted, message=effect.message),
            messages=due + messages,
            level=EventLevel.MARK if is_mark else EventLevel.ACTION,
            text=effect.message + reason if effect.label and merged is None else "",
            label=effect.label if merged is None else "",
        )

    def advance(self, at_s: float) -> tuple[Errand, ...]:
        """Return what every worker has to be told of replays that open or close a model by now."""
        # Nobody's command, so nobody waits for it to be acknowledged.
        return _retargets(0, self.throttles.advance(at_s))

    def acknowledge(self, serial: int, worker: int, *, at_s: float) -> bool:
        """Take a worker's word into account; return whether it was the last one awaited."""
        if not self._journal.acknowledge(serial, worker, second=at_s):
            return False
        self.throttles.acknowledge(serial)
        return True

    def forget(self, worker: int, *, at_s: float) -> None:
        """Wait for *worker* no longer: it has ended."""
        for serial in self._journal.forget(worker, second=at_s):
            self.throttles.acknowledge(serial)

    def _effect(
        self,
        command: Command,
        serial: int,
        at_s: float,
        cause: StopCause | None,
        *,
        is_own: bool,
    ) -> Effect:
        if command.kind is CommandKind.TAKE:
            return self._taken(command.author)
        refusal = "" if is_own else self._control.permit(command.author, command.kind)
        if not refusal and (aside := self._aside(command)) is not None:
            return aside
        if not refusal and command.kind in ENDS and self._life.ended_s is None:
            return self._stop(command.kind, at_s, cause)
        refusal = refusal or self._life.refusal
        if refusal:
            return Effect(accepted=False, message=refusal)
        if command.kind is CommandKind.WORKERS:
            effect = self._staffed(command.value)
        elif command.kind in PILOTED:
            effect = self._piloted(command, at_s)
        else:
            effect = self.throttles.apply(command, serial=serial, at_s=at_s)
        self._life.move_end(self.throttles.end_s)
        return effect

    def _aside(self, command: Command) -> Effect | None:
        """Return what becomes of a command that leaves the load alone; `None`: it does not."""
        if command.kind is CommandKind.MARK:
            note = command.note or "mark"
            return Effect(accepted=True, message=note, label=note)
        if command.kind is CommandKind.ACKNOWLEDGE:
            return self._acknowledged(command.alert)
        if command.kind is CommandKind.PROFILE:
            return self._profiled(command)
        return self._database.take(command) if command.kind in FOR_DATABASE else None

    def _profiled(self, command: Command) -> Effect:
        assert self._profile is not None, "a run has one"
        refusal = self._life.refusal
        return Effect(accepted=False, message=refusal) if refusal else self._profile(command)

    def _piloted(self, command: Command, at_s: float) -> Effect:
        assert self._autopilot is not None, "a run has one"
        states = self.throttles.states(at_s, {})
        if self.throttles.paused and command.kind is not CommandKind.MANUAL:
            return Effect(accepted=False, message="The load is paused: resume it first")
        done, message = self._autopilot.engage(command, states, at_s)
        return Effect(accepted=done, message=message, label=command.kind if done else "")

    def _taken(self, author: str) -> Effect:
        former = self._control.holder
        refusal = self._control.take(author)
        if refusal:
            return Effect(accepted=False, message=refusal)
        if former == author:
            return Effect(accepted=True, message=f"{author} has the control already")
        message = "took the control" + (f" over from {former}" if former else "")
        return Effect(accepted=True, message=message, label="control")

    def _acknowledged(self, wanted: str | None) -> Effect:
        names = self._acknowledge_alert(wanted)
        if not names:
            which = "alert" if wanted is None else f'alert "{wanted}"'
            return Effect(accepted=False, message=f"No {which} fires that nobody has seen")
        return Effect(accepted=True, message=f"seen: {', '.join(names)}", label="seen")

    def _staffed(self, wanted: float | None) -> Effect:
        if wanted is None or wanted < 1 or wanted % 1:
            return Effect(accepted=False, message="workers: give a whole number of them")
        before = self._staff.size
        refusal = self._staff.want(int(wanted))
        if refusal:
            return Effect(accepted=False, message=refusal)
        if wanted == before:
            return Effect(accepted=True, message=f"There are {before} workers already")
        return Effect(accepted=True, message=f"workers {before} → {wanted:.0f}", label="workers")

    def _stop(self, kind: CommandKind, at_s: float, cause: StopCause | None) -> Effect:
        if kind is CommandKind.ABORT:
            self._life.abort(cause or StopCause.ABORTED, at_s=at_s)
            return Effect(accepted=True, message="ending at once", label="abort")
        if self._life.is_stopping:
            return Effect(accepted=True, message="Stopping already")
        graceful_s = self._graceful_stop_s
        self._life.stop(cause or StopCause.STOPPED, graceful_s=graceful_s, at_s=at_s)
        what = self._life.phase or "what is in flight"
        message = f"stopping: {what} has {duration_text(graceful_s)} to end"
        return Effect(accepted=True, message=message, label="stop")

    def _messages(self, command: Command, serial: int, effect: Effect) -> tuple[Errand, ...]:
        if not effect.accepted or not effect.label:
            return ()
        if command.kind in ENDS:
            is_abort = command.kind is CommandKind.ABORT
            return (Stop(id=serial, graceful_s=0.0 if is_abort else self._graceful_stop_s),)
        if effect.paused is not None:
            return (Pause(id=serial, paused=effect.paused),)
        return _retargets(serial, effect.moves)


def _retargets(serial: int, moves: tuple[Move, ...]) -> tuple[Errand, ...]:
    return tuple(
        Retarget(
            id=serial,
            scenario=move.scenario,
            lever=move.lever,
            course=move.course,
            end_s=move.end_s,
        )
        for move in moves
    )
