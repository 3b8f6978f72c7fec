"""
What commands do to targets: pure, from a command and a time to legs and words.

Every scenario has a VU lever, and a rate lever while its model is open. A command gives
levers new aims; an aim that begins becomes a leg that starts now. The history keeps the
aims before and after each change, which is all that undo and redo need.
"""

import math
from collections import deque
from dataclasses import dataclass

from vumeter.model.frame import Undoable
from vumeter.model.measure import ScenarioCounts
from vumeter.model.plan import Plan
from vumeter.model.throttle import Command, CommandKind, Leg, Lever, ThrottleState
from vumeter.run import steps
from vumeter.run.levers import Aim, Aims, Key, Stand
from vumeter.run.words import amount, change, number, over
from vumeter.schedule import legs

UNDO_DEPTH = 100
"""How many changes can be undone; older ones are forgotten first."""

LONGEST_RAMP_S = 7 * 86_400.0

_TURNS = (CommandKind.SET, CommandKind.STEP, CommandKind.SCALE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A lever's new leg, as the workers have to be told it. `None`: back to the closed model."""

    scenario: str
    lever: Lever
    leg: Leg | None


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
    before: Aims
    after: Aims


class Throttles:
    """
    The levers of one run, the limits on them, and the history of their changes.

    All times are run time. Nothing here acts: `apply` returns what has to be sent.
    """

    def __init__(self, plan: Plan) -> None:
        self._limits = plan.limits
        self._first = plan.scenarios[0].name
        self._stands: dict[Key, Stand] = {}
        for scenario in plan.scenarios:
            load = scenario.load
            rate = None if load.rate_per_s is None else legs.flat(load.rate_per_s)
            self._stands[scenario.name, Lever.VUS] = Stand(legs.flat(float(load.vus)))
            self._stands[scenario.name, Lever.RATE] = Stand(rate)
        self._acknowledged = {key: self._end(key) for key in self._stands}
        self._acknowledged_serial = dict.fromkeys(self._stands, 0)
        self._unacknowledged: dict[int, dict[Key, float | None]] = {}
        self._undo: deque[_Change] = deque(maxlen=UNDO_DEPTH)
        self._redo: deque[_Change] = deque(maxlen=UNDO_DEPTH)
        self.paused = False

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
            ValueError: It is not a throttle's: `stop`, `abort` or `mark`.
        """
        refusal = self._refusal(command)
        if refusal:
            return Effect(accepted=False, message=refusal)
        match command.kind:
            case CommandKind.SET | CommandKind.STEP | CommandKind.SCALE:
                effect = self._turned(command, at_s)
            case CommandKind.CLOSE:
                effect = self._closed(command, at_s)
            case CommandKind.HOLD:
                effect = self._held(command, at_s)
            case CommandKind.RESUME_PLAN:
                effect = self._plan_resumed(command, at_s)
            case CommandKind.PANIC:
                effect = self._panicked(at_s)
            case CommandKind.UNDO:
                effect = self._undone(at_s)
            case CommandKind.REDO:
                effect = self._redone(at_s)
            case CommandKind.PAUSE | CommandKind.RESUME:
                effect = self._paused(command.kind is CommandKind.PAUSE)
            case _:
                raise ValueError(f"{command.kind} is no throttle's")
        if effect.moves:
            self._unacknowledged[serial] = {
                (move.scenario, move.lever): None if move.leg is None else move.leg.end
                for move in effect.moves
            }
        return effect

    def acknowledge(self, serial: int) -> None:
        """Take into account that every worker has taken up the command *serial*."""
        for key, end in self._unacknowledged.pop(serial, {}).items():
            # Workers acknowledge in order, but the last word on an older command may come
            # from a worker that was lost, after all have taken up a newer one.
            if serial > self._acknowledged_serial[key]:
                self._acknowledged[key], self._acknowledged_serial[key] = end, serial

    def target(self, lever: Lever, at_s: float) -> float | None:
        """Return where all levers of this kind stand together at *at_s*; `None`: there is none."""
        targets = [
            legs.target(stand.leg, at_s)
            for (_, kind), stand in self._stands.items()
            if kind is lever and stand.leg is not None
        ]
        return sum(targets) if targets else None

    def states(self, at_s: float, counts: dict[str, ScenarioCounts]) -> tuple[ThrottleState, ...]:
        """Return every lever as the screen shows it, with *counts* of the newest second."""
        return tuple(
            self._state(key, stand, stand.leg, at_s, counts.get(key[0], ScenarioCounts()))
            for key, stand in self._stands.items()
            if stand.leg is not None
        )

    def _state(
        self, key: Key, stand: Stand, leg: Leg, at_s: float, counts: ScenarioCounts
    ) -> ThrottleState:
        scenario, lever = key
        return ThrottleState(
            scenario=scenario,
            lever=lever,
            requested=leg.end,
            acknowledged=self._acknowledged[key],
            target=legs.target(leg, at_s),
            actual=counts.vus_active if lever is Lever.VUS else counts.iterations_started,
            eta_s=legs.remaining_s(leg, at_s),
            held=stand.held,
            limit=self._limit(key, at_s),
            step=steps.step(lever, leg.end),
        )

    # What each kind of command does

    def _turned(self, command: Command, at_s: float) -> Effect:
        """Set, step or scale one lever."""
        key = self._key(command)
        lever, leg = key[1], self._stands[key].leg
        here = self._here(key, at_s)
        wanted = max(0.0, _wanted(command, lever, here or 0.0))
        end = min(wanted, self._limit(key, at_s))
        notes = [change(lever, here, end) + (over(command.ramp_s) if here != end else "")]
        if end < wanted:
            notes.append(f"clamped to {number(end)}: the run's limit")
        if leg is None:
            notes.append(f"the model is open now, with {self._pool(key[0], at_s)} VUs as its pool")
        elif legs.remaining_s(leg, at_s) > 0:
            notes.append(f"the ramp to {number(leg.end)} is off")
        elif end == here and not self._stands[key].held:
            return Effect(accepted=True, message="; ".join(notes))
        aims = {key: Aim(end, command.ramp_s)}
        message = "; ".join(notes)
        return self._moved(aims, at_s, text=notes[0], message=message, label=amount(lever, end))

    def _closed(self, command: Command, at_s: float) -> Effect:
        key = (command.scenario or self._first, Lever.RATE)
        here = self._here(key, at_s)
        if here is None:
            return _refused("The model is closed already: VUs are its only lever")
        text = f"{change(Lever.RATE, here, None)} model of {self._pool(key[0], at_s)} VUs"
        return self._moved({key: Aim(None)}, at_s, text=text)

    def _held(self, command: Command, at_s: float) -> Effect:
        aims: Aims = {}
        for key in self._open_keys(command):
            stand, here = self._stands[key], self._here(key, at_s)
            if not stand.held:
                rest = stand.aim(at_s)
                aims[key] = Aim(here, held=True, frozen=rest if rest.ramp_s > 0 else None)
        if not aims:
            return Effect(accepted=True, message="Held already")
        held = " and ".join(amount(key[1], aim.end or 0.0) for key, aim in aims.items())
        return self._moved(aims, at_s, text=f"hold at {held}", label="hold")

    def _plan_resumed(self, command: Command, at_s: float) -> Effect:
        aims: Aims = {}
        words: list[str] = []
        for key in self._open_keys(command):
            stand, here = self._stands[key], self._here(key, at_s)
            if stand.held:
                aims[key] = stand.frozen or Aim(here)
                words.append(change(key[1], here, aims[key].end) + over(aims[key].ramp_s))
        if not aims:
            return _refused("Nothing is held")
        return self._moved(aims, at_s, text=f"held no longer: {', '.join(words)}", label="resume")

    def _panicked(self, at_s: float) -> Effect:
        floors = {Lever.VUS: self._limits.floor_vus, Lever.RATE: self._limits.floor_rate_per_s}
        aims: Aims = {}
        words: list[str] = []
        for key, stand in self._stands.items():
            here = self._here(key, at_s)
            if here is None:
                continue
            # Never up: what is below the floor stays where it is.
            floor = min(float(floors[key[1]]), here)
            if stand.aim(at_s) != Aim(floor):
                aims[key] = Aim(floor)
                words.append(change(key[1], here, floor))
        if not aims:
            return Effect(accepted=True, message="At the floor already")
        return self._moved(aims, at_s, text=f"panic: {', '.join(words)}", label="panic")

    def _paused(self, pause: bool) -> Effect:
        if pause == self.paused:
            return Effect(accepted=True, message="Paused already" if pause else "Not paused")
        self.paused = pause
        return Effect(
            accepted=True,
            message="load paused: VUs stay, no new iterations" if pause else "load resumed",
            label="pause" if pause else "resume",
            paused=pause,
        )

    def _undone(self, at_s: float) -> Effect:
        if not self._undo:
            return _refused("Nothing to undo")
        past = self._undo.pop()
        self._redo.append(past)
        message = f"{self._changes(past.before, at_s)} (undid {past.text})"
        return self._begun(past.before, at_s, message=message, label="undo")

    def _redone(self, at_s: float) -> Effect:
        if not self._redo:
            return _refused("Nothing to redo")
        past = self._redo.pop()
        self._undo.append(past)
        message = f"{self._changes(past.after, at_s)} (redid {past.text})"
        return self._begun(past.after, at_s, message=message, label="redo")

    # How a change begins

    def _moved(
        self, aims: Aims, at_s: float, *, text: str, message: str = "", label: str = ""
    ) -> Effect:
        """Begin *aims* as a new change, which can be undone."""
        before = {key: self._stands[key].aim(at_s) for key in aims}
        self._undo.append(_Change(text, at_s, before, aims))
        self._redo.clear()
        return self._begun(aims, at_s, message=message or text, label=label or text)

    def _begun(self, aims: Aims, at_s: float, *, message: str, label: str) -> Effect:
        for key, aim in aims.items():
            # An aim out of the past may be above what the other scenarios have left since.
            most = math.inf if aim.end is None else self._limit(key, at_s)
            self._stands[key] = self._stands[key].begun(aim.at_most(most), at_s)
        moves = tuple(
            Move(scenario=key[0], lever=key[1], leg=self._stands[key].leg) for key in aims
        )
        return Effect(accepted=True, message=message, label=label, moves=moves)

    def _changes(self, aims: Aims, at_s: float) -> str:
        return ", ".join(
            change(key[1], self._here(key, at_s), aim.end) + over(aim.ramp_s)
            for key, aim in aims.items()
        )

    # Reading levers and commands

    def _end(self, key: Key) -> float | None:
        leg = self._stands[key].leg
        return None if leg is None else leg.end

    def _here(self, key: Key, at_s: float) -> float | None:
        """Return where a lever stands now, as a number that a person would have set."""
        leg = self._stands[key].leg
        if leg is None or legs.remaining_s(leg, at_s) == 0:
            return None if leg is None else leg.end
        return steps.settled(key[1], legs.target(leg, at_s))

    def _pool(self, scenario: str, at_s: float) -> str:
        return number(self._here((scenario, Lever.VUS), at_s) or 0.0)

    def _limit(self, key: Key, at_s: float) -> float:
        """Return how high a lever may go: the run's limit less what the other scenarios have."""
        lever = key[1]
        most = float(self._limits.max_vus) if lever is Lever.VUS else self._limits.max_rate_per_s
        others = (
            # A ramp downwards still has what it has not given back.
            max(stand.leg.end, legs.target(stand.leg, at_s))
            for other, stand in self._stands.items()
            if other != key and other[1] is lever and stand.leg is not None
        )
        left = max(0.0, most - sum(others))
        return float(math.floor(left)) if lever is Lever.VUS else left

    def _key(self, command: Command) -> Key:
        scenario = command.scenario or self._first
        if command.lever is not None:
            return scenario, command.lever
        closed = self._stands[scenario, Lever.RATE].leg is None
        return scenario, Lever.VUS if closed else Lever.RATE

    def _open_keys(self, command: Command) -> list[Key]:
        """Return the levers that *command* is about: its scenario's both, unless it names one."""
        scenario = command.scenario or self._first
        levers = (command.lever,) if command.lever is not None else tuple(Lever)
        return [
            (scenario, lever) for lever in levers if self._stands[scenario, lever].leg is not None
        ]

    def _refusal(self, command: Command) -> str:
        names = dict.fromkeys(scenario for scenario, _ in self._stands)
        if command.scenario is not None and command.scenario not in names:
            return f'There is no scenario "{command.scenario}"; there is {", ".join(names)}'
        if not 0 <= command.ramp_s <= LONGEST_RAMP_S:
            return f"A ramp takes from 0 s to 7 days, not {command.ramp_s:g} s"
        return self._value_refusal(command) if command.kind in _TURNS else ""

    def _value_refusal(self, command: Command) -> str:
        value, key = command.value, self._key(command)
        if value is None or not math.isfinite(value):
            return f"{command.kind.capitalize()} to what? A number is missing"
        if command.kind is CommandKind.SET and value < 0:
            return f"A target cannot be below 0: {value:g}"
        if key[1] is Lever.VUS and command.kind is not CommandKind.SCALE and value != int(value):
            return f"VUs are whole: {value:g}"
        if self._stands[key].leg is None and command.kind is not CommandKind.SET:
            return "The model is closed, there is no rate to change: set one to open it"
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
