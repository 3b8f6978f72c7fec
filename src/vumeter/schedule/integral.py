"""What a rate has asked for since it began: the axis on which iterations are numbered."""

import math
from collections import deque

from vumeter.model.throttle import Course, Leg
from vumeter.schedule.legs import asked_for, due_s

_REMEMBERED_LEGS = 16
"""A command that was on its way while a stage ended goes back by one; never by so many."""


class Integral:
    """
    The area under all the legs that a rate has had, fraction included, and those to come.

    Whoever follows the same courses comes to the same number, whenever it heard of them.
    *asked* is what lies before the first leg.
    """

    __slots__ = ("_coming", "_gone", "base", "leg", "next_start_s")

    def __init__(self, course: Course, asked: float = 0.0) -> None:
        self.leg = course[0]
        self.base = asked
        """What the legs before this one have asked for."""
        self._coming = deque(course[1:])
        self._gone: deque[tuple[Leg, float]] = deque(maxlen=_REMEMBERED_LEGS)
        self.next_start_s = math.inf
        """When the next leg begins; infinity: there is none to come."""
        self._look_ahead()

    @property
    def course(self) -> Course:
        """The present leg and those to come."""
        return (self.leg, *self._coming)

    def switch(self) -> None:
        """Go over to the next leg."""
        leg = self._coming.popleft()
        self._gone.append((self.leg, self.base))
        self.base += asked_for(self.leg, leg.start_s)
        self.leg = leg
        self._look_ahead()

    def follow(self, course: Course) -> None:
        """
        Go over to *course* when it begins, instead of what else was to come.

        Some hear of it before a leg that it supersedes has begun, and some after; all of
        them have to go on from the same number, so those go back.
        """
        start_s = course[0].start_s
        self._coming = deque(leg for leg in self._coming if leg.start_s < start_s)
        while self.leg.start_s >= start_s and self._gone:
            self.leg, self.base = self._gone.pop()
        self._coming.extend(course)
        self._look_ahead()

    def asked(self, at_s: float) -> float:
        """Return what has been asked for by *at_s*, on the present leg or one that follows."""
        while self.next_start_s <= at_s:
            self.switch()
        return self.on_leg(at_s)

    def on_leg(self, at_s: float) -> float:
        """Return what has been asked for by *at_s*, were the present leg to last."""
        return self.base + asked_for(self.leg, at_s)

    def due_s(self, position: float) -> float:
        """Return when *position* is asked for, were the present leg to last."""
        return due_s(position - self.base, self.leg)

    def _look_ahead(self) -> None:
        self.next_start_s = self._coming[0].start_s if self._coming else math.inf
