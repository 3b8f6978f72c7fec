"""
Looks at PostgreSQL through one connection: the questions, and the figures from the answers.

What is asked stands in `queries/*.sql`; what the figures mean, and what they cost the
database, in docs/postgres.md.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Self

import msgspec

from vumeter.clock import NsClock
from vumeter.model.database import SessionGroup, StatementPlan
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.probes.background import BackgroundWatch
from vumeter.probes.dsn import Dsn
from vumeter.probes.errands import EndBackend, Explain, end_backend, explained
from vumeter.probes.locks import Jam, LockWatch
from vumeter.probes.plain import plain_text
from vumeter.probes.questions import Questions, Row
from vumeter.probes.relations import RelationWatch
from vumeter.probes.sessions import (
    GROUPS_SHOWN,
    NAME_LIMIT,
    OPEN_SHOWN,
    group_of,
    session_of,
)
from vumeter.probes.span import Totals, span
from vumeter.probes.statement_log import StatementLog
from vumeter.probes.statements import StatementWatch

_LOOKS_PER_CENSUS = 2
"""Where the sessions come from is asked for in every other look."""

_QUERIES = (
    "activity",
    "sessions",
    "open_sessions",
    "groups",
    "databases",
)
"""All prepared at the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What does not change while a server runs."""

    version: str
    number: int
    """Of the version, as in 150018."""
    connections_max: int
    connections_reserved: int
    role: str
    """The probe's, quoted for SQL."""
    started: float
    """When, by its own clock: two servers have not begun in the same microsecond."""
    uptime_s: float
    """Since then, when it was connected to."""

    def ran_beside(self, before: "Server", *, gone_s: float) -> bool:
        """Whether this is another than *before*, which was seen *gone_s* ago: it ran already."""
        return self.started != before.started and self.uptime_s > gone_s


