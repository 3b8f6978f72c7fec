"""What the probes read: the host and the database while load runs."""

from enum import StrEnum

from msgspec import Struct


class HostReading(Struct, frozen=True, kw_only=True):
    """The host that vumeter runs on. Rates are over the time since the last reading."""

    cpu_percent: float
    core_percents: tuple[float, ...]
    iowait_percent: float | None
    steal_percent: float | None
    load_1m: float
    memory_used_bytes: int
    memory_total_bytes: int
    swap_used_bytes: int
    swap_total_bytes: int
    disk_read_bytes_per_s: float
    disk_write_bytes_per_s: float
    network_sent_bytes_per_s: float
    network_received_bytes_per_s: float
    descriptors: int
    """Open in the whole host."""
    descriptor_limit: int
    tcp_in_use: int | None
    """Sockets in use, from `/proc/net/sockstat`."""
    tcp_time_wait: int | None


class PostgresState(StrEnum):
    """How the database answers the probe."""

    CONNECTING = "connecting"
    UP = "up"
    DOWN = "down"
    REFUSED = "refused"
    """It answers, but does not let the probe in: password, pg_hba.conf, no slot left."""
    SLOW = "slow"
    """It did not answer within the probe's time limit."""


class Blocker(Struct, frozen=True, kw_only=True):
    """A backend that others wait for and that itself waits for none."""

    pid: int
    blocked: int
    """How many wait for it, directly or behind others."""
    age_s: float
    """Since its transaction began."""
    state: str
    application: str
    statement: str
    """Its first 120 characters, control characters replaced."""


class PostgresReading(Struct, frozen=True, kw_only=True):
    """
    One look at PostgreSQL. Numbers are `None` when this look could not see them.

    *remark* says in words what is wrong and what to do, when anything is.
    """

    state: PostgresState
    remark: str = ""
    age_s: float = 0.0
    """Since the last look that succeeded."""
    server_version: str = ""
    cpu_count: int | None = None
    """The cores that average active sessions are compared with: this host's, when local."""
    sessions_active: int | None = None
    sessions_idle: int | None = None
    sessions_idle_in_transaction: int | None = None
    sessions_other: int | None = None
    connections_used: int | None = None
    """Client backends, the probe's own included."""
    connections_max: int | None = None
    connections_reserved: int | None = None
    """Slots of `connections_max` that ordinary users cannot have."""
    active_by_wait: dict[str, float] | None = None
    """
    Average active sessions since the last look, by wait class (`CPU` where none waits, else
    pg_stat_activity's wait_event_type), sampled several times a second.
    """
    transactions_per_s: float | None = None
    rollbacks_per_s: float | None = None
    cache_hit_ratio: float | None = None
    """Of the blocks asked for since the last look; `None` when none was."""
    deadlocks: int | None = None
    """Since the run began."""
    blocked_sessions: int | None = None
    blockers: tuple[Blocker, ...] = ()
    longest_transaction_s: float | None = None
    longest_transaction_pid: int | None = None
    probe_ms: float | None = None
    """What the look itself took."""
