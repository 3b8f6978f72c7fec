"""The shop's database: its statements, how it is filled, and the connections to it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from importlib.resources import files

import asyncpg

from vumeter.demo.cluster import Cluster

DATABASE = "shop"
OWNER = "shop"
PROBE_USER = "vumeter_probe"
"""Watches (pg_monitor), ends sessions (pg_signal_backend), and may explain every statement."""

DATABASE_FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""It refused, or it is gone."""


@cache
def statement(name: str) -> str:
    """Return the SQL in `sql/name.sql`."""
    return files("vumeter.demo").joinpath("sql", f"{name}.sql").read_text("utf-8")


async def prepare(cluster: Cluster) -> None:
    """Make the shop's database on a fresh *cluster*, and fill it."""
    connection = await asyncpg.connect(cluster.dsn(database="template1"))
    try:
        # initdb made an empty one already; another costs a fifth of a second.
        await connection.execute(f"ALTER DATABASE postgres RENAME TO {DATABASE}")
    finally:
        await connection.close()
    connection = await asyncpg.connect(cluster.dsn(database=DATABASE))
    try:
        if cluster.has_pg_stat_statements:
            await connection.execute("CREATE EXTENSION pg_stat_statements")
        await connection.execute(statement("schema"))
        await connection.execute(statement("seed"))
    finally:
        await connection.close()


class NoConnection(Exception):  # noqa: N818 - an answer to a request, like aiohttp's
    """Every connection was busy for longer than anybody wants to wait."""


class Connections:
    """The shop's connection pool. Its size can be changed while it is in use."""

    def __init__(self, dsn: str, *, patience_s: float) -> None:
        self._dsn = dsn
        self._patience_s = patience_s
        self._pool: _Pool | None = None
        self._retired: set[asyncio.Task[None]] = set()
        self.size = 0
        self.in_use = 0
        self.waiting = 0
        """Requests that stand in line for a connection."""

    async def resize(self, size: int) -> None:
        """
        Let new requests have *size* connections; those before keep the ones they had.

        Raises:
            asyncpg.PostgresError: The server has no room for them; nothing has changed.
        """
        # The server has slots for two generations of connections, not for three.
        await asyncio.gather(*self._retired)
        fresh = await asyncpg.create_pool(
            self._dsn,
            min_size=size,
            max_size=size,
            reset=_keep,
            server_settings={
                "application_name": "shop",
                "lock_timeout": f"{self._patience_s * 1000:.0f}ms",
            },
        )
        former, self._pool, self.size = self._pool, _Pool(fresh), size
        if former is not None:
            task = asyncio.create_task(former.retire())
            self._retired.add(task)
            task.add_done_callback(self._retired.discard)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[asyncpg.Connection]:
        """
        Lend a connection.

        Raises:
            NoConnection: None was free within the shop's patience.
        """
        assert self._pool is not None, "the pool is opened before the first request"
        with self._pool.used() as connections:
            connection = await self._acquired(connections)
            self.in_use += 1
            try:
                yield connection
            finally:
                self.in_use -= 1
                await connections.release(connection)

    async def _acquired(self, connections: asyncpg.Pool) -> asyncpg.Connection:
        self.waiting += 1
        try:
            return await connections.acquire(timeout=self._patience_s)
        except TimeoutError:
            raise NoConnection from None
        finally:
            self.waiting -= 1

    async def close(self) -> None:
        """Drop every connection, also those in use: the database goes next."""
        for task in tuple(self._retired):
            task.cancel()
        await asyncio.gather(*self._retired, return_exceptions=True)
        if self._pool is not None:
            self._pool.connections.terminate()


class _Pool:
    """
    One size's connections, and how many requests use them or stand in line for them.

    A pool that is closed turns away who stands in line; so it retires first.
    """

    def __init__(self, connections: asyncpg.Pool) -> None:
        self.connections = connections
        self._users = 0
        self._unused = asyncio.Event()
        self._unused.set()

    @contextmanager
    def used(self) -> Iterator[asyncpg.Pool]:
        self._users += 1
        self._unused.clear()
        try:
            yield self.connections
        finally:
            self._users -= 1
            if self._users == 0:
                self._unused.set()

    async def retire(self) -> None:
        """Close the connections when the last request is done with them."""
        try:
            await self._unused.wait()
            await self.connections.close()
        except asyncio.CancelledError:
            self.connections.terminate()
            raise


async def _keep(_connection: asyncpg.Connection) -> None:
    # asyncpg's own reset costs a round trip after every request; the shop's statements leave
    # nothing behind that would need it.
    return
