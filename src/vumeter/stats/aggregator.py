"""From the workers' snapshots to one reading a second, and to the totals of the run."""

from collections.abc import Mapping

from msgspec.structs import replace

from vumeter.model.measure import Reading, ScenarioCounts, Snapshot, Tally, Vitals
from vumeter.stats import custom, histogram
from vumeter.stats.slowness import slower
from vumeter.stats.stalls import StallLog
from vumeter.stats.tally import merge
from vumeter.stats.totals import Totals, count_scenarios
from vumeter.stats.verdict import GeneratorJudge


class Aggregator:
    """
    Merges snapshots, which may come in any order, into readings, which come in order.

    A second is read when every expected worker was heard, or *grace_s* after it has ended.
    What comes later than that is in the totals and in `late_snapshots`, and in no reading:
    the totals are of every snapshot that ever came. Only its lags go to the worker's next
    reading, for they are why it came late.
    """

    def __init__(self, *, start_unix_ms: int, grace_s: float = 0.5) -> None:
        self.start_unix_ms = start_unix_ms
        """When run time 0 is, by the wall clock: not known before the first second."""
        self._grace_s = grace_s
        self._expected: frozenset[int] = frozenset()
        self._since: dict[int, int] = {}
        """From which second on a worker that came later is expected."""
        self._size = 0
        self._amended: dict[str, ScenarioCounts] = {}
        self._next_second = 0
        self._waiting: dict[int, list[Snapshot]] = {}
        self._late_since_reading = 0
        self._late_vitals: dict[int, Vitals] = {}
        self.so_far = Totals()
        """Everything that was ever counted."""
        self.stalls = StallLog()
        """What the closed model did not see of the target's."""
        self._judge = GeneratorJudge()
        self.late_snapshots = 0

    def expect(self, workers: frozenset[int], *, size: int = 0, second: int = 0) -> None:
        """
        Wait for these *workers* from now on; one that is lost or has finished is left out.

        Args:
            workers: Who is there; those that are new report from *second* on.
            size: How many there should be: where one is missing, readings say so.
            second: See above.
        """
        self._since |= dict.fromkeys(workers - self._expected, second)
        self._expected = workers
        self._size = size

    def amend(self, counts: Mapping[str, ScenarioCounts]) -> None:
        """Count what no worker is left to report, in the totals and in the next reading."""
        self.so_far.amend(counts)
        count_scenarios(self._amended, counts.items())

    def add(self, snapshot: Snapshot) -> bool:
        """
        Count *snapshot*: in the totals at once, in its second's reading if it is in time.

        Return whether it was.
        """
        self.so_far.add(snapshot.tallies, snapshot.scenarios, snapshot.metrics)
        self.stalls.add(snapshot.stalls, self.so_far.sums, vu_us=snapshot.vu_us)
        if snapshot.second >= self._next_second:
            self._waiting.setdefault(snapshot.second, []).append(snapshot)
            return True
        self.late_snapshots += 1
        self._late_since_reading += 1
        self._keep_vitals(snapshot)
        return False

    def take(self, elapsed_s: float) -> list[Reading]:
        """Return the readings that have become complete by run time *elapsed_s*, in order."""
        readings = []
        while self._is_complete(self._next_second, elapsed_s):
            readings.append(self._reading(self._next_second))
            self._next_second += 1
        return readings

    def _is_complete(self, second: int, elapsed_s: float) -> bool:
        if elapsed_s >= second + 1 + self._grace_s:
            return True
        if expected := self._expected_in(second):
            return expected <= {each.worker for each in self._waiting.get(second, ())}
        if self._expected:
            return False
        # Nobody is left who could still report: what there is, is all there will be.
        return any(waiting >= second for waiting in self._waiting)

    def _expected_in(self, second: int) -> frozenset[int]:
        return frozenset(each for each in self._expected if self._since[each] <= second)

    def _keep_vitals(self, late: Snapshot) -> None:
        """Keep what a worker says of a time in which it was too late: that it stood still."""
        self._late_vitals[late.worker] = self._with_late_vitals(late)

    def _with_late_vitals(self, snapshot: Snapshot) -> Vitals:
        """Return the snapshot's vitals, with the lags of the worker's late ones before it."""
        vitals, late = snapshot.vitals, self._late_vitals.pop(snapshot.worker, None)
        if late is None:
            return vitals
        return replace(
            vitals,
            tick_lag=histogram.merge((late.tick_lag, vitals.tick_lag)),
            start_lag=histogram.merge((late.start_lag, vitals.start_lag)),
            late_starts=late.late_starts + vitals.late_starts,
        )

    def _reading(self, second: int) -> Reading:
        snapshots = self._waiting.pop(second, [])
        heard = frozenset(each.worker for each in snapshots)
        tallies: dict[str, list[Tally]] = {}
        scenarios, self._amended = self._amended, {}
        expected = self._expected_in(second)
        vitals: dict[int, Vitals] = {}
        for snapshot in snapshots:
            for name, tally in snapshot.tallies.items():
                tallies.setdefault(name, []).append(tally)
            count_scenarios(scenarios, snapshot.scenarios.items())
            vitals[snapshot.worker] = self._with_late_vitals(snapshot)
        late, self._late_since_reading = self._late_since_reading, 0
        return Reading(
            second=second,
            # From the start, not from the wall clock of today, which may have been set since.
            at_unix_ms=self.start_unix_ms + second * 1000,
            tallies={name: merge(parts) for name, parts in tallies.items()},
            scenarios=scenarios,
            generator=self._judge.judge(vitals, missing=expected - heard),
            workers_heard=len(heard),
            workers_expected=max(self._size, len(expected | heard)),
            late_snapshots=late,
            outage_us=sum(each.outage_us for each in snapshots) // max(1, len(heard)),
            metrics=custom.merge_by_name(each.metrics for each in snapshots),
            slowest=slower(each.slowest for each in snapshots),
        )
