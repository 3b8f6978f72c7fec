"""A whole run as one value, from which every report is made."""

from msgspec import Struct

from vumeter.model.comparison import Comparison
from vumeter.model.frame import Figures, Latency, PhaseState, StopCause
from vumeter.model.measure import Slow
from vumeter.model.metric import CustomMetric
from vumeter.model.pilot import Finding
from vumeter.model.plan import Plan
from vumeter.model.throttle import JournalEntry
from vumeter.model.verdict import AlertState, Verdict


class GeneratorSummary(Struct, frozen=True, kw_only=True):
    """The generator's testimony over the whole run."""

    seconds: int
    limited_seconds: int
    """Seconds in which the generator was the limit."""
    cpu_percent_mean: float
    cpu_percent_max: float
    """The busiest worker's, of one core."""
    tick_lag_p99_us: int
    tick_lag_max_us: int
    late_start_ratio: float
    rss_bytes_max: int
    reasons: tuple[str, ...]


class HostSummary(Struct, frozen=True, kw_only=True):
    """The host's extremes."""

    cpu_percent_mean: float
    cpu_percent_max: float
    memory_used_bytes_max: int
    memory_total_bytes: int
    swap_used_bytes_max: int
    load_1m_max: float
    network_received_bytes_per_s_max: float
    network_sent_bytes_per_s_max: float


class PostgresSummary(Struct, frozen=True, kw_only=True):
    """The database's extremes; `None` where it was never seen."""

    server_version: str
    seconds_watched: int
    seconds_up: int
    connections_used_max: int | None
    connections_max: int | None
    active_sessions_max: float | None
    blocked_sessions_max: int | None
    transactions_per_s_max: float | None
    cache_hit_ratio_min: float | None
    longest_transaction_s_max: float | None
    deadlocks: int | None
    remark: str
    """The last complaint, when the database was not up throughout."""


class Iterations(Struct, frozen=True, kw_only=True):
    """Iterations over the whole run."""

    due: int
    started: int
    done: int
    dropped: int
    interrupted: int
    script_errors: int = 0
    """Exceptions that scripts let through, in iterations and before and after them."""


class Stalls(Struct, frozen=True, kw_only=True):
    """Times in which the target answered none of the VUs of a closed run."""

    longest_us: int
    requests: int
    """Those that waited until a stall was over: all that the closed model counts of it."""
    unsent: int
    """Those that the same VUs would have sent meanwhile at their usual pace."""
    corrected: Latency
    """Of all requests, and of the unsent at what they would have waited."""


class MetricTotal(CustomMetric, frozen=True, kw_only=True):
    """A metric that a script declares, over the whole run; `frame.MetricRow` says of what."""

    values: dict[str, float]


class Summary(Struct, frozen=True, kw_only=True):
    """One run from start to end."""

    plan: Plan
    """Without its secrets."""
    started_unix_ms: int
    duration_s: float
    stop: StopCause | None
    """`None`: it goes on, and this is how it stands."""
    total: Figures
    service: Figures | None
    """The same with service time as latency, in runs that had an open model; else `None`."""
    endpoints: dict[str, Figures]
    iterations: Iterations
    vus_max: int
    generator: GeneratorSummary
    host: HostSummary | None
    postgres: PostgresSummary | None
    journal: tuple[JournalEntry, ...]
    remarks: tuple[str, ...]
    """Whatever was not measured, or not as it should be, in words."""
    verdicts: tuple[Verdict, ...] = ()
    """One for each threshold of the plan, in its order."""
    timings: dict[str, Latency] = {}
    """Phases of requests, by their metric in `stats.timings.Timing`; none: nothing answered."""
    iteration_duration: Latency | None = None
    """`None`: no iteration was done."""
    checks: dict[str, tuple[int, int]] = {}
    """By name: how many answers passed the check, and how many failed it."""
    setup: PhaseState | None = None
    """`None`: the plan has none. Its requests are in no other figure."""
    teardown: PhaseState | None = None
    metrics: tuple[MetricTotal, ...] = ()
    """One for each metric of the plan, in its order."""
    alerts: tuple[AlertState, ...] = ()
    """One for each alert of the plan, in its order, as it stood at the end."""
    outage_s: float = 0.0
    """For how long attempts failed, and nobody was answered."""
    stalls: Stalls | None = None
    """`None`: there was none, or the run had an open model, whose figures have them anyway."""
    slowest: dict[str, Slow] = {}
    """The slowest request of each name, of those names with the slowest ones."""
    findings: tuple[Finding, ...] = ()
    """What searches for the capacity have found, in their order."""
    comparison: Comparison | None = None
    """Beside its baseline, or of its two targets; `None`: there is neither."""
