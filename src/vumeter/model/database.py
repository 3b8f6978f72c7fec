"""What a look at PostgreSQL finds in detail: sessions, locks, statements, tables."""

from msgspec import Struct


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
    user: str = ""


class Waiter(Struct, frozen=True, kw_only=True):
    """A backend that waits for a lock."""

    pid: int
    blocked_by: tuple[int, ...]
    """Those that it waits for directly, at most four; 0 is a prepared transaction."""
    wait_s: float | None
    """Since it waits; `None`: the server does not say."""
    lock: str
    """What it wants: `ShareLock on transactionid`."""
    relation: str
    """The table that the lock is about, as far as that is known."""
    user: str
    application: str
    statement: str


class Session(Struct, frozen=True, kw_only=True):
    """A session that executes a statement, or that has a transaction open and does nothing."""

    pid: int
    user: str
    application: str
    client: str
    """Its address; empty: a Unix socket."""
    database: str
    state: str
    wait: str
    """What it waits for: `Lock:transactionid`; empty: nothing."""
    age_s: float
    """Since its statement began; of one that is idle, since it last did anything."""
    transaction_s: float
    statement: str
    """The one that runs, or that ran last."""


class SessionGroup(Struct, frozen=True, kw_only=True):
    """Sessions of one user, application and client address."""

    user: str
    application: str
    client: str
    sessions: int
    active: int
    idle_in_transaction: int


class StatementFigures(Struct, frozen=True, kw_only=True):
    """What one statement came to within `PostgresReading.statements_span_s`."""

    id: str
    """pg_stat_statements' queryid."""
    text: str
    """Its first 240 characters, with $1, $2, … for its values."""
    user: str
    database: str
    calls: int
    total_ms: float
    mean_ms: float
    rows: int
    hits: int
    """Blocks found in PostgreSQL's own cache."""
    reads: int
    """Blocks that were not."""
    temporary: int
    """Blocks of temporary files, read and written."""
    io_ms: float
    """Reading and writing blocks; 0 also where the server does not take the time."""
    is_new: bool
    """Whether nobody had executed it before the run began."""
    calls_per_s: float | None = None
    """Since the look before, two seconds ago most often: it follows what *calls* averages."""


class StatementPlan(Struct, frozen=True, kw_only=True):
    """How the server would execute a statement, without having done so."""

    id: str
    """The statement's, as in `StatementFigures`."""
    text: str
    lines: tuple[str, ...]
    """EXPLAIN's, the first sixty."""
    remark: str = ""
    """Why there are none, and what to do."""


class TableFigures(Struct, frozen=True, kw_only=True):
    """One table: how it is, and what was done with it in `PostgresReading.tables_span_s`."""

    name: str
    live_rows: int
    """As the server estimates them."""
    dead_rows: int
    bytes: int
    """Without indexes, as of its last vacuum or analyze."""
    sequential_scans: int
    sequential_rows: int
    """Rows that these have read."""
    index_scans: int
    cache_hit_ratio: float | None
    """Of its blocks and its indexes'; `None`: none was asked for."""
    vacuum_age_s: float | None
    """Since the last vacuum, automatic or not; `None`: there was none."""


class UnusedIndex(Struct, frozen=True, kw_only=True):
    """An index that nobody has used since statistics are kept, and that no constraint needs."""

    name: str
    table: str
    bytes: int


class Replica(Struct, frozen=True, kw_only=True):
    """A server that follows this one."""

    name: str
    client: str
    state: str
    lag_bytes: int | None
    """Written here and not yet replayed there."""
    lag_s: float | None
    """How long ago what it replays was written; `None`: it has caught up, and nothing comes."""
