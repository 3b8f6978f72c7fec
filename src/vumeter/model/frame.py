"""
What a viewer is sent each second: complete in itself, so that any frame may be skipped.

The cockpit, the headless progress lines and the control API all show frames, so they
cannot disagree.
"""

from enum import StrEnum

from msgspec import Struct

from vumeter.model.comparison import Comparison
from vumeter.model.measure import ErrorKind, GeneratorReading, Slow
from vumeter.model.metric import CustomMetric
from vumeter.model.pilot import PilotState
from vumeter.model.probes import HostReading, PostgresReading
from vumeter.model.throttle import ThrottleState
from vumeter.model.verdict import AlertState, Verdict
from vumeter.model.watched import Watched

WINDOW_S = 10
"""What "current" means in a frame: the last ten seconds."""


FRAME_EVERY_S = 1.0
"""A live run shows one at least so often."""

SPANS_S = (1, 10, 60)
"""The resolutions at which a run's points can be had: seconds, tens of them, minutes."""


class RunState(StrEnum):
    """Where a run is in its life."""

    STARTING = "starting"
    SETTING_UP = "setting up"
    """Before run time 0: setup is at work."""
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    TEARING_DOWN = "tearing down"
    """Run time stands still: the load has ended, and teardown is at work."""
    ENDED = "ended"


class StopCause(StrEnum):
    """Why a run ended."""

    SCHEDULE = "schedule"
    STOPPED = "stopped"
    ABORTED = "aborted"
    SIGNAL = "signal"
    DEAD_MAN = "dead-man"
    VIEWER_LOST = "viewer-lost"
    """The last viewer that could steer was lost, and that was to be the end."""
    WORKERS_LOST = "workers-lost"
    THRESHOLD = "threshold"
    """A threshold failed that ends the run."""
    SETUP = "setup"
    """Setup failed, and so there was no load."""
    KILLED = "killed"
    """The run process ended without a word: only its store can tell of it."""


class Latency(Struct, frozen=True, kw_only=True):
    """Percentiles of response time over some span, in µs, each to three digits."""

    min_us: int
    mean_us: int
    p50_us: int
    p90_us: int
    p95_us: int
    p99_us: int
    p99_9_us: int
    max_us: int


class Counts(Struct, frozen=True, kw_only=True):
    """What was counted over some span: of all requests, or of those of one name."""

    requests: int
    requests_per_s: float
    errors: int
    errors_by_kind: dict[ErrorKind, int]
    statuses: dict[int, int]
    sent_bytes: int
    received_bytes: int

    @property
    def error_ratio(self) -> float:
        """Errors of requests, 0 when there was none."""
        return self.errors / self.requests if self.requests else 0.0


class Figures(Counts, frozen=True, kw_only=True):
    """What happened over some span: the counts, and how long answers took."""

    latency: Latency | None
    """`None`: nothing was answered."""


class Point(Struct, frozen=True, kw_only=True):
    """
    One second for a chart, or *span_s* of them from *second* on as one.

    Of several seconds, counts are sums, latencies are exact percentiles of all the times in
    them, VUs and targets are the greatest, and the generator was the limit when it was in any
    of them. Latencies are `None` where nothing was answered: a gap.
    """

    second: int
    at_unix_ms: int
    requests: int
    errors: int
    p50_us: int | None
    p95_us: int | None
    p99_us: int | None
    max_us: int | None
    vus: int
    vus_target: float
    rate_target_per_s: float | None
    dropped: int
    generator_limited: bool
    span_s: int = 1


class Endpoint(Struct, frozen=True, kw_only=True):
    """One row of the endpoint table."""

    name: str
    window: Figures
    total: Figures
    previous_p95_us: int | None
    """p95 of the window before this one, for the change; `None`: there was none."""
    slowest: tuple[Slow, ...] = ()
    """Of the window, one of each second at most, the slowest first."""


class ErrorCount(Struct, frozen=True, kw_only=True):
    """One row of the error panel: a kind (with its status, if it is one) at one endpoint."""

    kind: ErrorKind
    status: int | None
    endpoint: str
    window: int
    """In the last 60 s."""
    total: int
    first_second: int
    last_second: int


