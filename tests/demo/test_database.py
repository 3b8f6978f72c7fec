"""The shop's connections: lent one at a time, and resized under those who use them."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from vumeter.demo.cluster import Cluster
from vumeter.demo.database import Connections, NoConnection

pytestmark = [pytest.mark.slow, pytest.mark.postgres]

PATIENT_S = 20.0


@pytest.fixture(scope="module")
def cluster(postgres: None) -> Iterator[Cluster]:
    with Cluster.start() as started:
        yield started


@pytest.fixture
async def connections(cluster: Cluster) -> AsyncIterator[Connections]:
    opened = Connections(cluster.dsn(), patience_s=PATIENT_S)
    await opened.resize(1)
    yield opened
    await opened.close()


async def test_who_waits_too_long_for_a_connection_is_told_so(cluster: Cluster) -> None:
    connections = Connections(cluster.dsn(), patience_s=0.1)
    await connections.resize(1)
    async with connections.one():
        with pytest.raises(NoConnection):
            async with connections.one():
                pytest.fail("there is only one")
        assert (connections.in_use, connections.waiting) == (1, 0)
    async with connections.one() as free_again:
        assert await free_again.fetchval("SELECT 1") == 1
    await connections.close()


async def test_who_stands_in_line_is_counted(connections: Connections) -> None:
    async def pass_through() -> None:
        async with connections.one():
            pass

    async with connections.one():
        waiting = [asyncio.create_task(pass_through()) for _ in range(3)]
        await asyncio.sleep(0)  # each stands in line from its first step on
        assert (connections.in_use, connections.waiting) == (1, 3)
    await asyncio.gather(*waiting)
    assert (connections.in_use, connections.waiting) == (0, 0)


async def test_who_stood_in_line_before_a_resize_is_served_by_the_old_connections(
    connections: Connections,
) -> None:
    async def process_id() -> int:
        async with connections.one() as connection:
            return int(await connection.fetchval("SELECT pg_backend_pid()"))

    async with connections.one() as old:
        old_pid = await old.fetchval("SELECT pg_backend_pid()")
        before = asyncio.create_task(process_id())
        await asyncio.sleep(0)
        await connections.resize(2)
        assert await process_id() != old_pid
        assert not before.done()
    assert await before == old_pid


def _sleeps(cluster: Cluster) -> bool:
    """Whether the server has begun to sleep; what it has not begun cannot be cancelled."""
    with psycopg.connect(cluster.dsn()) as session:
        (sleepers,) = session.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        ).fetchone() or (0,)
    return bool(sleepers)


async def test_a_cancelled_request_gives_its_place_and_its_connection_back(
    cluster: Cluster, connections: Connections
) -> None:
    async def hold() -> None:
        async with connections.one() as connection:
            await connection.execute("SELECT pg_sleep(60)")

    holding = asyncio.create_task(hold())
    async with asyncio.timeout(PATIENT_S):
        while not await asyncio.to_thread(_sleeps, cluster):
            pass
    waiting = asyncio.create_task(hold())
    await asyncio.sleep(0)
    for task in (waiting, holding):
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (connections.in_use, connections.waiting) == (0, 0)
    async with connections.one() as connection:
        assert await connection.fetchval("SELECT 1") == 1
