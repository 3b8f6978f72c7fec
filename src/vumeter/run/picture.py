"""What a run looks like so far: snapshots and probes go in, points and figures come out."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from vumeter.model.frame import Endpoint, ErrorCount, Figures, MetricRow, Point
from vumeter.model.measure import Added, Reading, ScenarioCounts, Snapshot, Tally
from vumeter.model.metric import CustomMetric
from vumeter.model.probes import HostReading, PostgresReading
from vumeter.model.throttle import Lever
from vumeter.run.keeping import Keeper
from vumeter.run.throttles import Throttles
from vumeter.stats.aggregator import Aggregator
from vumeter.stats.custom import CustomWindow
from vumeter.stats.digest import Digest
from vumeter.stats.stalls import StallLog
from vumeter.stats.summary import SummaryBuilder
from vumeter.stats.tally import TallySum

FRAME_POINTS = 5
"""How many of the newest seconds each frame carries."""

SHORTEST_SECOND_S = 0.5
"""A last second that is shorter is not shown."""

_PROBES_KEPT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """
    All figures as of the newest second.

    Made once a second: with twenty endpoints that takes some 10 ms, which commands and
    their acknowledgements, each worth a frame of its own, must not wait for.
    """

    reading: Reading | None
    window: Figures
    total: Figures
    endpoints: tuple[Endpoint, ...]
    errors: tuple[ErrorCount, ...]
    points: tuple[Point, ...]
    dropped: int
    metrics: tuple[MetricRow, ...]

    @property
    def second(self) -> int:
        """The newest second that is in the numbers; −1 before the first."""
        return -1 if self.reading is None else self.reading.second

    @property
    def counts(self) -> dict[str, ScenarioCounts]:
        """What the VUs did in the newest second, by scenario."""
        return {} if self.reading is None else self.reading.scenarios

    @property
    def in_flight(self) -> int:
        """How many VUs were within an iteration at the end of the newest second."""
        return sum(counts.vus_busy for counts in self.counts.values())


class Picture:
    """Collects one run's seconds, in constant memory but for a packed point each minute."""

    def __init__(
        self,
        *,
        start_unix_ms: int,
        workers: frozenset[int],
        throttles: Throttles,
        keeper: Keeper,
        metrics: tuple[CustomMetric, ...] = (),
    ) -> None:
        self._aggregator = Aggregator(start_unix_ms=start_unix_ms)
        self._aggregator.expect(workers)
        self._digest = Digest()
        self._custom = CustomWindow(metrics)
        self._throttles = throttles
        self._keeper = keeper
        self._probed: dict[int, tuple[HostReading | None, PostgresReading | None]] = {}
        self._reading: Reading | None = None
        self.summary = SummaryBuilder()
        self.host: HostReading | None = None
        """The newest look at the host."""
        self.view = self._new_view(counted_s=0.0)

    def expect(self, workers: frozenset[int], *, size: int, second: int = 0) -> None:
        """Wait for the snapshots of these of *size* workers; new ones' from *second* on."""
        self._aggregator.expect(workers, size=size, second=second)

    def amend(self, counts: Mapping[str, ScenarioCounts]) -> None:
        """Count what no worker is left to report."""
        self._aggregator.amend(counts)

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Count one worker's second."""
        if not self._aggregator.add(snapshot):
            self._keeper.late(snapshot)

    def add_probes(
        self, second: int, host: HostReading | None, postgres: PostgresReading | None
    ) -> None:
        """Keep what the probes saw at the end of *second* until its reading is complete."""
        self.host = host
        self._probed[second] = (host, postgres)
        self._probed.pop(second - _PROBES_KEPT_S, None)

    def develop(self, elapsed_s: float) -> list[Reading]:
        """Take in every second that is complete by now, and return those that are shown."""
        bare = self._aggregator.take(elapsed_s)
        shown = [reading for each in bare if (reading := self._take(each, elapsed_s)) is not None]
        if bare:
            # What is counted ends with the newest second, so the time rates are over does, too.
            self.view = self._new_view(counted_s=min(elapsed_s, self._next_second))
        return shown

    def finish(self, ended_s: float) -> list[Reading]:
        """Take in what is left when every worker has ended, and count to the end exactly."""
        shown = self.develop(ended_s)
        self.view = self._new_view(counted_s=ended_s)
        return shown

    def points(
        self, from_second: int, to_second: int | None = None, *, span_s: int = 1
    ) -> tuple[Point, ...]:
        """Return the points that begin from *from_second* on and before *to_second*."""
        return self._digest.points(from_second, to_second, span_s=span_s)

    @property
    def overview(self) -> tuple[Point, ...]:
        """The whole run, each time of it once, the coarser the older it is."""
        return self._digest.overview

    @property
    def totals(self) -> dict[str, Tally]:
        """Everything that was counted, by request name."""
        return self._aggregator.totals

    @property
    def scenario_totals(self) -> dict[str, ScenarioCounts]:
        """Iterations since the start, by scenario."""
        return self._aggregator.scenario_totals

    @property
    def stalls(self) -> StallLog:
        """What the closed model did not see of the target's stalls."""
        return self._aggregator.stalls

    @property
    def metric_totals(self) -> dict[str, Added]:
        """Everything that scripts added, by metric."""
        return self._aggregator.metric_totals

    @property
    def _next_second(self) -> int:
        return 0 if self._reading is None else self._reading.second + 1

    def _take(self, bare: Reading, elapsed_s: float) -> Reading | None:
        """
        Take in one second, and return it with what the probes saw, if it is shown.

        The last second of a run is cut short by its end. A short stump of one is in every
        total, but in no window and on no chart: it would look like a collapse.
        """
        host, postgres = self._probed.pop(bare.second, (None, None))
        reading = replace(bare, host=host, postgres=postgres)
        self.summary.add(reading)
        if reading.second > 0 and elapsed_s - reading.second < SHORTEST_SECOND_S:
            self._keeper.second(reading, None)
            return None
        self._custom.add(reading.second, reading.metrics)
        end_s = reading.second + 1.0
        point = self._digest.add(
            reading,
            vus_target=self._throttles.target(Lever.VUS, end_s) or 0.0,
            rate_target_per_s=self._throttles.target(Lever.RATE, end_s),
        )
        self._keeper.second(reading, point)
        self._reading = reading
        return reading

    def _new_view(self, *, counted_s: float) -> View:
        total = TallySum()
        for each in self._aggregator.sums.values():
            total.add_sum(each)
        sums = self._aggregator.sums.items()
        scenario_totals = self._aggregator.scenario_totals
        return View(
            reading=self._reading,
            window=self._digest.window,
            total=total.figures(counted_s),
            endpoints=self._digest.endpoints({name: it.figures(counted_s) for name, it in sums}),
            errors=self._digest.errors({name: it.outcomes() for name, it in sums}, scenario_totals),
            points=self.points(max(0, self._next_second - FRAME_POINTS)),
            dropped=sum(counts.iterations_dropped for counts in scenario_totals.values()),
            metrics=self._custom.rows(self._aggregator.metric_totals, counted_s),
        )
