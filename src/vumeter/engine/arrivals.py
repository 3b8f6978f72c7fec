"""The open model: iterations begin when they are due, whether or not earlier ones are done."""

import asyncio
import math
from collections.abc import Callable

from vumeter.clock import NANOSECONDS_PER_S, monotonic_ns
from vumeter.engine.counts import Counts
from vumeter.model.throttle import Course
from vumeter.schedule.pacer import Pacer
from vumeter.schedule.spacing import Spacing

_LONGEST_SLEEP_S = 3600.0
_LONGEST_BACKLOG_S = 10.0


class Arrivals:
    """
    One timer to the next due time, which then begins all that are due.

    That is 0.6 ms late at the 99th percentile, at any rate (HOTPATH): the loop's timers have
    a grain of 1 ms. Times count from when an iteration was due, so none of it is hidden.
    """

    def __init__(
        self,
        course: Course,
        spacing: Spacing,
        *,
        start_ns: int,
        end_s: float | None,
        counts: Counts,
        begin: Callable[[int], bool],
    ) -> None:
        self._pacer = Pacer(course, spacing)
        self._start_ns = start_ns
        self.end_at(end_s)
        self._counts = counts
        self._begin = begin
        self._timer: asyncio.TimerHandle | None = None
        """`None`: paused."""
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Begin with what is due from the start of the course on."""
        self._arm()

    def end_at(self, end_s: float | None) -> None:
        """Let the schedule end at *end_s*; `None`: never."""
        # What is due at the very end of a schedule is not part of it any more.
        self._last_s = math.inf if end_s is None else math.nextafter(end_s, 0.0)

    def resume(self) -> None:
        """Go on from now; what was due in between is not caught up."""
        self._pacer.skip(self._now_s())
        self._arm()

    def pause(self) -> None:
        """Begin nothing until told to go on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def finish(self) -> None:
        """Begin what is due before the end of the schedule, which has come, and then nothing."""
        if self._timer is not None:
            self._begin_due(math.inf)
        self.pause()

    def follow(self, course: Course) -> None:
        """Go over to *course*, without a burst and without a hole."""
        if self._timer is not None:
            self._begin_due(self._now_s())
        self._pacer.rebase(course)
        if self._timer is not None:
            self._arm()

    def _now_s(self) -> float:
        return (monotonic_ns() - self._start_ns) / NANOSECONDS_PER_S

    def _arm(self) -> None:
        self.pause()
        wait_s = self._pacer.next_due_s - self._now_s()
        wait_s = _LONGEST_SLEEP_S if math.isinf(wait_s) else min(wait_s, _LONGEST_SLEEP_S)
        self._timer = self._loop.call_later(max(0.0, wait_s), self._wake)

    def _wake(self) -> None:
        self._begin_due(self._now_s())
        if self._timer is not None:
            self._arm()

    def _begin_due(self, until_s: float) -> None:
        until_s = min(until_s, self._last_s)
        # After a standstill: what no VU could still begin is counted, not gone through.
        dropped = self._pacer.skip(until_s - _LONGEST_BACKLOG_S)
        counts = self._counts
        counts.due += dropped
        counts.dropped += dropped
        for due_s in self._pacer.take(until_s):
            if self._timer is None:
                # The last one reached a limit on iterations, which ended the schedule.
                return
            counts.due += 1
            due_ns = self._start_ns + round(due_s * NANOSECONDS_PER_S)
            if self._begin(due_ns):
                counts.begin_late_by((monotonic_ns() - due_ns) // 1000)
            else:
                counts.dropped += 1
