"""Iterations of one scenario in one second, as they are counted where they happen."""

from vumeter.engine.recorder import Record
from vumeter.model.measure import Histogram, ScenarioCounts
from vumeter.stats.histogram import merge

LATE_US = 1000


class Counts:
    """What became of iterations, and how late they were begun, since the last `take`."""

    __slots__ = (
        "done",
        "dropped",
        "due",
        "durations",
        "interrupted",
        "lag",
        "laps",
        "late",
        "raised",
        "started",
    )

    def __init__(self) -> None:
        self.laps = 0
        """Iterations that ended and were followed at once by the next: done and started in one."""
        self.started = 0
        self.done = 0
        self.interrupted = 0
        self.raised = 0
        """Exceptions of a script."""
        self.due = 0
        self.dropped = 0
        """Due when every allowed VU was busy; never retried."""
        self.durations = Record()
        """Of iterations that are more than one answer, see `VirtualUser._entered_ns`."""
        self.lag = Record()
        self.late = 0
        """Begun more than `LATE_US` after they were due."""

    def begin_late_by(self, lag_us: int) -> None:
        """Count how long after its due time an iteration was begun."""
        self.lag.add(lag_us)
        self.late += lag_us > LATE_US

    def take(
        self, durations: Histogram | None = None, *, vus_active: int, vus_busy: int
    ) -> ScenarioCounts:
        """Return the iterations, with *durations* of those not timed here, and begin anew."""
        timed = self.durations.take()
        counts = ScenarioCounts(
            vus_active=vus_active,
            vus_busy=vus_busy,
            iterations_due=self.due,
            iterations_started=self.started + self.laps,
            iterations_done=self.done + self.laps,
            iterations_dropped=self.dropped,
            iterations_interrupted=self.interrupted,
            script_errors=self.raised,
            iteration_duration=timed if durations is None else merge((durations, timed)),
        )
        self.raised = 0
        self.laps = self.started = self.done = self.interrupted = self.due = self.dropped = 0
        return counts

    def take_lag(self) -> tuple[Histogram, int]:
        """Return how late iterations were begun and how many over the limit, and begin anew."""
        late, self.late = self.late, 0
        return self.lag.take(), late
