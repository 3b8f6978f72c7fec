"""
The PostgreSQL probe: one connection, kept, lost and found again while a run goes on.

It asks little (docs/postgres.md has what it costs), asks less when answers are slow, and
whatever happens to the server becomes a state and a remark in the reading, never an error.
"""

import asyncio
import os
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import asyncpg
import msgspec

from vumeter.clock import NANOSECONDS_PER_S, NsClock, monotonic_ns
from vumeter.errors import ProbeError
from vumeter.model.database import StatementPlan
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.probes.cadence import (
    LOOK_INTERVAL_S,
    SAMPLE_INTERVAL_S,
    interval_ns,
    sample_interval_s,
)
from vumeter.probes.connection import CONNECT_LIMIT_S, connected
from vumeter.probes.dsn import parse_dsn, redacted
from vumeter.probes.errands import EndBackend, Errand, Explain
from vumeter.probes.failure import Failure, failure_of
from vumeter.probes.look import Observer, Server
from vumeter.probes.statement_log import StatementLog
from vumeter.units import duration_text

# Longer than the server lets a statement take: who is silent for so long is not there.
_ANSWER_LIMIT_S = 2.0

_HALF_A_SAMPLE_NS = round(SAMPLE_INTERVAL_S / 2 * NANOSECONDS_PER_S)
_ERRANDS_MAX = 8
_PLAN_SHOWN_S = 60.0

_COUNTED = ("deadlocks", "temporary_files", "checkpoints_timed", "checkpoints_requested")
"""What an observer counts from its own beginning, and a reading from that of the run."""

_FIRST_RETRY_S = 0.25
_LAST_RETRY_S = 4.0


