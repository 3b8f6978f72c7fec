"""
One lever and one plan: how they stand, where they are to go, and how the one becomes the other.

An aim has no time in it, so it can wait in the history and begin again; a stand is an aim
that has begun.
"""

import math
from dataclasses import dataclass, replace

from vumeter.model.throttle import Course, Leg, Lever
from vumeter.schedule import course as courses
from vumeter.schedule import legs
from vumeter.schedule.timetable import Timetable

Key = tuple[str, Lever]
"""A scenario's name, and which of its levers."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a lever is to go, whenever that begins. *end* `None`: to the closed model."""

    end: float | None
    ramp_s: float = 0.0
    is_planned: bool = False
    """Whether it goes along the plan, which then says where."""
    frozen: "Aim | None" = None
    """Held: what goes on when the hold ends."""

    def at_most(self, limit: float) -> "Aim":
        """Return this aim, or one that ends at *limit* if this one would go beyond it."""
        return self if self.end is None or self.end <= limit else replace(self, end=limit)


PLANNED = Aim(None, is_planned=True)

Aims = dict[Key, Aim]


@dataclass(frozen=True, slots=True)
class Stand:
    """How a lever stands. *course* `None`: the model is closed, there is no rate."""

    course: Course | None
    is_planned: bool = False
    frozen: Aim | None = None

    def leg(self, at_s: float) -> Leg | None:
        """Return the leg that counts at *at_s*."""
        return None if self.course is None else courses.leg_at(self.course, at_s)

    def aim(self, at_s: float) -> Aim:
        """Return the aim that, begun now, leads where this stand leads."""
        leg = self.leg(at_s)
        if self.is_planned:
            return PLANNED
        if leg is None:
            return Aim(None)
        return Aim(leg.end, legs.remaining_s(leg, at_s), frozen=self.frozen)

    def moved(self, aim: Aim, at_s: float) -> "Stand":
        """Return the stand in which *aim*, which is not the plan's, has just begun."""
        if aim.end is None:
            return Stand(None)
        here = self.leg(at_s) or legs.flat(0.0)
        leg = legs.rebase(here, at_s=at_s, end=aim.end, ramp_s=aim.ramp_s)
        return Stand((leg,), frozen=aim.frozen)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one scenario's plan is, by its timetable, and whether it is being followed."""

    timetable: Timetable
    held_s: float | None = None
    """Since when the plan's clock stands; `None`: it goes."""
    left_s: float | None = None
    """Since when a hand has led the lever that the plan moves; `None`: it does not."""
    then: tuple[Timetable, ...] = ()
    """What takes over, each when it begins: where a replay opens or closes the model."""
    replays: bool = False
    """Whether the timetable is that of a replay."""

    @property
    def end_s(self) -> float | None:
        """When the schedule ends; `None`: never, or not while it is held."""
        return None if self.held_s is not None else self.timetable.end_s

    def has_ended(self, at_s: float) -> bool:
        """Whether the schedule is over."""
        return self.held_s is None and self.timetable.has_ended(at_s)

    def has_begun(self, at_s: float) -> bool:
        """Whether the load is on, or has been."""
        return self.timetable.has_begun(self.clock_s(at_s))

    def clock_s(self, at_s: float) -> float:
        """Return the time on the timetable: *at_s*, unless it stands."""
        return at_s if self.held_s is None else self.held_s

    def followed(self) -> "Progress":
        """Return the progress that follows the timetable, as if it had never been left."""
        return replace(self, held_s=None, left_s=None)

    def put_off(self, at_s: float, *, since_s: float | None) -> "Progress":
        """Return the progress that goes on at *at_s* from where it was at *since_s*."""
        if since_s is None:
            return self.followed()
        by_s = at_s - since_s
        left_s = None if self.left_s is None else self.left_s + by_s
        timetable = self.timetable.put_off(by_s, at_s=since_s)
        return replace(
            self, timetable=timetable, held_s=None, left_s=left_s, then=self._later(by_s, since_s)
        )

    def skipped(self, at_s: float) -> "Progress":
        """Return the progress whose present section, which has an end, is over at *at_s*."""
        goes_on = self.put_off(at_s, since_s=self.held_s).followed()
        by_s = at_s - goes_on.timetable.section_at(at_s).end_s
        return replace(
            goes_on, timetable=goes_on.timetable.skipped(at_s), then=goes_on._later(by_s, at_s)
        )

    def extended(self, by_s: float, at_s: float) -> "Progress":
        """Return the progress whose present section takes *by_s* more."""
        clock_s = self.clock_s(at_s)
        timetable = self.timetable.extended(by_s, at_s=clock_s)
        return replace(self, timetable=timetable, then=self._later(by_s, clock_s))

    def due_s(self) -> float:
        """Return when the next timetable takes over; infinity: none does, as things stand."""
        is_followed = self.held_s is None and self.left_s is None
        return self.then[0].begin_s if self.then and is_followed else math.inf

    def taken_over(self) -> "Progress":
        """Return the progress by the next timetable."""
        return replace(self, timetable=self.then[0], then=self.then[1:])

    def _later(self, by_s: float, at_s: float) -> tuple[Timetable, ...]:
        return tuple(each.put_off(by_s, at_s=at_s) for each in self.then)

    def as_seen(self, at_s: float) -> Timetable:
        """Return the timetable as it would be if a hold were to end now."""
        if self.held_s is None:
            return self.timetable
        return self.timetable.put_off(at_s - self.held_s, at_s=self.held_s)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a command changes: the aims of levers, and how far plans are."""

    aims: Aims
    progress: dict[str, Progress]
