"""What the probes read: the host and the database while load runs."""

from enum import StrEnum

from msgspec import Struct

from vumeter.model.database import (
    Blocker,
    Replica,
    Session,
    SessionGroup,
    StatementFigures,
    StatementPlan,
    TableFigures,
    UnusedIndex,
    Waiter,
)


class HostReading(Struct, frozen=True, kw_only=True, omit_defaults=True):
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
    tcp_orphans: int | None = None
    """Closed by their process, and not yet by the other end."""
    tcp_buffers_bytes: int | None = None
    udp_in_use: int | None = None
    cpu_pressure_percent: float | None = None
    """
    In how much of the time somebody was ready to run and had no core; likewise memory and
    disks (pressure stall information). *Stall*: nobody at all got on.
    """
    memory_pressure_percent: float | None = None
    memory_stall_percent: float | None = None
    io_pressure_percent: float | None = None
    io_stall_percent: float | None = None
    processes_runnable: int | None = None
    """At work or waiting for a core, at the moment of the reading."""
    processes_blocked: int | None = None
    """Waiting for a disk."""
    context_switches_per_s: float | None = None
    disk_read_ms: float | None = None
    """The mean of what was read, queue included; `None`: nothing was."""
    disk_write_ms: float | None = None
    disk_busy_percent: float | None = None
    """Of the busiest disk: in how much of the time it had anything to do."""
    tcp_retransmits_per_s: float | None = None
    tcp_listen_drops_per_s: float | None = None
    """Connections that found no room in a listener's queue."""
    network_drops_per_s: float | None = None
    network_errors_per_s: float | None = None
    softnet_drops_per_s: float | None = None
    """Packets that found no room in a core's queue."""
    cgroup_cpu_percent: float | None = None
    """Of one core: what vumeter's own control group uses, where it is held to a limit."""
    cgroup_cpu_limit_cores: float | None = None
    cgroup_throttled_percent: float | None = None
    """In how many of a hundred periods the group had used up its share, and stood still."""
    cgroup_memory_bytes: int | None = None
    cgroup_memory_limit_bytes: int | None = None
    cgroup_pids: int | None = None
    cgroup_pids_limit: int | None = None


class PostgresState(StrEnum):
    """How the database answers the probe."""

    CONNECTING = "connecting"
    UP = "up"
    DOWN = "down"
    REFUSED = "refused"
    """It answers, but does not let the probe in: password, pg_hba.conf, no slot left."""
    SLOW = "slow"
    """It did not answer within the probe's time limit."""


class PostgresReading(Struct, frozen=True, kw_only=True, omit_defaults=True):
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
    active_by_event: dict[str, float] | None = None
    """The same by class and event: `Lock:transactionid`, `IO:DataFileRead`, `CPU`."""
    running: tuple[Session, ...] = ()
    """Clients' sessions that execute a statement, longest first; at most ten."""
    idle_in_transaction: tuple[Session, ...] = ()
    """Those that have a transaction open and do nothing, longest first; at most ten."""
    longest_running_s: float | None = None
    longest_idle_in_transaction_s: float | None = None
    groups: tuple[SessionGroup, ...] = ()
    """Where the sessions come from, most first; at most twelve."""
    waiters: tuple[Waiter, ...] = ()
    """Who waits for a lock, longest first; at most twenty."""
    statements: tuple[StatementFigures, ...] = ()
    """On which most time was spent, at most fifteen; may be some seconds old."""
    statements_span_s: float | None = None
    """The time that *statements* are of; `None`: they are not known (yet)."""
    statements_remark: str = ""
    """Why there are none, and what to do."""
    plan: StatementPlan | None = None
    """What was asked for in the last minute."""
    tables: tuple[TableFigures, ...] = ()
    """Of the database that the probe is connected to, those most worth a look, at most ten."""
    tables_span_s: float | None = None
    unused_indexes: tuple[UnusedIndex, ...] = ()
    """Of the same database, largest first; at most ten."""
    rows_read_per_s: float | None = None
    """By scans of all kinds, sent to a client or not."""
    rows_written_per_s: float | None = None
    """Inserted, updated, deleted."""
    temporary_bytes_per_s: float | None = None
    """Written to temporary files: sorts and hashes that do not fit into work_mem."""
    wal_bytes_per_s: float | None = None
    checkpoints_timed: int | None = None
    """Since the run began, as those that follow."""
    checkpoints_requested: int | None = None
    """Those that came early, most often because of max_wal_size."""
    temporary_files: int | None = None
    autovacuum_workers: int | None = None
    """At work now."""
    replicas: tuple[Replica, ...] = ()
    replication_lag_bytes: int | None = None
    """The worst replica's."""
    replication_lag_s: float | None = None
    """The worst replica's; of a server that is a replica itself, its own."""
