"""
Looks at PostgreSQL through one connection: the questions, and the figures from the answers.

What is asked stands in `queries/*.sql`; what the figures mean, and what they cost the
database, in docs/postgres.md.
"""

from collections import Counter
from dataclasses import dataclass
from importlib import resources
from typing import Any, Self

import asyncpg
import msgspec

from vumeter.clock import NsClock
from vumeter.model.database import Blocker
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.probes.blocking import root_blockers
from vumeter.probes.plain import plain_text
from vumeter.probes.span import Totals, span

WAITERS_MAX = 100
"""
Waiters whose blockers are asked for in one look: what that costs the server grows with their
square, 0.1 % of a core for 100 (docs/postgres.md).
"""

_BLOCKERS_SHOWN = 10
_STATEMENT_LIMIT = 120
_NAME_LIMIT = 64

_QUERIES = (
    "server",
    "activity",
    "sessions",
    "databases",
    "waiters",
    "waiters_hidden",
    "blockers",
)
"""`queries/*.sql`, all prepared at the start: planning costs more than asking."""

_Row = Any
"""A row of asyncpg, which has no types of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What does not change while a server runs."""

    version: str
    connections_max: int
    connections_reserved: int
    role: str
    """The probe's, quoted for SQL."""


class Observer:
    """One connection's questions. Made anew with each connection."""

    def __init__(self, *, clock: NsClock) -> None:
        self._clock = clock
        self._statements: dict[str, Any] = {}
        self._own_commits = 0
        self._own_rollbacks = 0
        self._last: Totals | None = None
        self._deadlocks = 0
        self._samples = 0
        self._active_by_wait: Counter[str] = Counter()
        self.server = Server(version="", connections_max=0, connections_reserved=0, role="")

    @classmethod
    async def begin(cls, connection: Any, *, clock: NsClock) -> Self:
        """Return an observer that knows its server and has its questions prepared."""
        observer = cls(clock=clock)
        for query in _QUERIES:
            observer._statements[query] = await connection.prepare(_sql(query))
        row = (await observer._rows("server"))[0]
        observer.server = Server(
            version=plain_text(row["version"].partition(" ")[0], limit=_NAME_LIMIT),
            connections_max=row["connections_max"],
            connections_reserved=row["connections_reserved"],
            role=plain_text(row["role"], limit=_NAME_LIMIT),
        )
        if row["settles"]:
            # Or the start of this very connection shows as a transaction or two of others, later.
            await connection.execute(_sql("settle_15"))
        observer._own_commits = 0
        return observer

    async def sample(self) -> None:
        """Count who is active at this moment, by what it waits for."""
        rows = await self._rows("activity")
        self._samples += 1
        for row in rows:
            self._active_by_wait[plain_text(row["wait"], limit=_NAME_LIMIT)] += row["sessions"]

    async def look(self) -> PostgresReading:
        """Return all figures now; those of a span are over the time since the look before."""
        began_ns = self._clock()
        sessions = (await self._rows("sessions"))[0]
        hidden = bool(sessions["hidden"])
        totals = await self._totals()
        waiting = await self._waiting(hidden=hidden) if hidden or sessions["waiting"] else _NOBODY
        blockers = await self._blockers(root_blockers(waiting.waits_for))
        since = span(self._last, totals)
        self._last = totals
        self._deadlocks += since.deadlocks
        reading = PostgresReading(
            state=PostgresState.UP,
            remark=self._remark(hidden=hidden, waiting=waiting),
            server_version=self.server.version,
            connections_used=sessions["used"],
            connections_max=self.server.connections_max,
            connections_reserved=self.server.connections_reserved,
            transactions_per_s=since.transactions_per_s,
            rollbacks_per_s=since.rollbacks_per_s,
            cache_hit_ratio=since.cache_hit_ratio,
            deadlocks=self._deadlocks,
            blocked_sessions=waiting.total,
            blockers=blockers,
            probe_ms=(self._clock() - began_ns) / 1e6,
        )
        active_by_wait = self._average_active()
        return reading if hidden else _with_sessions(reading, sessions, active_by_wait)

    async def _rows(self, query: str, *arguments: object) -> list[_Row]:
        try:
            rows: list[_Row] = await self._statements[query].fetch(*arguments)
        except asyncpg.QueryCanceledError:
            self._own_rollbacks += 1
            raise
        self._own_commits += 1
        return rows

    async def _totals(self) -> Totals:
        row = (await self._rows("databases"))[0]
        totals = Totals(at_ns=self._clock(), **dict(row.items()))
        return totals.without(
            commits=self._own_commits, rollbacks=self._own_rollbacks, before=self._last
        )

    async def _waiting(self, *, hidden: bool) -> "_Waiting":
        rows = await self._rows("waiters_hidden" if hidden else "waiters", WAITERS_MAX)
        return _Waiting(
            waits_for={row["pid"]: row["blockers"] for row in rows},
            total=rows[0]["total"] if rows else 0,
        )

    async def _blockers(self, blocked: dict[int, int]) -> tuple[Blocker, ...]:
        """Return those that hold up most; one that has ended meanwhile blocks nobody."""
        worst = sorted(blocked, key=lambda pid: -blocked[pid])[:_BLOCKERS_SHOWN]
        rows = {row["pid"]: row for row in await self._rows("blockers", worst)} if worst else {}
        return tuple(_blocker(rows[pid], blocked[pid]) for pid in worst if pid in rows)

    def _average_active(self) -> dict[str, float] | None:
        if not self._samples:
            return None
        active = {wait: count / self._samples for wait, count in self._active_by_wait.items()}
        self._samples = 0
        self._active_by_wait.clear()
        return active

    def _remark(self, *, hidden: bool, waiting: "_Waiting") -> str:
        remarks = []
        if hidden:
            remarks.append(
                "what other roles' sessions do is hidden from the probe → "
                f"GRANT pg_monitor TO {self.server.role}"
            )
        if waiting.total > len(waiting.waits_for):
            remarks.append(f"blockers are counted for {len(waiting.waits_for)} of the waiters")
        return "; ".join(remarks)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """Who waits for a lock, and for whom."""

    waits_for: dict[int, list[int]]
    total: int


_NOBODY = _Waiting(waits_for={}, total=0)


def _sql(query: str) -> str:
    return resources.files("vumeter.probes").joinpath("queries", f"{query}.sql").read_text("utf-8")


def _with_sessions(
    reading: PostgresReading, sessions: _Row, active_by_wait: dict[str, float] | None
) -> PostgresReading:
    """Return *reading* with the figures that need every session's state to be seen."""
    own = 1
    named = ("active", "idle", "idle_in_transaction")
    return msgspec.structs.replace(
        reading,
        sessions_active=sessions["active"],
        sessions_idle=sessions["idle"],
        sessions_idle_in_transaction=sessions["idle_in_transaction"],
        sessions_other=max(0, sessions["used"] - own - sum(sessions[name] for name in named)),
        active_by_wait=active_by_wait,
        longest_transaction_s=sessions["longest_s"],
        longest_transaction_pid=sessions["longest_pid"],
    )


def _blocker(row: _Row, blocked: int) -> Blocker:
    return Blocker(
        pid=row["pid"],
        blocked=blocked,
        age_s=row["age_s"] or 0.0,
        state=plain_text(row["state"], limit=_NAME_LIMIT),
        application=plain_text(row["application"], limit=_NAME_LIMIT),
        statement=plain_text(row["statement"], limit=_STATEMENT_LIMIT),
    )
