"""
What commands do to targets and plans: pure, from a command and a time to courses and words.

Every scenario has a VU lever, and a rate lever while its model is open; its plan moves one
of them. A command gives levers new aims, or moves the plan along its timetable. The history
keeps what was aimed at before and after each change, which is all that undo and redo need.

Over 400 lines: one method for each kind of command, over the same few levers.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from vumeter.model.frame import Undoable
from vumeter.model.measure import ScenarioCounts
from vumeter.model.plan import Plan
from vumeter.model.throttle import (
    Command,
    CommandKind,
    Course,
    Lever,
    ResumeMode,
    ThrottleState,
)
from vumeter.run import steps, words
from vumeter.run.levers import PLANNED, Aim, Aims, Key, Progress, Turn
from vumeter.run.replays import replay
from vumeter.run.replays import words as replay_words
from vumeter.run.showing import throttle_state
from vumeter.run.standing import Move, Standing
from vumeter.run.track import Track
from vumeter.run.words import NAMES, amount, change, number, over
from vumeter.schedule import course as courses
from vumeter.schedule import legs

UNDO_DEPTH = 100
"""How many changes can be undone; older ones are forgotten first."""

LONGEST_RAMP_S = 7 * 86_400.0

_TURNS = (CommandKind.SET, CommandKind.STEP, CommandKind.SCALE)
_BY_HAND = (*_TURNS, CommandKind.CLOSE)
_ON_PLAN = (
    CommandKind.HOLD,
    CommandKind.RESUME_PLAN,
    CommandKind.SKIP_STAGE,
    CommandKind.EXTEND_STAGE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What came of a command: words for people, moves and a pause for the workers."""

    accepted: bool
    message: str
    label: str = ""
    """Short, for the charts; empty when nothing changed."""
    moves: tuple[Move, ...] = ()
    paused: bool | None = None
    """What the workers have to be told; `None`: nothing."""


@dataclass(frozen=True, slots=True)
class _Change:
    """One step of the history."""

    text: str
    at_s: float
    before: Turn
    after: Turn