class MetricRow(CustomMetric, frozen=True, kw_only=True):
    """
    A metric that a script declares, and what it came to.

    By aggregate, in k6's words: of a counter `count` and `rate`; of a rate `rate`, `passes`
    and `fails`; of a trend `count`, `avg`, `min`, `med`, `max`, `p(90)`, `p(95)` and `p(99)`;
    of a gauge `value`, `avg`, `min` and `max`. But for counters, which then are 0, there is
    nothing where nothing was added.
    """

    window: dict[str, float]
    total: dict[str, float]


class EventLevel(StrEnum):
    """How much an event asks for attention."""

    INFO = "info"
    SCRIPT = "script"
    """What a script has printed or logged."""
    ACTION = "action"
    MARK = "mark"
    WARNING = "warning"
    ERROR = "error"


class Event(Struct, frozen=True, kw_only=True):
    """One line of the event log. *label*, when there is one, stands on the charts."""

    serial: int
    second: float
    at_unix_ms: int
    level: EventLevel
    author: str
    text: str
    label: str = ""


class Phase(StrEnum):
    """What is done once per run."""

    SETUP = "setup"
    TEARDOWN = "teardown"


class PhaseStanding(StrEnum):
    """How far a phase is, or how it came out."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed-out"
    CUT_OFF = "cut-off"
    """By whoever ended the run."""
    SKIPPED = "skipped"
    """It was never begun."""


class PhaseState(Struct, frozen=True, kw_only=True):
    """Setup or teardown. What it sends is counted here, and in none of the load's figures."""

    standing: PhaseStanding
    elapsed_s: float
    """Since it began; in the end, what it took."""
    timeout_s: float
    total: Figures
    endpoints: dict[str, Figures] = {}
    checks: dict[str, tuple[int, int]] = {}
    """By name: how many answers passed the check, and how many failed it."""
    problem: str = ""
    """Why it failed or was skipped, with file and line where they are known."""


class Undoable(Struct, frozen=True, kw_only=True):
    """What `u` would undo, or `U` redo: in words, and when it was done."""

    text: str
    second: float


class Frame(Struct, frozen=True, kw_only=True):
    """All that a screen shows of the second that has just ended."""

    run: str
    target: str
    state: RunState
    stop_cause: StopCause | None
    second: int
    """The newest second that is in the numbers; −1 before the first."""
    at_unix_ms: int
    started_unix_ms: int
    elapsed_s: float
    duration_s: float | None
    throttles: tuple[ThrottleState, ...]
    window: Figures
    """The last ten seconds."""
    total: Figures
    in_flight: int
    dropped: int
    """Iterations, since the start."""
    points: tuple[Point, ...]
    """The newest few seconds, one by one, oldest first; older ones by `GET /points`."""
    endpoints: tuple[Endpoint, ...]
    """Most requests in the window first."""
    errors: tuple[ErrorCount, ...]
    """Most in the window first."""
    generator: GeneratorReading | None
    host: HostReading | None
    postgres: PostgresReading | None
    events: tuple[Event, ...]
    """The newest, oldest first."""
    undo: Undoable | None
    redo: Undoable | None
    workers_heard: int
    workers_expected: int
    viewers: int
    control: str
    """Who holds the control; empty when nobody does."""
    verdicts: tuple[Verdict, ...] = ()
    """One for each threshold of the plan, in its order."""
    setup: PhaseState | None = None
    """`None`: there is none, or it has not begun."""
    teardown: PhaseState | None = None
    outage_s: float = 0.0
    """Since the start: for how long attempts failed, and nobody was answered."""
    driven: str = ""
    """What a replay would drive again, in words: "3 changes of VU, 1 pause"."""
    metrics: tuple[MetricRow, ...] = ()
    """One for each metric of the plan, in its order."""
    alerts: tuple[AlertState, ...] = ()
    """One for each alert of the plan, in its order."""
    postgres_more: dict[str, PostgresReading] = {}
    """Databases that are watched beside the first, by name."""
    watched: tuple[Watched, ...] = ()
    """One for each monitor of the plan, in its order; behind an agent, what it watches."""
    pilot: PilotState | None = None
    """Who drives the run by itself, or did so last; `None`: nobody ever did."""
    comparison: Comparison | None = None
    """Beside its baseline, or of its two targets; `None`: neither, or nothing was seen yet."""
