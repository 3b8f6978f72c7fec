"""
What each series is about, in words, and whether it can be a reason at all.

Several series tell of the same trouble: a held lock shows in lock waits, in blocked sessions and
in the longest transaction. Only the best of a subject is named first, so that three findings
are three different things. The first pattern that fits counts.
"""

import re
from typing import NamedTuple


class Subject(NamedTuple):
    """Something that can be the reason for slow or failing requests."""

    words: str
    """As the beginning of "… rise 4 s before p95"."""
    sign: int = 1
    """1: the more, the worse; −1: the less, the worse; 0: not known."""
    weight: float = 1.0
    """Below 1: what also changes when something else is the reason; above: what nothing moves."""
    key: str = ""
    """Series with the same one are of one subject; empty: the words are the key."""
    is_one: bool = False
    """Whether the words are singular."""

    @property
    def name(self) -> str:
        """What tells subjects apart."""
        return self.key or self.words


_ROOT = 1.1
"""Of what hands and plans decide: where it fits as well as what follows from it, it comes first."""
_SYMPTOM = 0.85
_GENERAL = 0.95

_TABLE: tuple[tuple[str, Subject | None], ...] = (
    # What follows from slow answers, in the closed model at least, or counts what was sent.
    (
        r"latency\..*|errors?_.*|vus_busy|(requests|iterations|sent_bytes|received_bytes|dropped)_per_s",
        None,
    ),
    (r"vus", Subject("virtual users", weight=_ROOT)),
    (r"postgres.*\.(active_by_wait\.Lock|blocked_sessions)", Subject("lock waits")),
    (
        r"postgres.*\.(longest_idle_in_transaction_s|sessions_idle_in_transaction)",
        Subject("transactions left open"),
    ),
    (r"postgres.*\.(calls|transactions)_per_request", Subject("queries per request")),
    (r"postgres.*\.sequential_rows_per_s", Subject("rows read by sequential scans", key="rows")),
    (r"postgres.*\.rows_read_per_\w+", Subject("rows read", key="rows")),
    (r"postgres.*\.active_by_wait\.IO", Subject("waits of the database for I/O", key="db io")),
    (r"postgres.*\.cache_hit_ratio", Subject("the database's cache hits", -1, key="db io")),
    (r"postgres.*\.active_by_wait\.CPU", Subject("sessions on the database's CPU")),
    (r"postgres.*\.active_by_wait\.LWLock", Subject("waits for the database's inner locks")),
    (r"postgres.*\.active_by_wait\.(\w+)", Subject(r"waits of the database for \1")),
    (r"postgres.*\.sessions_idle", Subject("idle connections", -1, key="connections")),
    (
        r"postgres.*\.(connections_\w+|sessions_active)",
        Subject("database connections in use", weight=_GENERAL, key="connections"),
    ),
    (r"postgres.*\.deadlocks.*", Subject("deadlocks")),
    (r"postgres.*\.rollbacks_per_s", Subject("rollbacks", weight=_GENERAL)),
    (r"postgres.*\.temporary_.*", Subject("temporary files of the database")),
    (r"postgres.*\.checkpoints_.*", Subject("checkpoints")),
    (
        r"postgres.*\.(wal_.*|rows_written_per_s)",
        Subject("writes of the database", weight=_SYMPTOM),
    ),
    (r"postgres.*\.autovacuum_workers", Subject("autovacuum", is_one=True)),
    (r"postgres.*\.replication_lag_.*", Subject("replication lag", weight=_GENERAL, is_one=True)),
    (r"postgres.*\.up", Subject("answers of the database to the probe", -1)),
    (
        r"postgres.*\.longest_\w+",
        Subject("the age of the longest statement", weight=_SYMPTOM, is_one=True),
    ),
    (
        r"postgres.*\.active_sessions",
        Subject("active sessions of the database", weight=_SYMPTOM, key="connections"),
    ),
    (r"postgres.*\.transactions_per_s", None),
    (
        r"host\..*(cpu|core|load|run_queue).*",
        Subject("CPU use of the host", weight=_GENERAL, is_one=True),
    ),
    (r"host\..*steal.*", Subject("CPU time taken by other guests of this host", is_one=True)),
    (r"host\..*throttled.*", Subject("CPU throttling by the cgroup's limit", is_one=True)),
    (r"host\..*(iowait|disk).*", Subject("disk use of the host", weight=_GENERAL, is_one=True)),
    (r"host\..*swap.*", Subject("swapping of the host", is_one=True)),
    (r"host\..*memory.*", Subject("memory use of the host", weight=_GENERAL, is_one=True)),
    (r"host\..*(retrans|drop|error).*", Subject("lost packets on the host")),
    (r"host\.network.*", None),
    (
        r"host\..*(tcp|socket|descriptors).*",
        Subject("sockets and files open on the host", 1, _GENERAL),
    ),
    (r"host\..*", Subject("the host's load", weight=_GENERAL, is_one=True)),
    (
        r"generator\.(limited|tick_lag.*|cpu_percent|late_start_ratio)",
        Subject("the generator's own lag", is_one=True),
    ),
    (r"generator\..*", None),
    (
        r"watched\.([^.]+)\..*(idle|hit_ratio|free).*",
        Subject(r"\1: what is free or hit", -1, is_one=True),
    ),
    (r"watched\.([^.]+)\.(.*)", Subject(r"\1: \2", 0, _GENERAL, is_one=True)),
)
_PATTERNS = tuple((re.compile(pattern), subject) for pattern, subject in _TABLE)


def subject_of(series: str) -> Subject | None:
    """
    Return what *series* is about; `None`: it can be no reason.

    >>> subject_of("postgres.blocked_sessions").words
    'lock waits'
    >>> subject_of("requests_per_s") is None
    True
    """
    for pattern, subject in _PATTERNS:
        match = pattern.fullmatch(series)
        if match is not None:
            return subject and subject._replace(words=match.expand(subject.words))
    return None
