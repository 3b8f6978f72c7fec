"""
Who drives the run by itself, at the operator's word: the capacity finder or the cruise control.

They decide in `vumeter.pilot`, purely. Here their moves become commands of their own, which go
the way of all commands; and whoever else moves the throttle has it from then on.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from vumeter.errors import ProfileError
from vumeter.model.frame import EventLevel
from vumeter.model.measure import Reading
from vumeter.model.pilot import Finding, Outcome, PilotState
from vumeter.model.plan import Plan, Probe
from vumeter.model.throttle import (
    ENDS,
    NO_THROTTLES,
    Command,
    CommandKind,
    Lever,
    ThrottleState,
)
from vumeter.pilot.slo import set_point, slo, slo_rules, slos_of
from vumeter.run.pilots import Cruising, Searching
from vumeter.run.words import NAMES
from vumeter.stats.redaction import Redactor
from vumeter.thresholds.words import threshold_text

_UNFINISHED = "the run ended before the search did"
_HARMLESS = NO_THROTTLES - ENDS
"""What leaves the throttle where it is."""


def probing(probe: Probe) -> Command:
    """Return the command that a run begins with which is a search."""
    return Command(
        kind=CommandKind.PROBE,
        author="vumeter probe",
        scenario=probe.scenario,
        aims=tuple(threshold_text(each) for each in probe.slos),
    )


class Said(NamedTuple):
    """Something for the event log."""

    author: str
    text: str
    level: EventLevel
    label: str


class Autopilot:
    """
    Holds the present pilot, if there is one, and what all before it have found.

    Args:
        plan: With its secrets; nothing that leaves here has them.
        redactor: Takes them out.
    """

    def __init__(self, plan: Plan, redactor: Redactor) -> None:
        self._plan = plan
        self._redactor = redactor
        self._pilot: Searching | Cruising | None = None
        self._state: PilotState | None = None
        self._findings: list[Finding] = []
        self._unfinished: tuple[Finding, ...] = ()
        self._said: list[Said] = []
        self._pending: list[Command] = []
        self.is_taken = False
        """Whether somebody has taken the throttle from a pilot, and not given it back."""

    @property
    def is_driving(self) -> bool:
        """Whether the throttle is a pilot's."""
        return self._pilot is not None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What searches have found so far, oldest first."""
        return tuple(self._findings)

    @property
    def so_far(self) -> tuple[Finding, ...]:
        """The same, and what a search that goes on would have found if it ended now."""
        return (*self._findings, *self._unfinished)

    def state(self, at_s: float) -> PilotState | None:
        """Return how the present pilot stands, or how the last one ended; `None`: none so far."""
        if self._pilot is not None:
            self._state = self._shown(self._pilot.state(at_s))
        return self._state

    def take_command(self) -> Command | None:
        """Return the move that a pilot wants made now, once."""
        if not self._pending:
            return None
        pending = self._pending.pop(0)
        return replace(pending, note=self._redactor.text(pending.note))

    def take_news(self) -> list[Said]:
        """Return what is to be told, once."""
        said, self._said = self._said, []
        return said

    def engage(
        self, command: Command, throttles: Sequence[ThrottleState], at_s: float
    ) -> tuple[bool, str]:
        """Do what *command*, one of `PILOTED`, asks; return whether it was done, and words."""
        if command.kind is CommandKind.MANUAL:
            if not self.is_driving:
                return False, "Nobody drives but you: no finder, no cruise control is at work"
            return True, self.release(f"{command.author} has the throttle", at_s)
        if isinstance(self._pilot, Searching) or (
            self._pilot is not None and command.kind is CommandKind.PROBE
        ):
            return False, f"The {self._pilot.kind} is at work already; manual ends it"
        try:
            message = self._engaged(command, throttles, at_s)
        except ProfileError as error:
            return False, self._redactor.text(f"{error.message} {error.hint}".strip())
        self.is_taken = False
        return True, self._redactor.text(message)

    def hear(self, readings: Iterable[Reading], at_s: float) -> None:
        """Take *readings*, in their order, into account."""
        for reading in readings:
            if self._pilot is None:
                return
            move = self._pilot.hear(reading, at_s)
            if move is not None:
                self._pending = [move]
            if isinstance(self._pilot, Searching):
                self._note(self._pilot, at_s)

    def heed(self, command: Command, at_s: float) -> None:
        """Somebody else has given *command*, which was accepted: the throttle may be theirs."""
        if self.is_driving and command.kind not in _HARMLESS:
            self.release(f"{command.author}: {command.kind}", at_s)

    def release(self, why: str, at_s: float) -> str:
        """Let go of the throttle because of *why*; return that in words."""
        pilot, self._pilot = self._pilot, None
        self._pending.clear()
        if pilot is None:
            return why
        self.is_taken = True
        text = f"{pilot.kind} off: {why}"
        if isinstance(pilot, Searching):
            self._conclude(pilot, at_s, why=why)
        else:
            self._state = self._shown(pilot.state(at_s, text=text))
            self._said.append(Said(pilot.kind, text, EventLevel.ACTION, "cruise off"))
        return text

    def _note(self, search: Searching, at_s: float) -> None:
        """Note what *search* has come to, if it is a step farther."""
        if search.is_over:
            self._conclude(search, at_s)
        elif search.steps != sum(len(each.curve) for each in self._unfinished):
            found = search.finding(at_s, why=_UNFINISHED)
            self._unfinished = (self._without_secrets(found),)

    def _conclude(self, search: Searching, at_s: float, *, why: str = "") -> None:
        found = self._without_secrets(search.finding(at_s, why=why))
        self._findings.append(found)
        self._unfinished = ()
        self._state = self._shown(search.state(at_s, text=found.text))
        is_well = found.outcome in (Outcome.FOUND, Outcome.GENERATOR, Outcome.GUARD_RAIL)
        level = EventLevel.ACTION if is_well else EventLevel.WARNING
        self._said.append(
            Said(search.kind, found.text, level, "found" if is_well else "finder off")
        )
        self._pilot = None
        self._pending = [] if why else search.way_back(found)

    def _engaged(self, command: Command, throttles: Sequence[ThrottleState], at_s: float) -> str:
        state = _lever(command, throttles)
        if state is None:
            raise ProfileError("There is no throttle that could be moved.")
        if command.kind is CommandKind.PROBE:
            thresholds = tuple(map(slo, command.aims)) or slos_of(self._plan)
            rules = slo_rules(thresholds, self._plan)
            pool = _lever(replace(command, lever=Lever.VUS), throttles)
            search = Searching(
                self._plan,
                rules,
                state,
                pool=pool if state.lever is Lever.RATE else None,
                author=command.author,
                at_s=at_s,
            )
            self._pilot, self._pending = search, search.begin(at_s)
            return f"finder: looks for the most that holds {search.aim}, from {state.target:g}"
        if len(command.aims) != 1:
            raise ProfileError("Keep what?", hint='One set point: "p95 250ms".')
        (rule,) = slo_rules([set_point(command.aims[0])], self._plan)
        cruise = Cruising(self._plan, rule, state, at_s=at_s)
        self._pilot = cruise
        return f"cruise: keeps {cruise.aim} by moving {NAMES[state.lever]}, from {state.target:g}"

    def _shown(self, state: PilotState) -> PilotState:
        text = self._redactor.text
        return replace(state, aim=text(state.aim), why=text(state.why))

    def _without_secrets(self, found: Finding) -> Finding:
        """Return *found* as it may be shown: secrets may stand in the names of requests."""
        text = self._redactor.text
        return replace(
            found,
            text=text(found.text),
            slos=tuple(
                replace(each, metric=text(each.metric), expression=text(each.expression))
                for each in found.slos
            ),
            curve=tuple(replace(each, why=text(each.why)) for each in found.curve),
        )


def _lever(command: Command, throttles: Sequence[ThrottleState]) -> ThrottleState | None:
    """Return the lever that *command* means: where it names none, the rate if there is one."""
    mine = [each for each in throttles if command.scenario in (None, each.scenario)]
    mine = [each for each in mine if each.scenario == mine[0].scenario]
    if command.lever is not None:
        return next((each for each in mine if each.lever is command.lever), None)
    return next((each for each in mine if each.lever is Lever.RATE), next(iter(mine), None))
