"""All figures of a run as of one second, made of its readings: live ones and stored ones alike."""

from dataclasses import dataclass

from msgspec.structs import replace

from vumeter.model.balance import Balance
from vumeter.model.frame import Endpoint, ErrorCount, Figures, MetricRow, Point
from vumeter.model.measure import Reading, ScenarioCounts
from vumeter.model.metric import CustomMetric
from vumeter.model.throttle import Lever
from vumeter.run.throttles import Throttles
from vumeter.stats.custom import CustomWindow
from vumeter.stats.digest import Digest
from vumeter.stats.tally import TallySum
from vumeter.stats.totals import Totals

FRAME_POINTS = 5
"""How many of the newest seconds each frame carries."""


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
        return -1 if self.reading is None else self.reading.second + self.reading.span_s - 1

    @property
    def counts(self) -> dict[str, ScenarioCounts]:
        """
        What the VUs did in the newest second, by scenario.

        Of a reading of several seconds, iterations started are those of a mean one.
        """
        if self.reading is None:
            return {}
        span_s = self.reading.span_s
        if span_s == 1:
            return self.reading.scenarios
        return {
            name: replace(counts, iterations_started=round(counts.iterations_started / span_s))
            for name, counts in self.reading.scenarios.items()
        }

    @property
    def in_flight(self) -> int:
        """How many VUs were within an iteration at the end of the newest second."""
        return sum(counts.vus_busy for counts in self.counts.values())


class Views:
    """
    Takes a run's readings in their order, and makes a view of them whenever one is wanted.

    Args:
        throttles: Know what was wanted at any time.
        metrics: Those that the plan's scripts declare.
    """

    def __init__(self, throttles: Throttles, metrics: tuple[CustomMetric, ...] = ()) -> None:
        self.digest = Digest()
        """What there is to see of the readings so far."""
        self._custom = CustomWindow(metrics)
        self._throttles = throttles
        self._reading: Reading | None = None

    def add(self, reading: Reading) -> Point:
        """Take *reading*, newer than all before it, into account; return its chart point."""
        end_s = float(reading.second + reading.span_s)
        self._custom.add(reading.second, reading.metrics, span_s=reading.span_s)
        self._reading = reading
        return self.digest.add(
            reading,
            vus_target=self._throttles.target(Lever.VUS, end_s) or 0.0,
            rate_target_per_s=self._throttles.target(Lever.RATE, end_s),
        )

    def view(self, totals: Totals, *, counted_s: float) -> View:
        """Return all figures; *totals* are over *counted_s*."""
        total = TallySum()
        for each in totals.sums.values():
            total.add_sum(each)
        sums = totals.sums.items()
        scenarios = totals.iterations
        return View(
            reading=self._reading,
            window=self.digest.window,
            total=total.figures(counted_s),
            endpoints=self.digest.endpoints({name: it.figures(counted_s) for name, it in sums}),
            errors=self.digest.errors({name: it.outcomes() for name, it in sums}, scenarios),
            points=self.digest.points(max(0, self.next_second - FRAME_POINTS)),
            dropped=sum(counts.iterations_dropped for counts in scenarios.values()),
            metrics=self._custom.rows(totals.metrics, counted_s),
        )

    def view_with(self, balance: Balance) -> View:
        """Return all figures, those since the start as *balance* has them."""
        return View(
            reading=self._reading,
            window=self.digest.window,
            total=balance.total,
            endpoints=self.digest.endpoints(balance.endpoints),
            errors=balance.errors,
            points=self.digest.points(max(0, self.next_second - FRAME_POINTS)),
            dropped=balance.dropped,
            metrics=self._custom.rows_with(balance.metrics),
        )

    @property
    def next_second(self) -> int:
        """The second after the newest one that was taken."""
        return 0 if self._reading is None else self._reading.second + self._reading.span_s
