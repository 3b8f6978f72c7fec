"""What a run looks like so far: snapshots and probes go in, points and figures come out."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from vumeter.courtesy import give_way
from vumeter.model.frame import Point
from vumeter.model.measure import Added, Reading, ScenarioCounts, Snapshot, Tally
from vumeter.model.plan import Plan
from vumeter.model.probes import HostReading, PostgresReading
from vumeter.model.watched import Watched
from vumeter.run.keeping import Keeper
from vumeter.run.throttles import Throttles
from vumeter.run.views import View, Views
from vumeter.stats.aggregator import Aggregator
from vumeter.stats.series import series_of
from vumeter.stats.serieslog import SeriesLog
from vumeter.stats.stalls import StallLog
from vumeter.stats.summary import SummaryBuilder

SHORTEST_SECOND_S = 0.5
"""A last second that is shorter is not shown."""

_PROBES_KEPT_S = 60


class _Probed(NamedTuple):
    """What the probes saw at the end of a second, by the names of a reading."""

    host: HostReading | None = None
    postgres: PostgresReading | None = None
    watched: tuple[Watched, ...] = ()
    postgres_more: Mapping[str, PostgresReading] = MappingProxyType({})


class Picture:
    """Collects one run's seconds, in constant memory but for a packed point each minute."""

    def __init__(
        self, plan: Plan, *, start_unix_ms: int, throttles: Throttles, keeper: Keeper
    ) -> None:
        self._aggregator = Aggregator(start_unix_ms=start_unix_ms)
        self._aggregator.expect(frozenset(range(plan.workers)))
        self._views = Views(throttles, plan.metrics)
        self._keeper = keeper
        self._probed: dict[int, _Probed] = {}
        self.summary = SummaryBuilder()
        self.series = SeriesLog()
        """Every number worth a line, of the last hour."""
        self.host: HostReading | None = None
        """The newest look at the host."""
        self.view = self._new_view(0.0)

    def begin(self, start_unix_ms: int) -> None:
        """Let run time 0 be at *start_unix_ms*; no snapshot has come yet."""
        self._aggregator.start_unix_ms = start_unix_ms

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
        self,
        second: int,
        host: HostReading | None,
        postgres: PostgresReading | None,
        watched: tuple[Watched, ...] = (),
        postgres_more: Mapping[str, PostgresReading] = MappingProxyType({}),
    ) -> None:
        """Keep what the probes saw at the end of *second* until its reading is complete."""
        self.host = host
        self._probed[second] = _Probed(host, postgres, watched, dict(postgres_more))
        self._probed.pop(second - _PROBES_KEPT_S, None)

    def develop(self, elapsed_s: float) -> list[Reading]:
        """Take in every second that is complete by now, and return those that are shown."""
        bare = self._aggregator.take(elapsed_s)
        if bare:
            give_way()
        shown = [reading for each in bare if (reading := self._take(each, elapsed_s)) is not None]
        if bare:
            give_way()
            self._keeper.stalls(self._aggregator.stalls)
            give_way()
            # What is counted ends with the newest second, so the time rates are over does, too.
            self.view = self._new_view(min(elapsed_s, self._views.next_second))
        return shown

    def finish(self, ended_s: float) -> list[Reading]:
        """Take in what is left when every worker has ended, and count to the end exactly."""
        shown = self.develop(ended_s)
        self.view = self._new_view(ended_s)
        return shown

    def points(
        self, from_second: int, to_second: int | None = None, *, span_s: int = 1
    ) -> tuple[Point, ...]:
        """Return the points that begin from *from_second* on and before *to_second*."""
        return self._views.digest.points(from_second, to_second, span_s=span_s)

    @property
    def overview(self) -> tuple[Point, ...]:
        """The whole run, each time of it once, the coarser the older it is."""
        return self._views.digest.overview

    @property
    def totals(self) -> dict[str, Tally]:
        """Everything that was counted, by request name."""
        return self._aggregator.so_far.tallies

    @property
    def scenario_totals(self) -> dict[str, ScenarioCounts]:
        """Iterations since the start, by scenario."""
        return self._aggregator.so_far.scenarios

    @property
    def stalls(self) -> StallLog:
        """What the closed model did not see of the target's stalls."""
        return self._aggregator.stalls

    @property
    def metric_totals(self) -> dict[str, Added]:
        """Everything that scripts added, by metric."""
        return self._aggregator.so_far.metrics

    def _take(self, bare: Reading, elapsed_s: float) -> Reading | None:
        """
        Take in one second, and return it with what the probes saw, if it is shown.

        The last second of a run is cut short by its end. A short stump of one is in every
        total, but in no window and on no chart: it would look like a collapse.
        """
        probed = self._probed.pop(bare.second, _Probed())
        reading = replace(bare, **probed._asdict())
        self.summary.add(reading)
        give_way()
        if reading.second > 0 and elapsed_s - reading.second < SHORTEST_SECOND_S:
            self._keeper.second(reading, None)
            return None
        point = self._views.add(reading)
        give_way()
        self.series.add(reading.second, series_of(reading, point))
        give_way()
        self._keeper.second(reading, point)
        return reading

    def _new_view(self, counted_s: float) -> View:
        return self._views.view(self._aggregator.so_far, counted_s=counted_s)
