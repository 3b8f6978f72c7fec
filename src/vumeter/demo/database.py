"""The shop's database: its statements, how it is filled, and the connections to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib.resources import files

import asyncpg

from vumeter.demo.cluster import Cluster

DATABASE = "shop"
OWNER = "shop"
PROBE_USER = "vumeter_probe"
"""May look at everything and touch nothing: member of pg_monitor."""

ACQUIRE_TIMEOUT_S = 3.0
LOCK_TIMEOUT_MS = 3000


@cache
def statement(name: str) -> str:
    """Return the SQL in `sql/name.sql`."""
    return files("vumeter.demo").joinpath("sql", f"{name}.sql").read_text("utf-8")


async def prepare(cluster: Cluster) -> None:
    """Make the shop's database on a fresh *cluster*, and fill it."""
    connection = await asyncpg.connect(cluster.dsn())
    try:
        await connection.execute(f"CREATE DATABASE {DATABASE}")
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

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._pool: asyncpg.Pool | None = None
        self._retired: set[asyncio.Task[None]] = set()
        self.size = 0
        self.in_use = 0
        self.waiting = 0
        """Requests that stand in line for a connection."""

    async def resize(self, size: int) -> None:
        """Let new requests have *size* connections; those in use go when they are free."""
        fresh = await asyncpg.create_pool(
            self._dsn,
            min_size=size,
            max_size=size,
            reset=_keep,
            server_settings={"application_name": "shop", "lock_timeout": str(LOCK_TIMEOUT_MS)},
        )
        former, self._pool, self.size = self._pool, fresh, size
        if former is not None:
            task = asyncio.create_task(former.close())
            self._retired.add(task)
            task.add_done_callback(self._retired.discard)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[asyncpg.Connection]:
        """
        Lend a connection.

        Raises:
            NoConnection: None was free within `ACQUIRE_TIMEOUT_S`.
        """
        pool = self._pool
        assert pool is not None, "the pool is opened before the first request"
        self.waiting += 1
        try:
            connection = await pool.acquire(timeout=ACQUIRE_TIMEOUT_S)
        except TimeoutError:
            raise NoConnection from None
        finally:
            self.waiting -= 1
        self.in_use += 1
        try:
            yield connection
        finally:
            self.in_use -= 1
            await pool.release(connection)

    async def close(self) -> None:
        """Drop every connection, also those in use: the database goes next."""
        if self._pool is not None:
            self._pool.terminate()
        for task in tuple(self._retired):
            task.cancel()
        await asyncio.gather(*self._retired, return_exceptions=True)


async def _keep(_connection: asyncpg.Connection) -> None:
    # asyncpg's own reset costs a round trip after every request; the shop's statements leave
    # nothing behind that would need it.
    return
