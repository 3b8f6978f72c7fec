"""When each of one worker's iterations is due, across all the legs that a rate has had."""

import math

from vumeter.model.messages import Share
from vumeter.model.throttle import Course
from vumeter.schedule.integral import Integral
from vumeter.schedule.spacing import Spacing


class Pacer:
    """
    The open model's schedule for one worker.

    The integral of the rate is what is asked for, of all workers together. Every worker
    computes the same integral from the same course, and its *spacing* says where on it
    its own iterations lie; they need not talk.

    A new course continues the integral, fraction included: where the leg before stood
    between two iterations, the next one comes after what is left of that gap at the new
    rate. No change of rate therefore makes a burst, or a hole.

    Time is run time in seconds; nothing here reads a clock. *asked* is what the rate had
    asked for when the course begins, where the worker has come later.
    """

    def __init__(self, course: Course, spacing: Spacing, *, asked: float = 0.0) -> None:
        self._spacing = spacing
        self._integral = Integral(course, asked)
        self._position = spacing.first()
        self._passed = -1.0
        """The last position that was taken or skipped."""
        self._barrier = math.inf
        self._taken_s = -math.inf
        self._due_s = self._integral.due_s(self._position)

    @property
    def next_due_s(self) -> float:
        """When the next iteration of this worker is due; infinity when none is foreseen."""
        if self._position >= self._barrier:
            return math.inf
        while self._due_s >= self._integral.next_start_s < math.inf:
            self._switch()
        return self._due_s

    def take(self, until_s: float) -> list[float]:
        """
        Return the due times of this worker's iterations up to *until_s*, each exactly once.

        They never decrease, within one answer and from one to the next.
        """
        dues: list[float] = []
        while (due := self.next_due_s) <= until_s and due < math.inf:
            dues.append(due)
            self._passed = self._position
            self._position = self._spacing.after(self._position)
            self._due_s = max(due, self._integral.due_s(self._position))
        if self._position < self._barrier:
            # Else what was due meanwhile is still to be taken, at its own time.
            self._taken_s = max(self._taken_s, until_s)
        return dues

    def skip(self, until_s: float) -> int:
        """
        Pass over what is due up to *until_s*, and return how many iterations that were.

        For a pause, and for a rate that was told to the worker after it began.
        """
        skipped = 0
        while (start_s := self._integral.next_start_s) <= until_s and start_s < math.inf:
            skipped += self._pass_over(start_s)
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
        self._integral.follow(course)
        if course[0].start_s > self._taken_s:
            self._due_s = max(self._taken_s, self._integral.due_s(self._position))
            return
        already = self._integral.asked(self._taken_s)
        self._position = self._spacing.later(self._position, already)
        self._due_s = max(self._taken_s, self._integral.due_s(self._position))

    def stop_before(self, position: int) -> int:
        """
        Take nothing from *position* on until `deal` says whose that is.

        Return the position, or where it was passed already, the one that is still ahead.
        """
        ahead = max(position, math.floor(self._passed) + 1)
        self._barrier = ahead
        return ahead

    def number_at(self, at_s: float) -> int:
        """Return the first number that is not due before *at_s*, nor was taken already."""
        return max(math.ceil(self._integral.on_leg(at_s)), math.floor(self._passed) + 1)

    def deal(self, portion: Share, start: int) -> None:
        """Let the worker have *portion* from position *start* on, and go on."""
        self._barrier = math.inf
        self._position = self._spacing.deal(portion, start, self._position)
        self._due_s = self._integral.due_s(self._position)
        # One that was another's until now may have been due already.
        self._taken_s = min(self._taken_s, self._due_s)

    def _switch(self) -> None:
        """Go over to the leg that comes next; what the present one asked for has been taken."""
        self._integral.switch()
        self._due_s = self._integral.due_s(self._position)

    def _pass_over(self, until_s: float) -> int:
        """Pass over what the present leg asks for up to *until_s*, without a step for each."""
        if self._due_s > until_s or self._position >= self._barrier:
            return 0
        already = self._integral.on_leg(until_s)
        skipped, self._position = self._spacing.passed(self._position, already)
        self._passed = already
        self._due_s = max(until_s, self._integral.due_s(self._position))
        return skipped
