"""
A stored run at one moment, and the frame of that moment. Pure: readings in, frames out.

Nothing is computed here that a live run computes elsewhere: readings go through the same
views and the same judges, and the journal drives the same throttles. What viewers were to
the run, and who had the control, belongs to its time, and is not in these frames.
"""

from bisect import bisect_right
from collections.abc import Callable
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from vumeter.model.frame import WINDOW_S, Event, Frame, PhaseState, StopCause
from vumeter.model.measure import Reading, Snapshot
from vumeter.model.plan import Plan
from vumeter.model.summary import Summary
from vumeter.model.throttle import CommandKind, JournalEntry
from vumeter.model.verdict import Standing, Verdict
from vumeter.run.alarm import Alarm
from vumeter.run.control import Control
from vumeter.run.events import FRAME_EVENTS
from vumeter.run.frames import new_frame
from vumeter.run.life import Life
from vumeter.run.picture import SHORTEST_SECOND_S
from vumeter.run.throttles import Throttles
from vumeter.run.views import Views
from vumeter.stats.totals import Totals
from vumeter.thresholds.rules import alert_rules_of
from vumeter.thresholds.watch import Watch


class Record(Struct, frozen=True, kw_only=True):
    """What is kept of a run beside its readings."""

    plan: Plan
    started_unix_ms: int
    events: tuple[Event, ...]
    journal: tuple[JournalEntry, ...]
    verdicts: tuple[Verdict, ...]
    """As they stood last."""
    late: tuple[Snapshot, ...]
    """What is in the totals, and in no reading."""
    setup: PhaseState | None
    teardown: PhaseState | None
    summary: Summary | None
    """`None`: the run goes on, or died."""


class Past:
    """Takes the readings of *record*'s run in their order; `frame` is of the newest one."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._throttles = Throttles(record.plan)
        self._life = Life(record.plan)
        self._life.begin()
        self._views = Views(self._throttles, record.plan.metrics)
        self._totals = Totals()
        self._outage_us = 0
        self._alarm = Alarm(record.plan)
        self._watch = Watch(alert_rules_of(record.plan))
        self._newest: Reading | None = None
        self._deeds = self._planned_deeds()
        self._late = list(record.late)
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
        Take *reading* into account.

        Args:
            reading: The next one.
            until_s: No frame is wanted before that. What will be in no window by then, nor in
                the one before it, counts in every total, and saves the cost of windows.
        """
        end_s = float(reading.second + reading.span_s)
        is_recent = end_s > until_s - 2 * max(WINDOW_S, reading.span_s)
        self._drive(end_s)
        self._totals.add(reading.tallies, reading.scenarios, reading.metrics)
        self._outage_us += reading.outage_us
        while self._late and self._late[0].second < end_s:
            late = self._late.pop(0)
            self._totals.add(late.tallies, late.scenarios, late.metrics)
        if self._is_stump(reading):
            return
        self._newest = reading
        self._alarm.hear([reading])
        self._watch.add(reading)
        if is_recent:
            self._views.add(reading)
        else:
            self._views.pass_over(reading)

    def finish(self, summary: Summary) -> None:
        """Come to the run's end, after all of its readings."""
        ended_s = summary.duration_s
        self._drive(ended_s)
        for late in self._late:
            self._totals.add(late.tallies, late.scenarios, late.metrics)
        self._late.clear()
        self._watch.conclude(ended_s)
        self._life.end(summary.stop or StopCause.SCHEDULE, at_s=ended_s)

    def frame(self) -> Frame:
        """Return what a viewer of the run saw then."""
        ended_s = self._life.ended_s
        at_s = float(self.next_second) if ended_s is None else ended_s
        reading = self._newest
        return new_frame(
            plan=self._record.plan,
            at_s=at_s,
            started_unix_ms=self._record.started_unix_ms,
            life=self._life,
            throttles=self._throttles,
            view=self._views.view(self._totals, counted_s=at_s),
            host=None if reading is None else reading.host,
            postgres=None if reading is None else reading.postgres,
            watched=() if reading is None else reading.watched,
            outage_s=self._outage_us / 1e6,
            events=self.events(at_s)[-FRAME_EVENTS:],
            control=Control(),
            verdicts=self._verdicts(),
            alerts=self._watch.states(),
            setup=self._record.setup,
            teardown=None if ended_s is None else self._record.teardown,
        )

    def events(self, at_s: float) -> tuple[Event, ...]:
        """Return what had happened by run time *at_s*, oldest first."""
        return self._record.events[: bisect_right(self._event_seconds, at_s)]

    def _is_stump(self, reading: Reading) -> bool:
        """Whether it is the last second, and so short a one that the run did not show it."""
        summary = self._record.summary
        if summary is None or reading.second == 0:
            return False
        return summary.duration_s - reading.second < SHORTEST_SECOND_S

    def _verdicts(self) -> tuple[Verdict, ...]:
        """
        Return how each threshold stood.

        A rule over a window that was broken at a time of which only longer readings are left
        cannot be found broken again: that it was is known from how it stood last.
        """
        last = self._record.verdicts
        if not last or self.has_ended:
            return last
        return tuple(map(self._with_what_was_known, self._alarm.verdicts, last))

    def _with_what_was_known(self, now: Verdict, last: Verdict) -> Verdict:
        first = last.first_failed_second
        was_broken = first is not None and first < self.next_second
        is_lasting = last.standing is Standing.FAILED and not last.is_failing
        if now.standing is Standing.FAILED or not (was_broken and is_lasting):
            return now
        return replace(now, standing=Standing.FAILED, first_failed_second=first, crossings=1)

    # What hands did

    def _drive(self, until_s: float) -> None:
        while self._deeds and self._deeds[-1][0] <= until_s:
            self._deeds.pop()[1]()
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
        match entry.command.kind:
            case CommandKind.MARK:
                pass
            case CommandKind.STOP | CommandKind.ABORT:
                summary = self._record.summary
                cause = None if summary is None else summary.stop
                self._life.blame(cause or StopCause.STOPPED)
            case CommandKind.ACKNOWLEDGE:
                for alert in self._record.plan.alerts:
                    if entry.command.alert in (None, alert.name):
                        self._watch.acknowledge(alert.name)
            case _:
                self._throttles.apply(entry.command, serial=entry.id, at_s=entry.second)