class PostgresProbe:
    """
    Watches one PostgreSQL server; `run` it, and read `latest` whenever it suits.

    Raises:
        ProbeError: *dsn* is not a connection string.
    """

    def __init__(self, dsn: str, *, clock: NsClock = monotonic_ns) -> None:
        self._dsn = parse_dsn(dsn)
        self._shown_dsn = redacted(dsn)
        self._clock = clock
        self._running: asyncio.Task[None] | None = None
        self._is_closed = False
        self._server: Server | None = None
        self._counted: dict[str, int] = {}
        self._errands: deque[Errand] = deque()
        self._notices: list[str] = []
        self._plan: StatementPlan | None = None
        self._plan_ns = 0
        self._statements = StatementLog()
        self._good_ns = clock()
        self._reading = PostgresReading(
            state=PostgresState.CONNECTING,
            cpu_count=os.cpu_count() if self._dsn.is_local else None,
        )

    @property
    def latest(self) -> PostgresReading:
        """The newest look and its age; before the first, the age of the probe itself."""
        age_s = (self._clock() - self._good_ns) / NANOSECONDS_PER_S
        return msgspec.structs.replace(self._reading, age_s=age_s)

    def explain(self, statement: str) -> bool:
        """Have the plan of a statement in `latest` soon; `False`: there is too much to do."""
        return self._take(Explain(id=statement))

    def end_backend(self, pid: int, *, ends: bool) -> bool:
        """Cancel what a session executes, or end it, soon; `notices` says what came of it."""
        return self._take(EndBackend(pid=pid, ends=ends))

    def notices(self) -> list[str]:
        """Return what came of errands, and what else there is to tell, since the last time."""
        told, self._notices = self._notices, []
        return told

    def _take(self, errand: Errand) -> bool:
        if len(self._errands) >= _ERRANDS_MAX:
            return False
        self._errands.append(errand)
        return True

    async def check(self) -> None:
        """
        Look once, on a connection of its own, within 3 s.

        Raises:
            ProbeError: The server could not be watched; the message says why and what to do.
        """
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S), connected(self._dsn) as connection:
                observer = await Observer.begin(connection, clock=self._clock, log=StatementLog())
                await observer.sample()
                await observer.look()
        except Exception as error:
            failure = self._failure(error)
            raise ProbeError(
                f"PostgreSQL at {self._shown_dsn}: {failure.message}.",
                hint=f"{failure.hint[0].upper()}{failure.hint[1:]}.",
            ) from error

    async def run(self) -> None:
        """Watch until cancelled or closed; never raises anything but CancelledError."""
        self._running = asyncio.current_task()
        retry_s = _FIRST_RETRY_S
        while not self._is_closed:
            last_good_ns = self._good_ns
            try:
                async with connected(self._dsn) as connection:
                    await self._watch(connection)
            except Exception as error:
                # Whatever it is: a failing probe is a remark and an empty panel, not a lost run.
                self._note(self._failure(error))
            if self._good_ns != last_good_ns:
                retry_s = _FIRST_RETRY_S
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, _LAST_RETRY_S)

    async def close(self) -> None:
        """End `run`, wherever it is, and with it the connection; also a `run` yet to come."""
        self._is_closed = True
        if self._running is not None and self._running is not asyncio.current_task():
            self._running.cancel()
            await asyncio.wait((self._running,))

    async def _watch(self, connection: Any) -> None:
        """Ask until the connection fails; a question that the server gives up is only noted."""
        async with asyncio.timeout(_ANSWER_LIMIT_S):
            observer = await Observer.begin(connection, clock=self._clock, log=self._statements)
        self._meet(observer.server)
        counted_before = dict(self._counted)
        look_due_ns = self._clock()
        while True:
            began_ns = self._clock()
            try:
                await self._run_errands(observer)
                async with asyncio.timeout(_ANSWER_LIMIT_S):
                    await observer.sample()
                answered_ns = self._clock()
                if answered_ns >= look_due_ns:
                    async with asyncio.timeout(_ANSWER_LIMIT_S):
                        reading = await observer.look()
                    took_ns = self._clock() - answered_ns
                    look_interval_ns = interval_ns(LOOK_INTERVAL_S, took_ns=took_ns)
                    # Half a sample early, or a timer that fires early would cost a whole one.
                    look_due_ns = began_ns + look_interval_ns - _HALF_A_SAMPLE_NS
                    self._accept(reading, look_interval_ns, counted_before)
            except asyncpg.QueryCanceledError as error:
                self._note(self._failure(error))
                answered_ns = self._clock()
            sample_s = sample_interval_s(self._reading.connections_used or 0)
            next_ns = began_ns + interval_ns(sample_s, took_ns=answered_ns - began_ns)
            await asyncio.sleep((next_ns - self._clock()) / NANOSECONDS_PER_S)

    def _meet(self, server: Server) -> None:
        """Remember the server that is connected to; one that ran beside the last is another."""
        before, self._server = self._server, server
        gone_s = (self._clock() - self._good_ns) / NANOSECONDS_PER_S
        if before is not None and server.ran_beside(before, gone_s=gone_s):
            self._statements.forget()
            uptime = duration_text(round(server.uptime_s))
            self._notices.append(
                f"another server answers there now: PostgreSQL {server.version}, up for {uptime}"
            )

    async def _run_errands(self, observer: Observer) -> None:
        while self._errands:
            errand = self._errands.popleft()
            if isinstance(errand, EndBackend):
                words = await observer.end_backend(errand, seen_s=self.latest.age_s)
                self._notices.append(words)
            else:
                self._plan = await observer.explain(errand, self._dsn)
                self._plan_ns = self._clock()

    def _accept(
        self, reading: PostgresReading, look_interval_ns: int, counted_before: Mapping[str, int]
    ) -> None:
        self._good_ns = self._clock()
        counts = {name: getattr(reading, name) for name in _COUNTED}
        self._counted |= {
            name: counted_before.get(name, 0) + count
            for name, count in counts.items()
            if count is not None
        }
        remarks = [reading.remark] if reading.remark else []
        every_s = look_interval_ns / NANOSECONDS_PER_S
        # A little slower is no news: whoever puts load on a database expects that.
        if every_s >= 2 * LOOK_INTERVAL_S:
            remarks.append(f"looks take {reading.probe_ms:.0f} ms: one every {every_s:.1f} s")
        self._reading = msgspec.structs.replace(
            reading,
            remark="; ".join(remarks),
            cpu_count=self._reading.cpu_count,
            plan=self._recent_plan,
            **self._counted,
        )

    @property
    def _recent_plan(self) -> StatementPlan | None:
        is_old = self._clock() - self._plan_ns > _PLAN_SHOWN_S * NANOSECONDS_PER_S
        return None if is_old else self._plan

    def _note(self, failure: Failure) -> None:
        # A server that was there and went needs patience, not another connection string.
        lost = failure.state is PostgresState.DOWN and self._server is not None
        hint = "the probe comes back with it" if lost else failure.hint
        # Numbers of an earlier look are not carried on: a gap is a gap.
        self._reading = PostgresReading(
            state=failure.state,
            remark=f"{failure.message} → {hint}",
            server_version=self._reading.server_version,
            cpu_count=self._reading.cpu_count,
        )

    def _failure(self, error: BaseException) -> Failure:
        failure = failure_of(error)
        if isinstance(error, asyncpg.TooManyConnectionsError):
            return replace(failure, message=_no_slot(failure.message, self._server))
        return failure


def _no_slot(answer: str, server: Server | None) -> str:
    if server is not None and "too many clients" in answer:
        return f"no slot left: {server.connections_max}/{server.connections_max}"
    if server is not None and "slots are reserved" in answer:
        reserved, slots = server.connections_reserved, server.connections_max
        return f"no slot left: {slots - reserved}/{slots}, {reserved} are reserved"
    # A limit of the role or the database, a server not seen before, or another language.
    return f"no slot left: {answer}"
