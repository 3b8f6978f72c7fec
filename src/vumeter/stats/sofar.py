"""A run as far as its readings went: what has to be kept to sum it up when it cannot itself."""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from vumeter.model.frame import PhaseState, StopCause
from vumeter.model.measure import Added, Reading, Snapshot
from vumeter.model.pilot import Finding
from vumeter.model.plan import Plan
from vumeter.model.summary import Summary
from vumeter.model.throttle import JournalEntry
from vumeter.model.verdict import AlertState, Verdict
from vumeter.stats import custom
from vumeter.stats.stalls import StallLog
from vumeter.stats.summary import SummaryBuilder
from vumeter.stats.tally import TallySum
from vumeter.stats.totals import ScenarioSums


class Totals(Struct, frozen=True, kw_only=True):
    """Everything that was counted up to some second, as a value."""

    whole: Reading
    """All of its seconds as one: tallies, scenarios and metrics; the rest is the newest's."""
    builder: SummaryBuilder
    late_snapshots: int
    """How many of them are in it."""


class RunSoFar:
    """
    Adds up seconds, and late snapshots, without the aggregator's help.

    It may begin where another one of the same run was put away.
    """

    def __init__(self, totals: Totals | None = None) -> None:
        self.builder = SummaryBuilder() if totals is None else totals.builder
        self.late_snapshots = 0 if totals is None else totals.late_snapshots
        self._newest: Reading | None = None
        self._tallies: dict[str, TallySum] = {}
        self._scenarios = ScenarioSums()
        self._metrics: dict[str, Added] = {}
        if totals is not None:
            self._newest = totals.whole
            self._count(totals.whole)

    @property
    def newest_second(self) -> int:
        """The last second that is counted; −1: none is."""
        return -1 if self._newest is None else self._newest.second

    def add(self, reading: Reading) -> None:
        """Count one second, later than all before it."""
        self.builder.add(reading)
        self._newest = reading
        self._count(reading)

    def add_late(self, snapshot: Snapshot) -> None:
        """Count what came too late for its second's reading."""
        self.late_snapshots += 1
        self._count(snapshot)

    def totals(self) -> Totals | None:
        """Return all that was counted, to be put away before the next second is added."""
        if self._newest is None:
            return None
        whole = replace(
            self._newest,
            tallies={name: total.tally() for name, total in self._tallies.items()},
            scenarios=self._scenarios.counts(),
            metrics=self._metrics.copy(),
        )
        return Totals(whole=whole, builder=self.builder, late_snapshots=self.late_snapshots)

    def summary(
        self,
        *,
        plan: Plan,
        stop: StopCause | None,
        journal: Iterable[JournalEntry],
        remarks: Iterable[str],
        verdicts: Iterable[Verdict],
        alerts: Iterable[AlertState],
        setup: PhaseState | None,
        teardown: PhaseState | None,
        stalls: StallLog,
        findings: Iterable[Finding] = (),
    ) -> Summary:
        """Sum the run up to the newest second, as it would have done itself. Use once."""
        newest = self._newest
        return self.builder.build(
            plan=plan,
            started_unix_ms=0 if newest is None else newest.at_unix_ms - newest.second * 1000,
            duration_s=float(self.newest_second + 1),
            stop=stop,
            totals={name: total.tally() for name, total in self._tallies.items()},
            scenario_totals=self._scenarios.counts(),
            journal=journal,
            remarks=remarks,
            verdicts=verdicts,
            metric_totals=self._metrics,
            alerts=alerts,
            setup=setup,
            teardown=teardown,
            stalls=stalls,
            findings=findings,
        )

    def _count(self, part: Reading | Snapshot) -> None:
        for name, tally in part.tallies.items():
            self._tallies.setdefault(name, TallySum()).add(tally)
        self._scenarios.add(part.scenarios)
        if part.metrics:
            self._metrics = custom.merge_by_name((self._metrics, part.metrics))
