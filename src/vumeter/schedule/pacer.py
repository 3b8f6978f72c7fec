"""When each of one worker's iterations is due, across all the legs that a rate has had."""

import math
from collections import deque

from vumeter.model.throttle import Leg
from vumeter.schedule.legs import asked_for, due_s
from vumeter.schedule.shares import first_owned

_SAME_ITERATION = 1e-6
"""Far above what rounding does to an integral of 10⁹ iterations, far below one iteration."""


class Pacer:
    """
    The open model's schedule for worker *index* of *count*.

    Iteration k of the whole run is due when the integral of the rate reaches k, the first
    one at once, and belongs to worker k mod *count*. Every worker computes the same
    integral from the same legs, so all of them together run the schedule of one, to the
    last bit, and need not talk.

    A new leg continues the integral, fraction included: where the leg before stood
    between two iterations, the next one comes after what is left of that gap at the new
    rate. No change of rate therefore makes a burst, or a hole.

    Time is run time in seconds; nothing here reads a clock.
    """

    def __init__(self, leg: Leg, *, index: int = 0, count: int = 1) -> None:
        self._index = index
        self._count = count
        self._leg = leg
        # What the legs before this one have asked for, all workers together.
        self._base = 0.0
        self._coming: deque[Leg] = deque()
        self._number = index
        self._taken_s = -math.inf
        self._due_s = due_s(self._number, leg)

    @property
    def next_due_s(self) -> float:
        """When the next iteration of this worker is due; infinity when none is foreseen."""
        if self._coming and self._due_s >= self._coming[0].start_s:
            self._switch()
            return self.next_due_s
        return self._due_s

    def take(self, until_s: float) -> list[float]:
        """
        Return the due times of this worker's iterations up to *until_s*, each exactly once.

        They never decrease, within one answer and from one to the next.
        """
        dues: list[float] = []
        while (due := self.next_due_s) <= until_s:
            dues.append(due)
            self._number += self._count
            self._due_s = max(due, self._when(self._number))
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

    def rebase(self, leg: Leg) -> None:
        """
        Follow *leg* from its start on. Legs come in the order of their starts.

        A worker hears of a leg a little after it began. What it has taken by then under the
        leg before stays as it was: *leg* governs the time after the newest `take`, and so
        neither repeats nor catches up what lies before it. Call `take` just before.
        """
        self._coming.append(leg)
        if leg.start_s > self._taken_s:
            return
        following = self._number
        while self._coming:
            self._switch()
        already = self._base + asked_for(leg, self._taken_s)
        self._number = first_owned(math.ceil(already), self._index, self._count)
        # The one that is due at this very moment, to within rounding, may have been taken.
        if self._number < following and self._number - already < _SAME_ITERATION:
            self._number += self._count
        self._due_s = max(self._taken_s, self._when(self._number))

    def _when(self, number: int) -> float:
        return due_s(number - self._base, self._leg)

    def _switch(self) -> None:
        """Go over to the leg that comes next; what the present one asked for has been taken."""
        leg = self._coming.popleft()
        self._base += asked_for(self._leg, leg.start_s)
        self._leg = leg
        self._due_s = self._when(self._number)

    def _pass_over(self, until_s: float) -> int:
        """Pass over what the present leg asks for up to *until_s*, without a step for each."""
        if self._due_s > until_s:
            return 0
        passed = math.floor(self._base + asked_for(self._leg, until_s)) + 1
        number = max(self._number, first_owned(passed, self._index, self._count))
        skipped = (number - self._number) // self._count
        self._number = number
        self._due_s = max(until_s, self._when(number))
        return skipped
