"""From the workers' snapshots to one reading a second, and to the totals of the run."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from vumeter.model.measure import Added, Reading, ScenarioCounts, Snapshot, Tally, Vitals
from vumeter.stats import custom, histogram
from vumeter.stats.stalls import StallLog
from vumeter.stats.tally import TallySum, merge
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
        self._start_unix_ms = start_unix_ms
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
        self._totals: dict[str, TallySum] = {}
        self._scenario_totals: dict[str, ScenarioCounts] = {}
        self.metric_totals: dict[str, Added] = {}
        """Everything that scripts ever added, by metric."""
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
        _count_scenarios(self._scenario_totals, counts.items())
        _count_scenarios(self._amended, counts.items())

    def add(self, snapshot: Snapshot) -> bool:
        """
        Count *snapshot*: in the totals at once, in its second's reading if it is in time.

        Return whether it was.
        """
        for name, tally in snapshot.tallies.items():
            self._totals.setdefault(name, TallySum()).add(tally)
        _count_scenarios(self._scenario_totals, snapshot.scenarios.items())
        self.stalls.add(snapshot.stalls, self._totals, vu_us=snapshot.vu_us)
        if snapshot.metrics:
            self.metric_totals = custom.merge_by_name((self.metric_totals, snapshot.metrics))
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

    @property
    def sums(self) -> Mapping[str, TallySum]:
        """The same as `totals`, to read figures off: what changes with the next snapshot."""
        return self._totals

    @property
    def totals(self) -> dict[str, Tally]:
        """Everything that was ever counted, by request name."""
        return {name: total.tally() for name, total in self._totals.items()}

    @property
    def scenario_totals(self) -> dict[str, ScenarioCounts]:
        """Iterations since the start, by scenario. VUs are a state, no count: 0 here."""
        return {
            name: ScenarioCounts(
                iterations_due=counts.iterations_due,
                iterations_started=counts.iterations_started,
                iterations_done=counts.iterations_done,
                iterations_dropped=counts.iterations_dropped,
                iterations_interrupted=counts.iterations_interrupted,
                script_errors=counts.script_errors,
                iteration_duration=counts.iteration_duration,
            )
            for name, counts in self._scenario_totals.items()
        }

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
            _count_scenarios(scenarios, snapshot.scenarios.items())
            vitals[snapshot.worker] = self._with_late_vitals(snapshot)
        late, self._late_since_reading = self._late_since_reading, 0
        return Reading(
            second=second,
            # From the start, not from the wall clock of today, which may have been set since.
            at_unix_ms=self._start_unix_ms + second * 1000,
            tallies={name: merge(parts) for name, parts in tallies.items()},
            scenarios=scenarios,
            generator=self._judge.judge(vitals, missing=expected - heard),
            workers_heard=len(heard),
            workers_expected=max(self._size, len(expected | heard)),
            late_snapshots=late,
            outage_us=sum(each.outage_us for each in snapshots) // max(1, len(heard)),
            metrics=custom.merge_by_name(each.metrics for each in snapshots),
        )


def _count_scenarios(
    counts: dict[str, ScenarioCounts], more: Iterable[tuple[str, ScenarioCounts]]
) -> None:
    for name, added in more:
        counts[name] = sum_of(counts.get(name, ScenarioCounts()), added)


def sum_of(first: ScenarioCounts, second: ScenarioCounts) -> ScenarioCounts:
    """Return the two added up, field by field."""
    return ScenarioCounts(
        **{
            field: getattr(first, field) + getattr(second, field)
            for field in ScenarioCounts.__struct_fields__
            if field != "iteration_duration"
        },
        iteration_duration=histogram.merge((first.iteration_duration, second.iteration_duration)),
    )
