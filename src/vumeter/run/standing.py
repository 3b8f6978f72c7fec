"""How all levers of a run stand, what the limits leave to each, and how a turn begins. Pure."""

import math
from dataclasses import dataclass

from vumeter.model.plan import Plan
from vumeter.model.throttle import Course, Leg, Lever
from vumeter.run import steps
from vumeter.run.levers import Aim, Key, Progress, Stand, Turn
from vumeter.run.words import amount
from vumeter.schedule import course as courses
from vumeter.schedule import legs
from vumeter.schedule.timetable import openings

_ROUNDING = 1e-6
"""Of targets that were added up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Where a lever goes from now on, as the workers have to be told it."""

    scenario: str
    lever: Lever
    course: Course | None
    """`None`: back to the closed model."""
    end_s: float | None
    """When the scenario's schedule ends."""


class Standing:
    """
    The levers of every scenario and the progress of every plan, within the run's limits.

    The limits are for all scenarios together: what one has now or will have later by its
    course, no other can take. All times are run time.
    """

    def __init__(self, plan: Plan) -> None:
        self.limits = plan.limits
        self.stands: dict[Key, Stand] = {}
        self.progress: dict[str, Progress] = {}
        self.warnings: list[str] = []
        """What of the plan the limits do not allow."""
        for name, opening in openings(plan).items():
            self.progress[name] = Progress(opening.timetable)
            for lever, wanted, first in (
                (Lever.VUS, opening.timetable.vus, opening.vus),
                (Lever.RATE, opening.timetable.rate, opening.rate),
            ):
                self.stands[name, lever] = Stand(first, is_planned=True)
                if first is not None and first != wanted:
                    most = courses.highest([first], 0.0, opening.timetable.end_s)
                    self.warnings.append(
                        f"{name}: the plan is clamped to {amount(lever, most)}, the run's limit"
                    )

    @property
    def moves(self) -> tuple[Move, ...]:
        """How every lever stands."""
        return tuple(map(self._move, self.stands))

    def most_vus(self, at_s: float) -> float:
        """Return a bound on the VUs of all scenarios together, from now on."""
        going = [
            stand.course
            for (name, lever), stand in self.stands.items()
            if lever is Lever.VUS and stand.course and not self.progress[name].has_ended(at_s)
        ]
        return courses.highest(going, at_s, None)

    def leg(self, key: Key, at_s: float) -> Leg | None:
        """Return the leg that a lever is on; `None`: the model is closed."""
        return self.stands[key].leg(at_s)

    def target(self, key: Key, at_s: float) -> float | None:
        """Return where a lever is wanted: at 0 when its scenario has ended."""
        leg = self.leg(key, at_s)
        if leg is None or self.progress[key[0]].has_ended(at_s):
            return None if leg is None else 0.0
        return legs.target(leg, at_s)

    def here(self, key: Key, at_s: float) -> float | None:
        """Return where a lever stands now, as a number that a person would have set."""
        leg = self.leg(key, at_s)
        if leg is None or legs.remaining_s(leg, at_s) == 0:
            return None if leg is None else legs.target(leg, at_s)
        return steps.settled(key[1], legs.target(leg, at_s))

    def moved_lever(self, scenario: str) -> Key:
        """Return the lever that the scenario's plan moves."""
        return scenario, self.progress[scenario].timetable.moved

    def keys(self, scenario: str) -> list[Key]:
        """Return the levers that a scenario has now, or has by its plan."""
        return [
            (scenario, lever)
            for lever in Lever
            if self.stands[scenario, lever].course is not None
            or self._planned((scenario, lever)) is not None
        ]

    def limit(self, key: Key, at_s: float, *, aside: frozenset[Key] = frozenset()) -> float:
        """
        Return how high a lever may go: the run's limit less what the other scenarios need.

        Those *aside* are about to go elsewhere, and need nothing yet.
        """
        lever = key[1]
        most = float(self.limits.max_vus) if lever is Lever.VUS else self.limits.max_rate_per_s
        others = [
            courses.ending(course, self.progress[other[0]].end_s)
            for other in self.stands
            if other != key
            and other not in aside
            and other[1] is lever
            and (course := self._ahead(other)) is not None
        ]
        left = max(0.0, most - courses.highest(others, at_s, self.progress[key[0]].end_s))
        return float(math.floor(left)) if lever is Lever.VUS else left

    def end_s(self) -> float | None:
        """Return when the last schedule ends; `None`: not by itself, as things stand."""
        ends = [progress.end_s for progress in self.progress.values()]
        finite = [end for end in ends if end is not None]
        return max(finite) if len(finite) == len(ends) else None

    def before(self, turn: Turn, at_s: float) -> Turn:
        """Return the turn that takes *turn* back."""
        return Turn(
            {key: self.stands[key].aim(at_s) for key in turn.aims},
            {name: self.progress[name] for name in turn.progress},
        )

    def begin(self, turn: Turn, at_s: float) -> tuple[Move, ...]:
        """Let *turn* begin, and return what the workers have to be told."""
        self.progress |= turn.progress
        # Where a plan has moved, its levers do, and their schedule's end.
        touched = dict.fromkeys(turn.aims)
        for name in turn.progress:
            touched |= dict.fromkeys(self.keys(name))
        before = {key: self.stands[key] for key in touched}
        for key in touched:
            limit = self.limit(key, at_s, aside=frozenset(self.stands))
            self.stands[key] = self._begun(key, turn.aims.get(key), at_s, limit)
        if not self._fits(at_s):
            self.stands |= before
            to_begin = list(touched)
            while to_begin:
                # One after another: as in a plan, the first have what there is.
                key = to_begin.pop(0)
                limit = self.limit(key, at_s, aside=frozenset(to_begin))
                self.stands[key] = self._begun(key, turn.aims.get(key), at_s, limit)
        return tuple(map(self._move, touched))

    def _move(self, key: Key) -> Move:
        return Move(
            scenario=key[0],
            lever=key[1],
            course=self.stands[key].course,
            end_s=self.progress[key[0]].end_s,
        )

    def _begun(self, key: Key, aim: Aim | None, at_s: float, limit: float) -> Stand:
        stand = self.stands[key]
        if aim is not None and not aim.is_planned:
            # An aim out of the past may be above what the other scenarios have left since.
            return stand.moved(aim.at_most(limit), at_s)
        is_planned = stand.is_planned if aim is None else True
        course = self._planned(key) if is_planned else stand.course
        if course is not None:
            course = courses.clamped(courses.from_on(course, at_s), limit)
        return Stand(course, is_planned, None if is_planned else stand.frozen)

    def _fits(self, at_s: float) -> bool:
        """Return whether all levers together stay within the limits from *at_s* on."""
        return all(
            courses.highest(
                [
                    courses.ending(course, self.progress[key[0]].end_s)
                    for key in self.stands
                    if key[1] is lever and (course := self._ahead(key)) is not None
                ],
                at_s,
                None,
            )
            <= most + _ROUNDING
            for lever, most in (
                (Lever.VUS, self.limits.max_vus),
                (Lever.RATE, self.limits.max_rate_per_s),
            )
        )

    def _ahead(self, key: Key) -> Course | None:
        """Return where a lever is led, also after a replay has opened or closed the model."""
        stand = self.stands[key]
        if not stand.is_planned:
            return stand.course
        course = stand.course
        for part in self.progress[key[0]].then:
            planned = part.vus if key[1] is Lever.VUS else part.rate
            later = (legs.flat(0.0, start_s=part.begin_s),) if planned is None else planned
            before = (legs.flat(0.0),) if course is None else course
            course = (
                *(leg for leg in before if leg.start_s < part.begin_s),
                *(leg for leg in later if leg.start_s >= part.begin_s),
            )
        return course

    def is_clamped(self, key: Key, at_s: float) -> bool:
        """Whether the limits keep a lever that the plan leads from going where that wants it."""
        course, planned = self.stands[key].course, self._planned(key)
        return planned is not None and course != courses.from_on(planned, at_s)

    def _planned(self, key: Key) -> Course | None:
        timetable = self.progress[key[0]].timetable
        return timetable.vus if key[1] is Lever.VUS else timetable.rate
