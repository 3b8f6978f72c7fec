"""
The shape of `report.json`: what `docs/report.md` describes field by field.

`null` means "not measured", and is never written as 0. Times are in ms, as everywhere in
exports; what ends in `_s` is in seconds, `_unix_ms` in ms since 1970, UTC.
"""

from typing import Literal

from msgspec import Struct

from vumeter.model.alert import AlertLevel
from vumeter.model.comparison import Comparison
from vumeter.model.frame import PhaseStanding, StopCause
from vumeter.model.metric import Kind, Unit
from vumeter.model.pilot import Finding
from vumeter.model.plan import Executor
from vumeter.model.throttle import CommandKind, Lever
from vumeter.model.verdict import Standing
from vumeter.stats.milliseconds import LatencyMs
from vumeter.stats.verdict import Verdict

SCHEMA_VERSION = 1
"""Raised when a field goes or changes its meaning; a new field does not raise it."""


class RequestTotals(Struct, frozen=True, kw_only=True):
    """Counts of requests."""

    requests: int
    errors: int
    error_ratio: float | None
    sent_bytes: int
    received_bytes: int


class RunTotals(RequestTotals, frozen=True, kw_only=True):
    """Counts of requests, and of the iterations that they were sent in."""

    dropped: int
    iterations: int
    iterations_due: int | None
    iterations_started: int
    iterations_interrupted: int
    script_errors: int


class SlowReport(Struct, frozen=True, kw_only=True):
    """The slowest request of a name, as an example."""

    took_ms: float
    at_s: float
    status: int | None
    error: str | None
    received_bytes: int
    vu: int
    iteration: int
    blocked_ms: float
    connecting_ms: float
    handshaking_ms: float
    sending_ms: float
    waiting_ms: float
    receiving_ms: float
    trace_id: str | None
    request_id: str | None


class EndpointReport(Struct, frozen=True, kw_only=True):
    """One name's part of the run, with the keys of the whole, and its slowest request."""

    name: str
    totals: RequestTotals
    rps: float | None
    latency_ms: LatencyMs | None
    errors: dict[str, int]
    statuses: dict[str, int]
    slowest: SlowReport | None = None


class RequestReport(Struct, frozen=True, kw_only=True):
    """A request of a scenario, as far as it may be shown."""

    name: str
    method: str
    url: str
    weight: float | None


class ScenarioReport(Struct, frozen=True, kw_only=True):
    """What a scenario started with; the journal has what the operator made of it."""

    name: str
    executor: Executor
    vus: int
    rate_per_s: float | None
    iterations: int | None
    duration_s: float | None
    requests: tuple[RequestReport, ...]


class RunReport(Struct, frozen=True, kw_only=True):
    """What ran, against what, and when."""

    name: str
    target: str
    model: Literal["closed", "open"]
    started: str
    started_unix_ms: int
    stop: StopCause | None
    workers: int
    vus_max: int
    scenarios: tuple[ScenarioReport, ...]


class StallsReport(Struct, frozen=True, kw_only=True):
    """Times in which the target answered nobody, and what the closed model left out of them."""

    longest_ms: float
    requests: int
    unsent: int


class CpuPercent(Struct, frozen=True, kw_only=True):
    """Mean and maximum of a CPU's load."""

    mean: float
    max: float


class LagMs(Struct, frozen=True, kw_only=True):
    """How late the generator's own clock ticked."""

    p99: float
    max: float


class GeneratorReport(Struct, frozen=True, kw_only=True):
    """The generator's testimony about itself."""

    verdict: Verdict | None
    seconds: int
    limited_seconds: int
    cpu_percent: CpuPercent | None
    tick_lag_ms: LagMs | None
    late_start_ratio: float | None
    rss_bytes_max: int | None
    reasons: tuple[str, ...]


class HostReport(Struct, frozen=True, kw_only=True):
    """The extremes of the host that vumeter ran on."""

    cpu_percent: CpuPercent
    memory_used_bytes_max: int
    memory_total_bytes: int
    swap_used_bytes_max: int
    load_1m_max: float
    network_received_bytes_per_s_max: float
    network_sent_bytes_per_s_max: float


class PostgresReport(Struct, frozen=True, kw_only=True):
    """The extremes of the database that was watched."""

    server_version: str | None
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
    remark: str | None


class JournalReport(Struct, frozen=True, kw_only=True):
    """One movement of a hand on the throttle."""

    id: int
    at_s: float
    at_unix_ms: int
    author: str
    kind: CommandKind
    scenario: str | None
    lever: Lever | None
    value: float | None
    ramp_s: float
    note: str
    accepted: bool
    effect: str
    acknowledged_s: float | None


class ThresholdReport(Struct, frozen=True, kw_only=True):
    """One threshold and what became of it."""

    metric: str
    expression: str
    abort_on_fail: bool
    verdict: Standing
    observed: float | None
    limit: float
    unit: Unit
    first_failed_s: int | None
    crossings: int


class AlertReport(Struct, frozen=True, kw_only=True):
    """One alert and what became of it."""

    name: str
    level: AlertLevel
    metric: str
    expression: str
    firings: int
    firing_s: float
    first_fired_s: float | None
    fires_at_end: bool
    worst: float | None
    limit: float
    unit: Unit


class PriceReport(Struct, frozen=True, kw_only=True):
    """What one type of instance costs, as the profile has it."""

    name: str
    currency: str
    on_demand_per_h: float
    reserved_per_h: float | None
    spot_per_h: float | None
    capacity_ratio: float
    per_million: float | None
    break_even_ratio: float | None


class CheckReport(Struct, frozen=True, kw_only=True):
    """One check over the whole run."""

    name: str
    passed: int
    failed: int


class MetricReport(Struct, frozen=True, kw_only=True):
    """One metric that a script declared, over the whole run."""

    name: str
    kind: Kind
    unit: Unit
    values: dict[str, float]


class PhaseReport(Struct, frozen=True, kw_only=True):
    """Setup or teardown: what it sent is in no other figure of the report."""

    outcome: PhaseStanding
    problem: str | None
    duration_s: float
    timeout_s: float
    totals: RequestTotals
    errors: dict[str, int]
    statuses: dict[str, int]
    checks: tuple[CheckReport, ...]
    endpoints: tuple[EndpointReport, ...]


class Report(Struct, frozen=True, kw_only=True):
    """The whole file."""

    schema_version: int
    vumeter_version: str
    run: RunReport
    thresholds: tuple[ThresholdReport, ...]
    alerts: tuple[AlertReport, ...]
    checks: tuple[CheckReport, ...]
    metrics: tuple[MetricReport, ...]
    totals: RunTotals
    duration_s: float
    outage_s: float
    rps: float | None
    latency_ms: LatencyMs | None
    service_ms: LatencyMs | None
    corrected_ms: LatencyMs | None
    stalls: StallsReport | None
    timings_ms: dict[str, LatencyMs]
    iteration_ms: LatencyMs | None
    errors: dict[str, int]
    statuses: dict[str, int]
    endpoints: tuple[EndpointReport, ...]
    setup: PhaseReport | None
    teardown: PhaseReport | None
    generator: GeneratorReport
    host: HostReport | None
    postgres: PostgresReport | None
    capacity: tuple[Finding, ...]
    journal: tuple[JournalReport, ...]
    remarks: tuple[str, ...]
    prices: tuple[PriceReport, ...] = ()
    comparison: Comparison | None = None
