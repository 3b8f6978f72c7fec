"""
A stored run at one moment, and the frame of that moment. Pure: readings in, frames out.

Nothing is computed here that a live run computes elsewhere: readings go through the same
views, what the run had come to is what it said itself, and the journal drives the same
throttles. What viewers were to the run, and who had the control, belongs to its time, and is
not in these frames.
"""

from bisect import bisect_right
from collections.abc import Callable
from functools import partial

from msgspec import Struct

from vumeter.model.balance import Balance
from vumeter.model.frame import WINDOW_S, Event, Frame, PhaseState, StopCause
from vumeter.model.measure import Reading
from vumeter.model.plan import Plan
from vumeter.model.summary import Summary
from vumeter.model.throttle import ENDS, NO_THROTTLES, JournalEntry
from vumeter.run.control import Control
from vumeter.run.events import FRAME_EVENTS
from vumeter.run.frames import new_frame
from vumeter.run.life import Life
from vumeter.run.picture import SHORTEST_SECOND_S
from vumeter.run.throttles import Throttles
from vumeter.run.views import Views


class Record(Struct, frozen=True, kw_only=True):
    """What is kept of a run beside its readings."""

    plan: Plan
    started_unix_ms: int
    events: tuple[Event, ...]
    journal: tuple[JournalEntry, ...]
    setup: PhaseState | None
    teardown: PhaseState | None
    summary: Summary | None
    """`None`: the run goes on, or died."""


class Past:
    """Takes readings of *record*'s run in their order; `frame` is of the newest one."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._throttles = Throttles(record.plan)
        self._life = Life(record.plan)
        self._life.begin()
        self._views = Views(self._throttles, record.plan.metrics)
        self._newest: Reading | None = None
        self._deeds = self._planned_deeds()
        self._event_seconds = [event.second for event in record.events]

    @property
    def next_second(self) -> int:
        """Where the next reading begins."""
        return 0 if self._newest is None else self._newest.second + self._newest.span_s

    @property
    def span_s(self) -> int:
        """Of how many seconds the newest reading is."""
        return 1 if self._newest is None else self._newest.span_s

    @property
    def newest(self) -> Reading | None:
        """The reading that was taken last; `None`: none yet."""
        return self._newest

    @property
    def has_ended(self) -> bool:
        """Whether this is the run's end."""
        return self._life.ended_s is not None

    def add(self, reading: Reading, *, until_s: float = 0.0) -> None:
        """
        Take *reading* into account, the next one.

        No frame is wanted before *until_s*: what will be in no window by then, nor in the one
        before it, is passed over.
        """
        self._drive(float(reading.second + reading.span_s))
        if self.is_stump(reading):
            return
        self._newest = reading
        if is_in_windows(reading.second, reading.span_s, until_s):
            self._views.add(reading)

    def finish(self, summary: Summary) -> None:
        """Come to the run's end, after all of its readings."""
        ended_s = summary.duration_s
        self._drive(ended_s)
        self._life.end(summary.stop or StopCause.SCHEDULE, at_s=ended_s)

    @property
    def at_s(self) -> float:
        """The moment that `frame` is of."""
        ended_s = self._life.ended_s
        return float(self.next_second) if ended_s is None else ended_s

    def frame(self, balance: Balance) -> Frame:
        """Return what a viewer of the run saw then, when it had come to *balance*."""
        at_s, reading = self.at_s, self._newest
        return new_frame(
            plan=self._record.plan,
            at_s=at_s,
            started_unix_ms=self._record.started_unix_ms,
            life=self._life,
            throttles=self._throttles,
            view=self._views.view_with(balance),
            host=None if reading is None else reading.host,
            postgres=None if reading is None else reading.postgres,
            postgres_more={} if reading is None else reading.postgres_more,
            watched=() if reading is None else reading.watched,
            outage_s=balance.outage_s,
            events=self.events(at_s)[-FRAME_EVENTS:],
            control=Control(),
            verdicts=balance.verdicts,
            alerts=balance.alerts,
            comparison=balance.comparison,
            setup=self._record.setup,
            teardown=self._record.teardown if self.has_ended else None,
        )

    def events(self, at_s: float) -> tuple[Event, ...]:
        """Return what had happened by run time *at_s*, oldest first."""
        return self._record.events[: bisect_right(self._event_seconds, at_s)]

    def is_stump(self, reading: Reading) -> bool:
        """Whether it is the last second, and so short a one that the run did not show it."""
        summary = self._record.summary
        if summary is None or reading.second == 0:
            return False
        return summary.duration_s - reading.second < SHORTEST_SECOND_S

    # What hands did

    def _drive(self, until_s: float) -> None:
        while self._deeds and self._deeds[-1][0] <= until_s:
            at_s, deed = self._deeds.pop()
            # A replay that a hand began goes on by itself, also over what is skipped.
            self._throttles.advance(float(int(at_s)))
            deed()
        self._throttles.advance(until_s)

    def _planned_deeds(self) -> list[tuple[float, Callable[[], object]]]:
        """Return what is to be done again of what hands did, the first at the end."""
        deeds: list[tuple[float, Callable[[], object]]] = []
        for entry in self._record.journal:
            if entry.accepted:
                deeds.append((entry.second, partial(self._obey, entry)))
                if entry.acknowledged_s is not None:
                    taken_up = partial(self._throttles.acknowledge, entry.id)
                    deeds.append((entry.acknowledged_s, taken_up))
        deeds.sort(key=lambda deed: deed[0])
        return deeds[::-1]

    def _obey(self, entry: JournalEntry) -> None:
        kind = entry.command.kind
        if kind in ENDS:
            summary = self._record.summary
            cause = None if summary is None else summary.stop
            self._life.blame(cause or StopCause.STOPPED)
        elif kind not in NO_THROTTLES:
            self._throttles.apply(entry.command, serial=entry.id, at_s=entry.second)


def is_in_windows(second: int, span_s: int, until_s: float) -> bool:
    """Whether a reading is in the window that ends then, or in the one before that."""
    return second + span_s > until_s - 2 * max(WINDOW_S, span_s)
