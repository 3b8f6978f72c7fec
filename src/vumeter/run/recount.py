"""
What a stored run had come to, counted anew from its readings.

For a run of which that was not kept as it went on (`model.Balance`): all readings since the
start have to be added up, which for three days takes minutes. Pure.
"""

from collections import deque

from msgspec.structs import replace

from vumeter.model.balance import Balance
from vumeter.model.measure import Reading, Snapshot
from vumeter.model.plan import Plan
from vumeter.model.throttle import CommandKind, JournalEntry
from vumeter.model.verdict import Standing, Verdict
from vumeter.run.alarm import Alarm
from vumeter.stats import custom
from vumeter.stats.errorlog import ErrorLog
from vumeter.stats.tally import TallySum
from vumeter.stats.totals import Totals
from vumeter.thresholds.rules import alert_rules_of
from vumeter.thresholds.watch import Watch


class Recount:
    """
    Takes every reading of one run, in their order.

    Args:
        plan: What the run was to do.
        late: What is in the totals, and in no reading.
        verdicts: As they stood last.
        journal: Has who acknowledged which alerts, and when.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        late: tuple[Snapshot, ...],
        verdicts: tuple[Verdict, ...],
        journal: tuple[JournalEntry, ...],
    ) -> None:
        self._plan = plan
        self._late = deque(late)
        self._seen = deque(
            (entry.second, entry.command.alert)
            for entry in journal
            if entry.accepted and entry.command.kind is CommandKind.ACKNOWLEDGE
        )
        self._last_verdicts = verdicts
        self._totals = Totals()
        self._errors = ErrorLog()
        self._outage_us = 0
        self._alarm = Alarm(plan)
        self._watch = Watch(alert_rules_of(plan))
        self._next_second = 0

    def add(self, reading: Reading, *, is_shown: bool) -> None:
        """Count *reading*; not *is_shown*, it is a stump that is in totals only."""
        end_s = reading.second + reading.span_s
        self._totals.add(reading.tallies, reading.scenarios, reading.metrics)
        self._outage_us += reading.outage_us
        while self._late and self._late[0].second < end_s:
            self._count_late(self._late.popleft())
        if not is_shown:
            return
        self._next_second = end_s
        self._errors.add(reading.second, reading.tallies, reading.scenarios)
        while self._seen and self._seen[0][0] <= end_s:
            self._acknowledge(self._seen.popleft()[1])
        self._alarm.hear([reading])
        self._watch.add(reading)

    def _acknowledge(self, name: str | None) -> None:
        for alert in self._plan.alerts:
            if name in (None, alert.name):
                self._watch.acknowledge(alert.name)

    def conclude(self, duration_s: float) -> None:
        """Come to the run's end, after all of its readings."""
        for late in self._late:
            self._count_late(late)
        self._late.clear()
        self._watch.conclude(duration_s)

    def balance(self, counted_s: float, *, has_ended: bool) -> Balance:
        """Return what all of it came to, over *counted_s*."""
        sums, scenarios = self._totals.sums, self._totals.iterations
        whole = TallySum()
        for each in sums.values():
            whole.add_sum(each)
        return Balance(
            second=self._next_second - 1,
            total=whole.figures(counted_s),
            endpoints={name: each.figures(counted_s) for name, each in sums.items()},
            errors=self._errors.rows(
                {name: each.outcomes() for name, each in sums.items()}, scenarios
            ),
            dropped=sum(counts.iterations_dropped for counts in scenarios.values()),
            outage_s=self._outage_us / 1e6,
            metrics={
                metric.name: custom.values(metric, self._totals.metrics.get(metric.name), counted_s)
                for metric in self._plan.metrics
            },
            verdicts=self._last_verdicts if has_ended else self._verdicts(),
            alerts=self._watch.states(),
        )

    def _count_late(self, late: Snapshot) -> None:
        self._totals.add(late.tallies, late.scenarios, late.metrics)

    def _verdicts(self) -> tuple[Verdict, ...]:
        """
        Return how each threshold stood.

        A rule over a window that was broken at a time of which only longer readings are left
        cannot be found broken again: that it was is known from how it stood last.
        """
        last = self._last_verdicts
        if not last:
            return self._alarm.verdicts
        return tuple(map(self._with_what_was_known, self._alarm.verdicts, last))

    def _with_what_was_known(self, now: Verdict, last: Verdict) -> Verdict:
        first = last.first_failed_second
        was_broken = first is not None and first < self._next_second
        is_lasting = last.standing is Standing.FAILED and not last.is_failing
        if now.standing is Standing.FAILED or not (was_broken and is_lasting):
            return now
        return replace(now, standing=Standing.FAILED, first_failed_second=first, crossings=1)
