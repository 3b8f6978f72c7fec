"""When each of one worker's iterations is due, across all the legs that a rate has had."""

import math
from collections import deque

from vumeter.model.throttle import Course, Leg
from vumeter.schedule.legs import asked_for, due_s
from vumeter.schedule.spacing import Spacing

_REMEMBERED_LEGS = 16
"""A command that was on its way while a stage ended goes back by one; never by so many."""


class Pacer:
    """
    The open model's schedule for one worker.

    The integral of the rate is what is asked for, of all workers together. Every worker
    computes the same integral from the same course, and its *spacing* says where on it
    its own iterations lie; they need not talk.

    A new course continues the integral, fraction included: where the leg before stood
    between two iterations, the next one comes after what is left of that gap at the new
    rate. No change of rate therefore makes a burst, or a hole.

    Time is run time in seconds; nothing here reads a clock.
    """

    def __init__(self, course: Course, spacing: Spacing) -> None:
        self._spacing = spacing
        self._leg = course[0]
        # What the legs before this one have asked for, all workers together.
        self._base = 0.0
        self._coming = deque(course[1:])
        self._gone: deque[tuple[Leg, float]] = deque(maxlen=_REMEMBERED_LEGS)
        self._position = spacing.first()
        self._taken_s = -math.inf
        self._due_s = self._when(self._position)

    @property
    def next_due_s(self) -> float:
        """When the next iteration of this worker is due; infinity when none is foreseen."""
        while self._coming and self._due_s >= self._coming[0].start_s:
            self._switch()
        return self._due_s

    def take(self, until_s: float) -> list[float]:
        """
        Return the due times of this worker's iterations up to *until_s*, each exactly once.

        They never decrease, within one answer and from one to the next.
        """
        dues: list[float] = []
        while (due := self.next_due_s) <= until_s:
            dues.append(due)
            self._position = self._spacing.after(self._position)
            self._due_s = max(due, self._when(self._position))
        self._taken_s = max(self._taken_s, until_s)
        return dues

    def skip(self, until_s: float) -> int:
        """
        Pass over what is due up to *until_s*, and return how many iterations that were.

        For a pause, and for a rate that was told to the worker after it began.
        """
        skipped = 0
        while self._coming and self._coming[0].start_s <= until_s:
            skipped += self._pass_over(self._coming[0].start_s)
            self._switch()
        skipped += self._pass_over(until_s)
        self._taken_s = max(self._taken_s, until_s)
        return skipped

    def rebase(self, course: Course) -> None:
        """
        Follow *course* from its start on, instead of what else was to come.

        A worker hears of a course a little after it began. What it has taken by then stays
        as it was: *course* governs the time after the newest `take`, and so neither repeats
        nor catches up what lies before it. Call `take` just before.
        """
        self._go_back(course[0].start_s)
        self._coming.extend(course)
        if course[0].start_s > self._taken_s:
            self._due_s = max(self._taken_s, self._when(self._position))
            return
        while self._coming and self._coming[0].start_s <= self._taken_s:
            self._switch()
        already = self._base + asked_for(self._leg, self._taken_s)
        self._position = self._spacing.later(self._position, already)
        self._due_s = max(self._taken_s, self._when(self._position))

    def _when(self, position: float) -> float:
        return due_s(position - self._base, self._leg)

    def _switch(self) -> None:
        """Go over to the leg that comes next; what the present one asked for has been taken."""
        leg = self._coming.popleft()
        self._gone.append((self._leg, self._base))
        self._base += asked_for(self._leg, leg.start_s)
        self._leg = leg
        self._due_s = self._when(self._position)

    def _go_back(self, start_s: float) -> None:
        """
        Forget the legs that begin at *start_s* or later, if need be those gone over to.

        Some workers hear of a new course before such a leg and some after it has begun;
        all of them have to go on from the same integral.
        """
        self._coming = deque(leg for leg in self._coming if leg.start_s < start_s)
        while self._leg.start_s >= start_s and self._gone:
            self._leg, self._base = self._gone.pop()

    def _pass_over(self, until_s: float) -> int:
        """Pass over what the present leg asks for up to *until_s*, without a step for each."""
        if self._due_s > until_s:
            return 0
        already = self._base + asked_for(self._leg, until_s)
        skipped, self._position = self._spacing.passed(self._position, already)
        self._due_s = max(until_s, self._when(self._position))
        return skipped
