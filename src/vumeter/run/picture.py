"""What a run looks like so far: snapshots and probes go in, points and figures come out."""

from msgspec.structs import replace

from vumeter.model.frame import Endpoint, ErrorCount, Figures, Point
from vumeter.model.measure import Reading, ScenarioCounts, Snapshot
from vumeter.model.probes import HostReading, PostgresReading
from vumeter.model.throttle import Lever
from vumeter.run.throttles import Throttles
from vumeter.stats.aggregator import Aggregator
from vumeter.stats.digest import Digest
from vumeter.stats.summary import SummaryBuilder
from vumeter.stats.tally import figures, merge

FRAME_POINTS = 5
"""How many of the newest seconds each frame carries."""

SHORTEST_SECOND_S = 0.5
"""A last second that is shorter is not shown."""

_PROBES_KEPT_S = 60


class Picture:
    """Collects one run's seconds, in constant memory but for the packed chart points."""

    def __init__(
        self, *, start_unix_ms: int, workers: frozenset[int], throttles: Throttles
    ) -> None:
        self._aggregator = Aggregator(start_unix_ms=start_unix_ms)
        self._aggregator.expect(workers)
        self._digest = Digest()
        self._throttles = throttles
        self._probed: dict[int, tuple[HostReading | None, PostgresReading | None]] = {}
        self.summary = SummaryBuilder()
        self.reading: Reading | None = None
        """The newest."""
        self.host: HostReading | None = None
        """The newest look at the host."""

    def expect(self, workers: frozenset[int]) -> None:
        """Wait for the snapshots of these *workers* only, from now on."""
        self._aggregator.expect(workers)

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Count one worker's second."""
        self._aggregator.add(snapshot)

    def add_probes(
        self, second: int, host: HostReading | None, postgres: PostgresReading | None
    ) -> None:
        """Keep what the probes saw at the end of *second* until its reading is complete."""
        self.host = host
        self._probed[second] = (host, postgres)
        self._probed.pop(second - _PROBES_KEPT_S, None)

    def develop(self, elapsed_s: float) -> int:
        """
        Take in every second that is complete by now, and return how many there were.

        The last second of a run is cut short by its end. A short stump of one is in every
        total, but in no window and on no chart: it would look like a collapse.
        """
        readings = self._aggregator.take(elapsed_s)
        for bare in readings:
            host, postgres = self._probed.pop(bare.second, (None, None))
            reading = replace(bare, host=host, postgres=postgres)
            self.summary.add(reading)
            if reading.second == 0 or elapsed_s - reading.second >= SHORTEST_SECOND_S:
                self._show(reading)
        return len(readings)

    def _show(self, reading: Reading) -> None:
        end_s = reading.second + 1.0
        self._digest.add(
            reading,
            vus_target=self._throttles.target(Lever.VUS, end_s) or 0.0,
            rate_target_per_s=self._throttles.target(Lever.RATE, end_s),
        )
        self.reading = reading

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

    @property
    def window(self) -> Figures:
        """All requests of the last ten seconds."""
        return self._digest.window

    def total(self, elapsed_s: float) -> Figures:
        """All requests since the start."""
        return figures(merge(self._aggregator.totals.values()), elapsed_s)

    def endpoints(self, elapsed_s: float) -> tuple[Endpoint, ...]:
        """The rows of the endpoint table."""
        return self._digest.endpoints(self._aggregator.totals, elapsed_s)

    @property
    def errors(self) -> tuple[ErrorCount, ...]:
        """The rows of the error panel."""
        return self._digest.errors(self._aggregator.totals)

    def points_from(self, second: int) -> tuple[Point, ...]:
        """Every second from *second* on, oldest first."""
        return self._digest.points_from(second)

    @property
    def newest_points(self) -> tuple[Point, ...]:
        """The points of a frame."""
        return self.points_from(max(0, self.second + 1 - FRAME_POINTS))

    @property
    def aggregator(self) -> Aggregator:
        """The totals, for the summary."""
        return self._aggregator

    @property
    def dropped(self) -> int:
        """Iterations that found no free VU, since the start."""
        totals = self._aggregator.scenario_totals.values()
        return sum(counts.iterations_dropped for counts in totals)
