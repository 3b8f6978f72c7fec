"""
The PostgreSQL probe: one connection, kept, lost and found again while a run goes on.

It asks little (docs/postgres.md has what it costs), asks less when answers are slow, and
whatever happens to the server becomes a state and a remark in the reading, never an error.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import asyncpg
import msgspec

from vumeter.clock import NANOSECONDS_PER_S, NsClock, monotonic_ns
from vumeter.errors import ProbeError
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.probes.dsn import parse_dsn, redacted
from vumeter.probes.failure import Failure, failure_of
from vumeter.probes.look import Observer, Server

SAMPLE_INTERVAL_S = 0.2
LOOK_INTERVAL_S = 1.0

# A probe that took more than a tenth of the time would be part of what it measures.
_TIME_SHARE_INVERSE = 10
_LONGEST_PAUSE_S = 5.0

_CONNECT_LIMIT_S = 2.5
_ANSWER_LIMIT_S = 2.0
_CLOSE_LIMIT_S = 1.0
_FIRST_RETRY_S = 0.25
_LAST_RETRY_S = 4.0

_SETTINGS = {
    "application_name": "vumeter",
    # The server gives up before the probe does, so a slow look costs no connection.
    "statement_timeout": "500",
    "default_transaction_read_only": "on",
    # No function or operator of the same name in a user's schema is ever called.
    "search_path": "pg_catalog",
    # Compiling the probe's small queries would cost many times what they cost.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
}


class PostgresProbe:
    """
    Watches one PostgreSQL server; `run` it, and read `latest` whenever it suits.

    Raises:
        ProbeError: *dsn* is not a connection string.
    """

    def __init__(self, dsn: str, *, clock: NsClock = monotonic_ns) -> None:
        self._parsed = parse_dsn(dsn)
        self._shown = redacted(dsn)
        self._clock = clock
        self._connection: Any = None
        self._closed = False
        self._server: Server | None = None
        self._good_ns = clock()
        self._deadlocks = 0
        self._reading = PostgresReading(
            state=PostgresState.CONNECTING, cpu_count=os.cpu_count() if self._is_local else None
        )

    @property
    def _is_local(self) -> bool:
        return self._parsed.is_local

    @property
    def latest(self) -> PostgresReading:
        """The newest look, with its age; before the first, the age of the probe itself."""
        age_s = (self._clock() - self._good_ns) / NANOSECONDS_PER_S
        return msgspec.structs.replace(self._reading, age_s=age_s)

    async def check(self) -> None:
        """
        Look once, on a connection of its own, within 3 s.

        Raises:
            ProbeError: The server could not be watched; the message says why and what to do.
        """
        try:
            async with asyncio.timeout(_CONNECT_LIMIT_S), self._connected() as connection:
                observer = await Observer.begin(connection, clock=self._clock)
                await observer.sample()
                await observer.look()
        except Exception as error:
            failure = self._failure(error)
            raise ProbeError(
                f"PostgreSQL at {self._shown}: {failure.message}.",
                hint=failure.hint[:1].upper() + failure.hint[1:] + "." if failure.hint else "",
            ) from error

    async def run(self) -> None:
        """Watch until cancelled or closed; never raises anything but CancelledError."""
        retry_s = _FIRST_RETRY_S
        while not self._closed:
            before_ns = self._good_ns
            try:
                async with self._connected() as connection:
                    await self._watch(connection)
            except Exception as error:
                # Everything: a probe that fails is a remark and an empty panel, never a lost run.
                self._note(self._failure(error))
            if self._good_ns != before_ns:
                retry_s = _FIRST_RETRY_S
            await asyncio.sleep(retry_s)
            retry_s = min(2 * retry_s, _LAST_RETRY_S)

    async def close(self) -> None:
        """Give the connection back, if there still is one; `run` ends."""
        self._closed = True
        if self._connection is not None:
            await _hang_up(self._connection)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(
            **self._parsed.connect_arguments(),
            timeout=_CONNECT_LIMIT_S,
            server_settings=_SETTINGS,
        )
        self._connection = connection
        try:
            yield connection
        except (TimeoutError, OSError, asyncpg.InterfaceError):
            # Nobody listens any more: a polite farewell would only wait.
            connection.terminate()
            raise
        finally:
            self._connection = None
            await _hang_up(connection)

    async def _watch(self, connection: Any) -> None:
        async with asyncio.timeout(_ANSWER_LIMIT_S):
            observer = await Observer.begin(connection, clock=self._clock)
        self._server = observer.server
        deadlocks_before = self._deadlocks
        look_due_ns = self._clock()
        while True:
            began_ns = self._clock()
            try:
                async with asyncio.timeout(_ANSWER_LIMIT_S):
                    await observer.sample()
                sampled_ns = self._clock()
                if sampled_ns >= look_due_ns:
                    async with asyncio.timeout(_ANSWER_LIMIT_S):
                        reading = await observer.look()
                    self._accept(reading, deadlocks_before=deadlocks_before)
                    look_due_ns = began_ns + _pause_ns(LOOK_INTERVAL_S, self._clock() - sampled_ns)
            except asyncpg.QueryCanceledError as error:
                self._note(self._failure(error))
                sampled_ns = self._clock()
            pause_ns = _pause_ns(SAMPLE_INTERVAL_S, sampled_ns - began_ns)
            await asyncio.sleep((began_ns + pause_ns - self._clock()) / NANOSECONDS_PER_S)

    def _accept(self, reading: PostgresReading, *, deadlocks_before: int) -> None:
        self._good_ns = self._clock()
        self._deadlocks = deadlocks_before + (reading.deadlocks or 0)
        self._reading = msgspec.structs.replace(
            reading, cpu_count=self._reading.cpu_count, deadlocks=self._deadlocks
        )

    def _note(self, failure: Failure) -> None:
        # Numbers of an earlier look are not carried on: a gap is a gap.
        self._reading = PostgresReading(
            state=failure.state,
            remark=failure.remark,
            server_version=self._reading.server_version,
            cpu_count=self._reading.cpu_count,
        )

    def _failure(self, error: BaseException) -> Failure:
        failure = failure_of(error)
        if isinstance(error, asyncpg.TooManyConnectionsError):
            return replace(failure, message=self._no_slot(failure.message))
        return failure

    def _no_slot(self, answer: str) -> str:
        if self._server is None:
            return f"no slot left ({answer})"
        slots, free = self._server.connections_max, 0
        if "reserved" in answer:
            free = self._server.connections_reserved
        return f"no slot left: {slots - free}/{slots}" + (", the rest is reserved" if free else "")


def _pause_ns(interval_s: float, took_ns: int) -> int:
    rare_ns = min(took_ns * _TIME_SHARE_INVERSE, round(_LONGEST_PAUSE_S * NANOSECONDS_PER_S))
    return max(round(interval_s * NANOSECONDS_PER_S), rare_ns)


async def _hang_up(connection: Any) -> None:
    """Close *connection* within a time limit, and without manners where that fails."""
    try:
        with suppress(Exception):
            await connection.close(timeout=_CLOSE_LIMIT_S)
    finally:
        if not connection.is_closed():
            connection.terminate()
