"""Looks at a real server: exact where the server is exact, psycopg for a second opinion."""

import asyncio

import psycopg
import pytest

from vumeter.probes.connection import connected
from vumeter.probes.dsn import parse_dsn
from vumeter.probes.locks import WAITERS_MAX
from vumeter.probes.look import Observer
from vumeter.probes.statement_log import StatementLog

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


class _Seconds:
    """A clock on which every look is one second after the one before."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


async def test_every_transaction_is_counted_once_and_the_probes_own_are_not(cluster) -> None:
    clock = _Seconds()
    async with connected(parse_dsn(cluster.dsn())) as connection:
        observer = await Observer.begin(connection, clock=clock, log=StatementLog())
        await observer.look()
        # A session reports what it counted when it ends, at the latest.
        with psycopg.connect(cluster.dsn(), autocommit=True) as session:
            for _ in range(1000):
                session.execute("SELECT 1")
            for _ in range(50):
                session.execute("BEGIN")
                session.execute("ROLLBACK")
        committed, rolled_back = 0.0, 0.0
        for _ in range(30):
            clock.now_ns += 1_000_000_000
            reading = await observer.look()
            assert reading.transactions_per_s is not None
            assert reading.rollbacks_per_s is not None
            rolled_back += reading.rollbacks_per_s
            committed += reading.transactions_per_s - reading.rollbacks_per_s
            await asyncio.sleep(0.1)
    assert rolled_back == 50
    # The session's own start is a transaction, and autovacuum may have made some of its own.
    assert 1000 <= committed <= 1010


async def test_the_cache_hit_ratio_is_the_servers_over_the_span(cluster) -> None:
    blocks = "SELECT sum(blks_hit)::float8, sum(blks_read)::float8 FROM pg_stat_database"
    clock = _Seconds()
    cluster.execute("CREATE TABLE cold AS SELECT repeat('x', 2000) FROM generate_series(1, 40000)")
    try:
        async with connected(parse_dsn(cluster.dsn())) as connection:
            observer = await Observer.begin(connection, clock=clock, log=StatementLog())
            await observer.look()
            [(hits_before, reads_before)] = cluster.rows(blocks)
            # More than fits into a ring buffer, so most of it is read again each time.
            for _ in range(3):
                cluster.execute("SELECT count(*) FROM cold")
            [(hits, reads)] = cluster.rows(blocks)
            clock.now_ns += 1_000_000_000
            reading = await observer.look()
    finally:
        cluster.execute("DROP TABLE cold")
    expected = (hits - hits_before) / (hits - hits_before + reads - reads_before)
    assert reading.cache_hit_ratio == pytest.approx(expected, abs=0.02)
    # Otherwise this test would not tell a ratio from a constant.
    assert expected < 0.9


async def test_a_database_that_comes_or_goes_makes_a_gap_and_no_jump(cluster) -> None:
    clock = _Seconds()
    async with connected(parse_dsn(cluster.dsn())) as connection:
        observer = await Observer.begin(connection, clock=clock, log=StatementLog())
        rates = []
        for change in (None, "CREATE DATABASE passing", "DROP DATABASE passing", None):
            if change:
                cluster.execute(change)
            clock.now_ns += 1_000_000_000
            rates.append((await observer.look()).transactions_per_s)
    assert rates[:3] == [None, None, None]
    assert rates[3] is not None and rates[3] < 10


async def test_only_so_many_waiters_are_asked_for_and_that_is_said(
    cluster, sessions, monkeypatch
) -> None:
    assert WAITERS_MAX >= 100
    monkeypatch.setattr("vumeter.probes.locks.WAITERS_MAX", 3)
    cluster.execute("CREATE TABLE crowd (n int)", "INSERT INTO crowd VALUES (1)")
    try:
        holder = await sessions.open("BEGIN", "UPDATE crowd SET n = 2")
        for _ in range(5):
            await sessions.begin("UPDATE crowd SET n = 3")
        await cluster.until(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'", [(5,)]
        )
        async with connected(parse_dsn(cluster.dsn())) as connection:
            reading = await (
                await Observer.begin(connection, clock=_Seconds(), log=StatementLog())
            ).look()
        assert reading.blocked_sessions == 5
        assert [blocker.pid for blocker in reading.blockers] == [holder]
        assert "3 of the waiters" in reading.remark
    finally:
        await sessions.close()
        cluster.execute("DROP TABLE crowd")