class Observer:
    """One connection's questions. Made anew with each connection."""

    def __init__(
        self, questions: Questions, server: Server, *, clock: NsClock, log: StatementLog
    ) -> None:
        self._questions = questions
        self._clock = clock
        self._last: Totals | None = None
        self._deadlocks = 0
        self._temporary_files = 0
        self._samples = 0
        self._active: Counter[str] = Counter()
        self._looks = 0
        self._groups: tuple[SessionGroup, ...] = ()
        self._locks = LockWatch(questions, server_number=server.number)
        self._statements = StatementWatch(questions, log, role=server.role, clock=clock)
        self._relations = RelationWatch(questions, clock=clock)
        self._background = BackgroundWatch(questions, server_number=server.number, clock=clock)
        self.server = server

    @classmethod
    async def begin(cls, connection: Any, *, clock: NsClock, log: StatementLog) -> Self:
        """
        Return an observer that knows its server and has its questions prepared.

        What it sees of statements goes into *log*, which outlives it.
        """
        questions = Questions(connection)
        await questions.prepare(("server", *_QUERIES))
        row = (await questions.rows("server"))[0]
        server = Server(
            version=plain_text(row["version"].partition(" ")[0], limit=NAME_LIMIT),
            number=row["number"],
            connections_max=row["connections_max"],
            connections_reserved=row["connections_reserved"],
            role=plain_text(row["role"], limit=NAME_LIMIT),
            started=row["started"],
            uptime_s=row["uptime_s"],
        )
        observer = cls(questions, server, clock=clock, log=log)
        for watch in (observer._locks, observer._relations, observer._background):
            await watch.prepare()
        if row["settles"]:
            # Or the start of this very connection shows as a transaction or two of others, later.
            await questions.execute("settle_15")
        questions.own_commits = 0
        return observer

    async def sample(self) -> None:
        """Count who is active at this moment, by what it waits for."""
        rows = await self._questions.rows("activity")
        self._samples += 1
        for row in rows:
            event = f"{row['wait']}:{row['event']}" if row["event"] else row["wait"]
            self._active[plain_text(event, limit=NAME_LIMIT)] += row["sessions"]

    async def look(self) -> PostgresReading:
        """Return all figures now; those of a span are over the time since the look before."""
        began_ns = self._clock()
        sessions = (await self._questions.rows("sessions"))[0]
        hidden = bool(sessions["hidden"])
        totals = await self._totals()
        jam = await self._locks.look(waiting=sessions["waiting"], hidden=hidden)
        since = span(self._last, totals)
        self._last = totals
        self._deadlocks += since.deadlocks
        self._temporary_files += since.temporary_files
        reading = PostgresReading(
            state=PostgresState.UP,
            remark=self._remark(hidden=hidden, jam=jam),
            server_version=self.server.version,
            connections_used=sessions["used"],
            connections_max=self.server.connections_max,
            connections_reserved=self.server.connections_reserved,
            transactions_per_s=since.transactions_per_s,
            rollbacks_per_s=since.rollbacks_per_s,
            cache_hit_ratio=since.cache_hit_ratio,
            rows_read_per_s=since.rows_read_per_s,
            rows_written_per_s=since.rows_written_per_s,
            temporary_bytes_per_s=since.temporary_bytes_per_s,
            temporary_files=self._temporary_files,
            deadlocks=self._deadlocks,
            blocked_sessions=jam.total,
            blockers=jam.blockers,
            waiters=jam.waiters,
        )
        active = self._average_active()
        if not hidden:
            reading = await self._with_sessions(reading, sessions, active)
        reading = await self._with_slow_parts(reading, hidden=hidden)
        return msgspec.structs.replace(reading, probe_ms=(self._clock() - began_ns) / 1e6)

    async def end_backend(self, errand: EndBackend, *, seen_s: float) -> str:
        """Cancel or end what the operator saw *seen_s* ago, and return what came of it."""
        return await end_backend(self._questions, errand, seen_s=seen_s, role=self.server.role)

    async def explain(self, errand: Explain, dsn: Dsn) -> StatementPlan:
        """Return how the server would execute a statement; on a connection of its own."""
        return await explained(self._questions, dsn, errand, schema=self._statements.schema)

    async def _totals(self) -> Totals:
        row = (await self._questions.rows("databases"))[0]
        totals = Totals(at_ns=self._clock(), **dict(row.items()))
        return totals.without(
            commits=self._questions.own_commits,
            rollbacks=self._questions.own_rollbacks,
            before=self._last,
        )

    async def _with_sessions(
        self, reading: PostgresReading, sessions: Row, active_by_event: dict[str, float] | None
    ) -> PostgresReading:
        """Return *reading* with the figures that need every session's state to be seen."""
        rows = await self._questions.rows("open_sessions", OPEN_SHOWN)
        running = tuple(session_of(row) for row in rows if not row["is_idle"])
        idle = tuple(session_of(row) for row in rows if row["is_idle"])
        if self._looks % _LOOKS_PER_CENSUS == 0:
            rows = await self._questions.rows("groups", GROUPS_SHOWN)
            self._groups = tuple(map(group_of, rows))
        self._looks += 1
        own = 1
        named = ("active", "idle", "idle_in_transaction")
        return msgspec.structs.replace(
            reading,
            sessions_active=sessions["active"],
            sessions_idle=sessions["idle"],
            sessions_idle_in_transaction=sessions["idle_in_transaction"],
            sessions_other=max(0, sessions["used"] - own - sum(sessions[name] for name in named)),
            active_by_wait=_by_class(active_by_event),
            active_by_event=active_by_event,
            longest_transaction_s=sessions["longest_s"],
            longest_transaction_pid=sessions["longest_pid"],
            running=running,
            idle_in_transaction=idle,
            longest_running_s=running[0].age_s if running else 0.0,
            longest_idle_in_transaction_s=idle[0].age_s if idle else 0.0,
            groups=self._groups,
        )

    async def _with_slow_parts(self, reading: PostgresReading, *, hidden: bool) -> PostgresReading:
        """Return *reading* with what is asked for every few seconds, as it was found last."""
        for watch in (self._statements, self._relations, self._background):
            await watch.look()
        found = self._relations.figures | self._background.figures
        if hidden:
            # Who may not see other roles' processes sees no workers either.
            found["autovacuum_workers"] = None
        return msgspec.structs.replace(
            reading,
            statements=self._statements.figures,
            statements_span_s=self._statements.span_s,
            statements_remark=self._statements.remark,
            **found,
        )

    def _average_active(self) -> dict[str, float] | None:
        if not self._samples:
            return None
        active = {event: count / self._samples for event, count in self._active.items()}
        self._samples = 0
        self._active.clear()
        return active

    def _remark(self, *, hidden: bool, jam: Jam) -> str:
        remarks = []
        if hidden:
            remarks.append(
                "what other roles' sessions do is hidden from the probe → "
                f"GRANT pg_monitor TO {self.server.role}"
            )
        if jam.total > jam.asked:
            remarks.append(f"blockers are counted for {jam.asked} of the waiters")
        return "; ".join(remarks)


def _by_class(active_by_event: dict[str, float] | None) -> dict[str, float] | None:
    if active_by_event is None:
        return None
    found: dict[str, float] = {}
    for event, sessions in active_by_event.items():
        wait = event.partition(":")[0]
        found[wait] = found.get(wait, 0.0) + sessions
    return found
