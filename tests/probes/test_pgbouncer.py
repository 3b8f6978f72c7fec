"""The PgBouncer probe against Debian's PgBouncer, before a real PostgreSQL."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from tests.probes.services import free_port, served

from vumeter.model.watched import PgBouncerMonitor
from vumeter.probes.observing import Look, UnseenError
from vumeter.probes.pgbouncer import PgBouncerObserver
from vumeter.testing.patience import until

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

_POOL_SIZE = 2


class Pooler(NamedTuple):
    """A PgBouncer: its console, and the database behind it."""

    console: str
    database: str


@pytest.fixture
def pooler(own_cluster) -> Iterator[Pooler]:
    port = free_port()
    # Beside the cluster's socket, where the server's user may read.
    cluster = own_cluster
    ini: Path = cluster.folder / "pgbouncer.ini"
    users = cluster.folder / "users.txt"
    users.write_text("".join(f'"{name}" ""\n' for name in ("stats", "chief", "guest")))
    users.chmod(0o644)
    ini.write_text(
        "[databases]\n"
        f"shop = host={cluster.folder} port={cluster.port} dbname=postgres user=chief\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {users}\n"
        "stats_users = stats\npool_mode = transaction\n"
        f"default_pool_size = {_POOL_SIZE}\nreserve_pool_size = 0\n"
    )
    ini.chmod(0o644)
    as_user = ("-u", cluster.folder.owner()) if os.geteuid() == 0 else ()
    with served("pgbouncer", "pgbouncer", port, (*as_user, str(ini))):
        yield Pooler(
            console=f"postgresql://stats@127.0.0.1:{port}/pgbouncer",
            database=f"postgresql://chief@127.0.0.1:{port}/shop",
        )


@contextlib.asynccontextmanager
async def _observing(url: str) -> AsyncIterator[PgBouncerObserver]:
    observer = PgBouncerObserver(PgBouncerMonitor(name="pool", url=url))
    try:
        yield observer
    finally:
        await observer.close()


@contextlib.asynccontextmanager
async def _sleepers(cluster, pooler: Pooler, count: int) -> AsyncIterator[None]:
    """Let so many clients of the pool ask for a long nap at once."""
    clients = [
        await psycopg.AsyncConnection.connect(
            pooler.database, autocommit=True, prepare_threshold=None
        )
        for _ in range(count)
    ]
    naps = [asyncio.create_task(client.execute("SELECT pg_sleep(60)")) for client in clients]
    try:
        yield
    finally:
        for nap in naps:
            nap.cancel()
        cluster.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep%%'"
            " AND pid <> pg_backend_pid()"
        )
        await asyncio.gather(*naps, return_exceptions=True)
        for client in clients:
            await client.close()


async def _until(observer: PgBouncerObserver, shows: Callable[[Look], object]) -> Look:
    async def shown() -> Look | None:
        look = await observer.look()
        return look if shows(look) else None

    found: Look = await until(shown)
    return found


async def test_who_waits_for_a_pool_that_is_exhausted_is_counted_and_the_pool_is_named(
    own_cluster, pooler
) -> None:
    async with _observing(pooler.console) as observer, _sleepers(own_cluster, pooler, 5):
        look = await _until(observer, lambda look: look.series["clients_waiting"] == 3)
        assert look.series["clients_active"] == look.series["servers_active"] == _POOL_SIZE
        assert (look.series["server_limit"], look.series["pools"]) == (_POOL_SIZE, 1)
        assert look.title.startswith("PgBouncer ")
        look = await _until(observer, lambda look: look.remark)
        assert look.series["max_wait_s"] >= 1
        assert look.remark.startswith("3 clients wait for a connection to shop as chief, ")
        assert look.remark.endswith("the pool has 2")


async def test_queries_are_counted_once_they_are_done(pooler) -> None:
    async with _observing(pooler.console) as observer:
        assert "queries_per_s" not in (await observer.look()).series
        with psycopg.connect(pooler.database, autocommit=True, prepare_threshold=None) as client:
            for _ in range(100):
                client.execute("SELECT 1")
        await asyncio.sleep(0.05)  # a rate needs some time to be over
        series = (await observer.look()).series
        assert series["queries_per_s"] > 100
        assert series["queries_per_s"] == series["transactions_per_s"]
        assert 0 < series["query_ms"] < 1000
        assert series["clients_waiting"] == series["max_wait_s"] == 0


async def test_what_is_no_console_and_who_is_no_statistician_are_told_apart(pooler) -> None:
    for url, words in (
        (pooler.database, "not PgBouncer's console"),
        (pooler.console.replace("stats@", "guest@"), "refuses the login"),
        (f"postgresql://stats@127.0.0.1:{free_port()}/pgbouncer", "no answer"),
    ):
        async with _observing(url) as observer:
            with pytest.raises(UnseenError) as caught:
                await observer.look()
            assert words in caught.value.message
