"""Where every lever was led since the start of a run, and when the load was paused. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from vumeter.model.plan import Plan
from vumeter.model.throttle import Course, Leg, Lever
from vumeter.run.levers import Key, Progress
from vumeter.run.standing import Move
from vumeter.run.words import NAMES
from vumeter.schedule import course as courses
from vumeter.schedule import legs
from vumeter.schedule.timetable import openings

_Turn = tuple[float, Course | None]
"""From when on a lever followed which course; `None`: it had none."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a scenario's model was one: open, with a rate, or closed."""

    lever: Lever
    """What was led: the rate of an open model, the VUs of a closed one."""
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A time in which a lever followed one leg."""

    leg: Leg
    start_s: float
    end_s: float


class Track:
    """What was done to the levers of one run, as far as it is known. All times are run time."""

    def __init__(self, plan: Plan) -> None:
        self.moved: set[str] = set()
        """The scenarios that hands have moved."""
        self.ends_s: dict[str, float | None] = {}
        """When the schedule of each scenario ends, as things stand; `None`: not by itself."""
        self._turns: dict[Key, list[_Turn]] = {}
        self._begins_s: dict[str, float] = {}
        self._pauses: list[tuple[float, bool]] = []
        self._changes: Counter[Lever] = Counter()
        for name, opening in openings(plan).items():
            self._turns[name, Lever.VUS] = [(0.0, opening.vus)]
            self._turns[name, Lever.RATE] = [(0.0, opening.rate)]
            self._begins_s[name] = opening.timetable.begin_s
            self.ends_s[name] = opening.timetable.end_s

    @property
    def was_paused(self) -> bool:
        """Whether the load was ever paused."""
        return bool(self._pauses)

    @property
    def words(self) -> str:
        """What hands have done so far: "3 changes of VU, 1 pause"."""
        said = [
            f"{count} change{'s' * (count > 1)} of {NAMES[lever]}"
            for lever, count in sorted(self._changes.items(), reverse=True)
        ]
        pauses = sum(paused for _, paused in self._pauses)
        if pauses:
            said.append(f"{pauses} pause{'s' * (pauses > 1)}")
        return ", ".join(said) or "as planned"

    def note(self, moves: Sequence[Move], progress: dict[str, Progress], *, at_s: float) -> None:
        """Take into account that levers move, and how far plans are by now."""
        for move in moves:
            name = move.scenario
            self._turns[name, move.lever].append((at_s, move.course))
            self.ends_s[name] = move.end_s
            if at_s < self._begins_s[name]:
                self._begins_s[name] = progress[name].timetable.begin_s

    def note_hand(self, moves: Sequence[Move]) -> None:
        """Count one change by a hand, which moved these levers."""
        self.moved |= {move.scenario for move in moves}
        is_rate = any(move.lever is Lever.RATE for move in moves)
        self._changes[Lever.RATE if is_rate else Lever.VUS] += 1

    def note_pause(self, paused: bool, *, at_s: float) -> None:
        """Take into account that the load is paused from now on, or no longer."""
        self._pauses.append((at_s, paused))

    def spans(self, scenario: str, until_s: float) -> Iterator[Span]:
        """Return when the model of *scenario* was open and when closed, from its begin on."""
        begin_s = self._begins_s[scenario]
        turns = self._turns[scenario, Lever.RATE]
        borders_s = [(max(begin_s, at_s), course is not None) for at_s, course in turns]
        # Only where it changes: a rate that was set anew is still a rate.
        changes = borders_s[:1] + [now for was, now in pairwise(borders_s) if was[1] is not now[1]]
        ends_s = [at_s for at_s, _ in changes[1:]] + [until_s]
        for (from_s, is_open), end_s in zip(changes, ends_s, strict=True):
            if from_s < end_s:
                lever = Lever.RATE if is_open else Lever.VUS
                yield Span(lever, from_s, min(end_s, until_s))

    def pool(self, scenario: str, span: Span) -> Course:
        """Return how many VUs *scenario* had within a span, from its start on."""
        return tuple(piece.leg for piece in self._led((scenario, Lever.VUS), span))

    def pieces(self, scenario: str, span: Span) -> Iterator[Piece]:
        """Return what led the lever of *span*, one leg after another; a pause is a target of 0."""
        for led in self._led((scenario, span.lever), span):
            for start_s, end_s, paused in self._unpaused(led.start_s, led.end_s):
                leg = legs.flat(0.0, start_s=start_s) if paused else legs.rest(led.leg, start_s)
                yield Piece(leg, start_s, end_s)

    def _led(self, key: Key, span: Span) -> Iterator[Piece]:
        turns = [*self._turns[key], (span.end_s, None)]
        for (begin_s, course), (end_s, _) in pairwise(turns):
            from_s, until_s = max(begin_s, span.start_s), min(end_s, span.end_s)
            if course is not None and from_s < until_s:
                yield from _followed(course, from_s, until_s)

    def _unpaused(self, from_s: float, until_s: float) -> Iterator[tuple[float, float, bool]]:
        """Return the pieces of a span in which the load was paused, and in which it was not."""
        paused = False
        for at_s, pauses in self._pauses:
            if at_s > from_s:
                stop_s = min(at_s, until_s)
                if from_s < stop_s:
                    yield from_s, stop_s, paused
                from_s = max(from_s, stop_s)
            paused = pauses
        if from_s < until_s:
            yield from_s, until_s, paused


def _followed(course: Course, from_s: float, until_s: float) -> Iterator[Piece]:
    """Return the legs of *course* within a span."""
    part = courses.from_on(course, from_s)
    starts_s = [from_s, *(leg.start_s for leg in part[1:]), until_s]
    for leg, (start_s, next_s) in zip(part, pairwise(starts_s), strict=True):
        end_s = min(next_s, until_s)
        if start_s < end_s:
            yield Piece(leg, start_s, end_s)
