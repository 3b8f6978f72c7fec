"""The open model: iterations begin when they are due, whether or not earlier ones are done."""

import math
from collections.abc import Callable

from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.engine.agenda import Agenda
from vumeter.engine.counts import Counts
from vumeter.model.messages import Share
from vumeter.model.throttle import Course
from vumeter.schedule.pacer import Pacer

_LONGEST_BACKLOG_S = 10.0
_DEAL_LEAD_S = 0.3
"""So long a worker goes on with what it gives away, until the other one is at work."""


class Arrivals:
    """
    Sleeps until the next due time, and then begins all that are due.

    How late that is has the agenda's grain. Times count from when an iteration was due, so
    none of it is hidden.
    """

    def __init__(
        self,
        pacer: Pacer,
        *,
        start_ns: int,
        end_s: float | None,
        counts: Counts,
        agenda: Agenda,
        begin: Callable[[int], bool],
    ) -> None:
        self._pacer = pacer
        self._start_ns = start_ns
        self._counts = counts
        self._begin = begin
        self._agenda = agenda
        self.wakes_ns = 0
        self._is_on = False
        self.end_at(end_s)

    def start(self) -> None:
        """Begin with what is due from the start of the course on."""
        self._is_on = True
        self._lie_down()

    def end_at(self, end_s: float | None) -> None:
        """Let the schedule end at *end_s*; `None`: never."""
        # What is due at the very end of a schedule is not part of it any more.
        self._last_s = math.inf if end_s is None else math.nextafter(end_s, 0.0)
        if self._is_on:
            self._lie_down()

    def resume(self) -> None:
        """Go on from now; what was due in between is not caught up."""
        self._pacer.skip(self._now_s())
        self.start()

    def pause(self) -> None:
        """Begin nothing until told to go on."""
        self._is_on = False
        self._agenda.remove(self)

    def finish(self) -> None:
        """Begin what is due before the end of the schedule, which has come, and then nothing."""
        if self._is_on:
            self._begin_due(math.inf)
        self.pause()

    def follow(self, course: Course) -> None:
        """Go over to *course*, without a burst and without a hole."""
        if self._is_on:
            self._begin_due(self._now_s())
        self._pacer.rebase(course)
        if self._is_on:
            self._lie_down()

    def wake(self) -> None:
        """Begin what is due."""
        self._begin_due(self._now_s())
        if self._is_on:
            self._lie_down()

    def deal(self, own: Share) -> int:
        """Keep the iterations of *own* from a moment on, and return the first that then comes."""
        ahead = self._pacer.number_at(self._now_s() + _DEAL_LEAD_S)
        self._pacer.deal(own, ahead)
        if self._is_on:
            self._lie_down()
        return ahead

    def _now_s(self) -> float:
        return (monotonic_ns() - self._start_ns) / NANOSECONDS_PER_S

    def _lie_down(self) -> None:
        self._agenda.remove(self)
        due_s = self._pacer.next_due_s
        if due_s <= self._last_s and not math.isinf(due_s):
            self._agenda.add(self, self._ns(due_s))

    def _ns(self, run_time_s: float) -> int:
        return self._start_ns + round(run_time_s * NANOSECONDS_PER_S)

    def _begin_due(self, until_s: float) -> None:
        until_s = min(until_s, self._last_s)
        # After a standstill: what no VU could still begin is counted, not gone through.
        dropped = self._pacer.skip(until_s - _LONGEST_BACKLOG_S)
        counts = self._counts
        counts.due += dropped
        counts.dropped += dropped
        for due_s in self._pacer.take(until_s):
            if not self._is_on:
                # The last one reached a limit on iterations, which ended the schedule.
                return
            counts.due += 1
            due_ns = self._ns(due_s)
            if self._begin(due_ns):
                counts.begin_late_by((monotonic_ns() - due_ns) // 1000)
            else:
                counts.dropped += 1