class Throttles:
    """
    The levers and plans of one run, and the history of their changes.

    All times are run time. Nothing here acts: `apply` returns what has to be sent.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._standing = Standing(plan)
        self.track = Track(plan)
        """Where the levers were led so far."""
        self._commanded_s = 0.0
        self._first = plan.scenarios[0].name
        self._acknowledged = {key: stand.course for key, stand in self._standing.stands.items()}
        self._acknowledged_serial = dict.fromkeys(self._acknowledged, 0)
        self._unacknowledged: dict[int, dict[Key, Course | None]] = {}
        self._undo: deque[_Change] = deque(maxlen=UNDO_DEPTH)
        self._redo: deque[_Change] = deque(maxlen=UNDO_DEPTH)
        self.paused = False
        self._deeds: dict[CommandKind, Callable[[Command, float], Effect]] = {
            **dict.fromkeys(_TURNS, self._turned),
            CommandKind.CLOSE: self._closed,
            CommandKind.HOLD: self._held,
            CommandKind.RESUME_PLAN: self._plan_resumed,
            CommandKind.SKIP_STAGE: self._stage_skipped,
            CommandKind.EXTEND_STAGE: self._stage_extended,
        }

    @property
    def warnings(self) -> tuple[str, ...]:
        """What of the plan the run's limits do not allow, in words."""
        return tuple(self._standing.warnings)

    def most_vus(self, at_s: float) -> float:
        """Return a bound on the VUs of all scenarios together, from now on."""
        return self._standing.most_vus(at_s)

    @property
    def end_s(self) -> float | None:
        """When the last schedule ends; `None`: not by itself, or not while a plan is held."""
        return self._standing.end_s()

    @property
    def is_held(self) -> bool:
        """Whether a plan is held, so that its end waits."""
        return any(each.held_s is not None for each in self._standing.progress.values())

    @property
    def undo(self) -> Undoable | None:
        """What `undo` would take back."""
        return _newest(self._undo)

    @property
    def redo(self) -> Undoable | None:
        """What `redo` would do again."""
        return _newest(self._redo)

    def apply(self, command: Command, *, serial: int, at_s: float) -> Effect:
        """
        Return what *command*, numbered *serial*, does at run time *at_s*; it counts from now on.

        Raises:
            ValueError: It is not a throttle's: `stop`, `abort`, `mark`, `acknowledge`.
        """
        self.advance(at_s)
        self._commanded_s = at_s
        refusal = self._refusal(command, at_s)
        effect = _refused(refusal) if refusal else self._done(command, at_s)
        if effect.moves:
            self.track.note_hand(effect.moves)
            self._unacknowledged[serial] = {
                (move.scenario, move.lever): move.course for move in effect.moves
            }
        return effect

    def advance(self, until_s: float) -> tuple[Move, ...]:
        """Let replays open and close models where that is due by *until_s*; return the moves."""
        moves: list[Move] = []
        for name, progress in self._standing.progress.items():
            due = progress
            while due.due_s() <= until_s and not self._strayed(name):
                at_s, due = max(due.due_s(), self._commanded_s), due.taken_over()
                keys = [(name, lever) for lever in Lever]
                moves += self._begin(Turn(dict.fromkeys(keys, PLANNED), {name: due}), at_s)
        # A plan's own way, which nobody asks for anew.
        self._acknowledged |= {(move.scenario, move.lever): move.course for move in moves}
        return tuple(moves)

    def _begin(self, turn: Turn, at_s: float) -> tuple[Move, ...]:
        moves = self._standing.begin(turn, at_s)
        self.track.note(moves, self._standing.progress, at_s=at_s)
        return moves

    def _done(self, command: Command, at_s: float) -> Effect:
        match command.kind:
            case CommandKind.PANIC:
                return self._panicked(at_s)
            case CommandKind.UNDO:
                return self._undone(at_s)
            case CommandKind.REDO:
                return self._redone(at_s)
            case CommandKind.REPLAY:
                return self._replayed(at_s)
            case CommandKind.PAUSE | CommandKind.RESUME:
                return self._paused(command.kind is CommandKind.PAUSE, at_s)
            case kind if kind in self._deeds:
                return self._deeds[kind](command, at_s)
            case kind:
                raise ValueError(f"{kind} is no throttle's")

    def acknowledge(self, serial: int) -> None:
        """Take into account that every worker has taken up the command *serial*."""
        for key, course in self._unacknowledged.pop(serial, {}).items():
            # Workers acknowledge in order, but the last word on an older command may come
            # from a worker that was lost, after all have taken up a newer one.
            if serial > self._acknowledged_serial[key]:
                self._acknowledged[key], self._acknowledged_serial[key] = course, serial

    @property
    def moves(self) -> tuple[Move, ...]:
        """How every lever stands, as a worker that comes now has to be told it."""
        return self._standing.moves

    def target(self, lever: Lever, at_s: float) -> float | None:
        """Return where all levers of this kind stand together at *at_s*; `None`: there is none."""
        targets = [
            target
            for key in self._standing.stands
            if key[1] is lever and (target := self._standing.target(key, at_s)) is not None
        ]
        return sum(targets) if targets else None

    def states(self, at_s: float, counts: dict[str, ScenarioCounts]) -> tuple[ThrottleState, ...]:
        """Return every lever as the screen shows it, with *counts* of the newest second."""
        return tuple(
            throttle_state(
                self._standing,
                key,
                at_s,
                acknowledged=self._acknowledged[key],
                counts=counts.get(key[0], ScenarioCounts()),
            )
            for key, stand in self._standing.stands.items()
            if stand.course is not None
        )

    # What hands do to levers

    def _turned(self, command: Command, at_s: float) -> Effect:
        """Set, step or scale one lever."""
        key = self._key(command)
        lever, leg = key[1], self._standing.leg(key, at_s)
        here = self._standing.here(key, at_s)
        wanted = max(0.0, _wanted(command, lever, here or 0.0))
        end = min(wanted, self._standing.limit(key, at_s))
        notes = [change(lever, here, end) + (over(command.ramp_s) if here != end else "")]
        if end < wanted:
            notes.append(f"clamped to {number(end)}: the run's limit")
        if leg is None:
            pool = number(self._standing.here((key[0], Lever.VUS), at_s) or 0.0)
            notes.append(f"the model is open now, with {pool} VUs as its pool")
        elif self._leaves_stages(key):
            notes.append("off the plan, until resume-plan")
        elif legs.remaining_s(leg, at_s) > 0:
            notes.append(f"the ramp to {number(leg.end)} is off")
        elif end == here:
            return Effect(accepted=True, message="; ".join(notes))
        turn = self._by_hand({key: Aim(end, command.ramp_s)}, at_s)
        message = "; ".join(notes)
        return self._moved(turn, at_s, text=notes[0], message=message, label=amount(lever, end))

    def _closed(self, command: Command, at_s: float) -> Effect:
        key = (command.scenario or self._first, Lever.RATE)
        here = self._standing.here(key, at_s)
        if here is None:
            return _refused("The model is closed already: VUs are its only lever")
        pool = number(self._standing.here((key[0], Lever.VUS), at_s) or 0.0)
        text = f"{change(Lever.RATE, here, None)} model of {pool} VUs"
        return self._moved(self._by_hand({key: Aim(None)}, at_s), at_s, text=text)

    def _panicked(self, at_s: float) -> Effect:
        limits = self._standing.limits
        floors = {Lever.VUS: limits.floor_vus, Lever.RATE: limits.floor_rate_per_s}
        aims: Aims = {}
        said: list[str] = []
        for key, stand in self._standing.stands.items():
            progress = self._standing.progress[key[0]]
            here = self._standing.here(key, at_s)
            if here is None or stand.course is None or progress.has_ended(at_s):
                continue
            # Never up: what is below the floor stays where it is.
            floor = min(float(floors[key[1]]), here)
            if courses.highest([stand.course], at_s, progress.end_s) > floor:
                aims[key] = Aim(floor)
                said.append(change(key[1], here, floor))
        if not aims:
            return Effect(accepted=True, message="At the floor already")
        turn = self._by_hand(aims, at_s)
        return self._moved(turn, at_s, text=f"panic: {', '.join(said)}", label="panic")

    def _by_hand(self, aims: Aims, at_s: float) -> Turn:
        """Return the turn that leads these levers by hand from now on."""
        left: dict[str, Progress] = {}
        for key in aims:
            progress = self._standing.progress[key[0]]
            is_left = key == self._standing.moved_lever(key[0])
            if is_left and progress.left_s is None and progress.held_s is None:
                left[key[0]] = replace(progress, left_s=at_s)
        return Turn(aims, left)

    def _leaves_stages(self, key: Key) -> bool:
        timetable = self._standing.progress[key[0]].timetable
        is_moved = key[1] is timetable.moved
        return is_moved and timetable.stages > 0 and self._standing.stands[key].is_planned

    # What hands do to plans

    def _held(self, command: Command, at_s: float) -> Effect:
        scenario = command.scenario or self._first
        progress = self._standing.progress[scenario]
        if progress.held_s is not None:
            return Effect(accepted=True, message="Held already")
        aims: Aims = {}
        for key in self._standing.keys(scenario):
            here = self._standing.here(key, at_s)
            if here is not None:
                aims[key] = Aim(here, frozen=self._standing.stands[key].aim(at_s))
        held = " and ".join(amount(key[1], aim.end or 0.0) for key, aim in aims.items())
        waits = "; the end waits, too" if progress.end_s is not None else ""
        turn = Turn(aims, {scenario: replace(progress, held_s=at_s)})
        text = f"hold at {held}"
        return self._moved(turn, at_s, text=text, message=text + waits, label="hold")

    def _plan_resumed(self, command: Command, at_s: float) -> Effect:
        scenario = command.scenario or self._first
        progress = self._standing.progress[scenario]
        is_held = progress.held_s is not None
        if not is_held and not self._strayed(scenario):
            return _refused("Nothing is held, and nothing is off the plan")
        mode = command.mode or (ResumeMode.CONTINUE if is_held else ResumeMode.REJOIN)
        if mode is ResumeMode.CONTINUE:
            turn = self._continued(scenario, at_s)
        else:
            aims = dict.fromkeys(self._standing.keys(scenario), PLANNED)
            turn = Turn(aims, {scenario: progress.followed()})
        how = "held no longer" if is_held else "back to the plan"
        return self._replanned(turn, at_s, text=how, label="resume")

    def _continued(self, scenario: str, at_s: float) -> Turn:
        """Return the turn that goes on from where the plan was held, or else was left."""
        progress = self._standing.progress[scenario]
        keys = self._standing.keys(scenario)
        if progress.held_s is None:
            goes_on = replace(progress.put_off(at_s, since_s=progress.left_s), left_s=None)
            return Turn(dict.fromkeys(keys, PLANNED), {scenario: goes_on})
        goes_on = progress.put_off(at_s, since_s=progress.held_s)
        aims = {key: self._standing.stands[key].frozen or PLANNED for key in keys}
        if aims.get(self._standing.moved_lever(scenario), PLANNED).is_planned:
            goes_on = replace(goes_on, left_s=None)
        return Turn(aims, {scenario: goes_on})

    def _strayed(self, scenario: str) -> bool:
        stands = self._standing.stands
        return any(not stands[key].is_planned for key in self._standing.keys(scenario))

    def _stage_skipped(self, command: Command, at_s: float) -> Effect:
        scenario = command.scenario or self._first
        progress = self._standing.progress[scenario]
        section = progress.timetable.section_at(progress.clock_s(at_s))
        if progress.left_s is not None:
            return _refused("Off the plan: resume-plan returns to it, then stages can be skipped")
        if section.number > progress.timetable.stages or math.isinf(section.end_s):
            return _refused("There is no stage here that could be skipped")
        over = progress.skipped(at_s)
        turn = Turn(dict.fromkeys(self._standing.keys(scenario), PLANNED), {scenario: over})
        skipped = words.stage(section.number, progress.timetable.stages)
        if over.has_ended(at_s):
            text = f"skip {skipped}, the last: the schedule ends"
            return self._moved(turn, at_s, text=text, label="skip")
        return self._replanned(turn, at_s, text=f"skip {skipped}", label="skip")

    def _stage_extended(self, command: Command, at_s: float) -> Effect:
        scenario, by_s = command.scenario or self._first, command.value or 0.0
        progress = self._standing.progress[scenario]
        clock_s = progress.clock_s(at_s)
        timetable = progress.timetable
        section = timetable.section_at(clock_s)
        if math.isinf(section.end_s):
            return _refused("There is no end here that could be put off")
        turn = Turn({}, {scenario: progress.extended(by_s, at_s)})
        left = words.span(section.end_s + by_s - clock_s)
        is_stage = section.number <= timetable.stages
        what = words.stage(section.number, timetable.stages) if is_stage else "the end"
        text = f"{what} {words.span(by_s)} later: in {left}"
        return self._moved(turn, at_s, text=text, label=f"+{words.span(by_s)}")

    def _replanned(self, turn: Turn, at_s: float, *, text: str, label: str) -> Effect:
        """Begin a turn that leads back to a plan, and say where to; refuse it when that is over."""
        over_already = self._over_already(turn, at_s)
        if over_already:
            return _refused(over_already)
        here = {key: self._standing.here(key, at_s) for key in turn.aims}
        effect = self._moved(turn, at_s, text=text, label=label)
        said = ", ".join(self._going(key, before, at_s) for key, before in here.items())
        message = f"{text}: {said}" if said else text
        self._undo[-1] = replace(self._undo[-1], text=message)
        return replace(effect, message=message)

    def _over_already(self, turn: Turn, at_s: float) -> str:
        """Return the refusal of a turn that would end a schedule at once; empty: it does not."""
        for name, progress in turn.progress.items():
            was_over = self._standing.progress[name].has_ended(at_s)
            if progress.has_ended(at_s) and not was_over:
                return (
                    "The plan would have ended by now; "
                    '"resume-plan continue" goes on from where it was left'
                )
        return ""

    def _going(self, key: Key, before: float | None, at_s: float) -> str:
        """Return in words where a lever goes that was at *before*."""
        leg = self._standing.leg(key, at_s)
        if leg is None:
            return change(key[1], before, None)
        here, left_s = self._standing.here(key, at_s), legs.remaining_s(leg, at_s)
        if left_s <= 0 or here == leg.end:
            return change(key[1], before, here)
        if here == before:
            return change(key[1], before, leg.end) + over(left_s)
        return f"{change(key[1], before, here)}, on to {number(leg.end)}{over(left_s)}"

    # The load as a whole, and the way back

    def _replayed(self, at_s: float) -> Effect:
        if self.paused:
            return _refused("The load is paused: resume it, then replay")
        made = replay(self._plan, self.track, self._standing, at_s)
        if not made.turn.aims:
            return _refused(f"Nothing can be driven again: {'; '.join(made.notes)}")
        text = replay_words(made, self.track.words, at_s)
        effect = self._moved(made.turn, at_s, text=text, label="replay")
        clamped = [
            f"{key[0]}: {NAMES[key[1]]} clamped to the run's limit"
            for key in made.turn.aims
            if self._standing.is_clamped(key, at_s)
        ]
        return replace(effect, message="; ".join([text, *clamped]))

    def _paused(self, pause: bool, at_s: float) -> Effect:
        if pause == self.paused:
            return Effect(accepted=True, message="Paused already" if pause else "Not paused")
        self.paused = pause
        self.track.note_pause(pause, at_s=at_s)
        return Effect(
            accepted=True,
            message="load paused: VUs stay, no new iterations" if pause else "load resumed",
            label="pause" if pause else "resume",
            paused=pause,
        )

    def _undone(self, at_s: float) -> Effect:
        if not self._undo:
            return _refused("Nothing to undo")
        past = self._undo[-1]
        effect = self._again(past.before, at_s, said=f"undid {past.text}", label="undo")
        if effect.accepted:
            self._redo.append(self._undo.pop())
        return effect

    def _redone(self, at_s: float) -> Effect:
        if not self._redo:
            return _refused("Nothing to redo")
        past = self._redo[-1]
        effect = self._again(past.after, at_s, said=f"redid {past.text}", label="redo")
        if effect.accepted:
            self._undo.append(self._redo.pop())
        return effect

    def _again(self, turn: Turn, at_s: float, *, said: str, label: str) -> Effect:
        over_already = self._over_already(turn, at_s)
        if over_already:
            return _refused(over_already)
        here = {key: self._standing.here(key, at_s) for key in turn.aims}
        moves = self._begin(turn, at_s)
        going = ", ".join(self._going(key, before, at_s) for key, before in here.items())
        message = f"{going} ({said})" if going else said
        return Effect(accepted=True, message=message, label=label, moves=moves)

    def _moved(
        self, turn: Turn, at_s: float, *, text: str, message: str = "", label: str = ""
    ) -> Effect:
        """Begin *turn* as a new change, which can be undone."""
        before = self._standing.before(turn, at_s)
        self._undo.append(_Change(text, at_s, before, turn))
        self._redo.clear()
        moves = self._begin(turn, at_s)
        return Effect(accepted=True, message=message or text, label=label or text, moves=moves)

    # Reading commands

    def _key(self, command: Command) -> Key:
        scenario = command.scenario or self._first
        if command.lever is not None:
            return scenario, command.lever
        closed = self._standing.stands[scenario, Lever.RATE].course is None
        return scenario, Lever.VUS if closed else Lever.RATE

    def _refusal(self, command: Command, at_s: float) -> str:
        names = self._standing.progress
        if command.scenario is not None and command.scenario not in names:
            return f'There is no scenario "{command.scenario}"; there is {", ".join(names)}'
        if not 0 <= command.ramp_s <= LONGEST_RAMP_S:
            return f"A ramp takes from 0 s to 7 days, not {command.ramp_s:g} s"
        scenario = command.scenario or self._first
        if command.kind in (*_BY_HAND, *_ON_PLAN) and names[scenario].has_ended(at_s):
            return f"{scenario} has ended"
        if command.kind in _BY_HAND and not names[scenario].has_begun(at_s):
            begins = words.span(names[scenario].timetable.begin_s - names[scenario].clock_s(at_s))
            return f"{scenario} begins in {begins}; skip-stage begins it now"
        if command.kind is CommandKind.EXTEND_STAGE:
            return _duration_refusal(command.value)
        return self._value_refusal(command) if command.kind in _TURNS else ""

    def _value_refusal(self, command: Command) -> str:
        value, key = command.value, self._key(command)
        if value is None or not math.isfinite(value):
            return f"{command.kind.capitalize()} to what? A number is missing"
        if command.kind is CommandKind.SET and value < 0:
            return f"A target cannot be below 0: {value:g}"
        if key[1] is Lever.VUS and command.kind is not CommandKind.SCALE and value != int(value):
            return f"VUs are whole: {value:g}"
        if self._standing.stands[key].course is None and command.kind is not CommandKind.SET:
            return "The model is closed, there is no rate to change: set one to open it"
        return ""


def _duration_refusal(value: float | None) -> str:
    if value is None or not 0 < value <= LONGEST_RAMP_S:
        return "Extend by how long? From above 0 s to 7 days"
    return ""


def _wanted(command: Command, lever: Lever, here: float) -> float:
    value = command.value or 0.0
    if command.kind is CommandKind.STEP:
        return float(f"{here + value:.9g}")
    if command.kind is CommandKind.SCALE:
        return steps.scaled(lever, here, percent=value)
    return value


def _newest(history: deque[_Change]) -> Undoable | None:
    return Undoable(text=history[-1].text, second=history[-1].at_s) if history else None


def _refused(message: str) -> Effect:
    return Effect(accepted=False, message=message)
