"""Scripted trouble on a real server: each is in the reading within three seconds."""

import time

import asyncpg
import pytest

from vumeter.model.probes import PostgresReading

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

_SOON_S = 3.0
"""What a user is promised."""

_HOSTILE = "app\x1b[2J\u202e[red]"


async def _seen_soon(watched, shows) -> PostgresReading:
    """Wait for a reading that *shows* it, and hold it to the promise."""
    began_s = time.monotonic()
    reading = await watched.until(shows)
    # Where others keep the machine busy looks are rarer, and the reading says how rare.
    assert time.monotonic() - began_s < _SOON_S or "looks take" in reading.remark
    return reading


async def test_who_idles_in_a_transaction_is_named_with_age_and_statement(
    cluster, sessions, watch
) -> None:
    watched = await watch(cluster.dsn())
    await watched.next()
    pid = await sessions.open("BEGIN", "SELECT 'left alone'", name="cart")
    reading = await _seen_soon(watched, lambda it: bool(it.idle_in_transaction))
    [idle] = reading.idle_in_transaction
    assert (idle.pid, idle.application, idle.user) == (pid, "cart", "chief")
    assert (idle.database, idle.client, idle.wait) == ("postgres", "", "")
    assert idle.statement == "SELECT 'left alone'"
    assert 0 < idle.age_s <= idle.transaction_s < 60
    assert reading.longest_idle_in_transaction_s == idle.age_s


async def test_what_runs_is_named_longest_first_with_what_it_waits_for(
    cluster, sessions, watch
) -> None:
    sleeping = await sessions.begin("SELECT pg_sleep(60)")
    computing = await sessions.begin("SELECT count(*) FROM generate_series(1, 1e9)")
    watched = await watch(cluster.dsn())
    reading = await watched.until(lambda it: len(it.running) == 2)
    first, second = reading.running
    assert (first.pid, first.wait) == (sleeping, "Timeout:PgSleep")
    assert (second.pid, second.statement) == (
        computing,
        "SELECT count(*) FROM generate_series(1, 1e9)",
    )
    assert reading.longest_running_s == first.age_s >= second.age_s
    # A backend that burns a processor shows in the chart of active sessions, too.
    reading = await watched.next()
    assert reading.active_by_event is not None
    assert reading.active_by_event["Timeout:PgSleep"] == 1
    assert reading.active_by_event.get("CPU", 0.0) > 0.3


async def test_victims_of_a_hot_row_are_named_with_lock_and_table(cluster, sessions, watch) -> None:
    cluster.execute("CREATE TABLE stock (n int)", "INSERT INTO stock VALUES (1)")
    try:
        watched = await watch(cluster.dsn())
        await watched.next()
        holder = await sessions.open("BEGIN", "UPDATE stock SET n = 2")
        victims = [await sessions.begin("UPDATE stock SET n = 3") for _ in range(3)]
        reading = await _seen_soon(watched, lambda it: len(it.waiters) == 3)
        assert [blocker.pid for blocker in reading.blockers] == [holder]
        assert {waiter.pid for waiter in reading.waiters} == set(victims)
        assert {waiter.relation for waiter in reading.waiters} == {"stock"}
        first = next(it for it in reading.waiters if it.blocked_by == (holder,))
        assert first.lock == "ShareLock on transactionid"
        opinion = dict(
            cluster.rows("SELECT pid, pg_blocking_pids(pid) FROM unnest(%s::int[]) pid", victims)
        )
        assert {it.pid: list(it.blocked_by) for it in reading.waiters} == opinion
        assert all(it.statement == "UPDATE stock SET n = 3" for it in reading.waiters)
        assert all(it.wait_s is None or 0 <= it.wait_s < 60 for it in reading.waiters)
    finally:
        await sessions.close()
        cluster.execute("DROP TABLE stock")


async def test_a_pool_that_is_exhausted_shows_as_a_group_of_which_all_are_busy(
    cluster, sessions, watch
) -> None:
    for _ in range(3):
        await sessions.begin("SELECT pg_sleep(60)")
    await sessions.open(name="psql")
    await sessions.open(name="psql")
    watched = await watch(cluster.dsn())
    reading = await watched.until(lambda it: len(it.groups) == 2)
    pool, others = reading.groups
    assert (pool.user, pool.application, pool.sessions, pool.active) == ("chief", "app", 3, 3)
    assert (others.application, others.sessions, others.active) == ("psql", 2, 0)


async def test_fifteen_statements_a_request_are_counted_and_the_probes_own_are_not_named(
    statements, watch
) -> None:
    session = await asyncpg.connect(statements.dsn())
    try:
        watched = await watch(statements.dsn())
        await watched.next()
        began_s = time.monotonic()
        for _ in range(20):
            for _ in range(14):
                await session.fetchval("SELECT $1::int + 41", 1)
            await session.fetchval("SELECT count(*) FROM generate_series(1, 1000)")
        reading = await watched.until(
            lambda it: any(figures.calls == 280 for figures in it.statements)
        )
        assert time.monotonic() - began_s < 4 * _SOON_S
    finally:
        await session.close()
    calls = {figures.text: figures.calls for figures in reading.statements}
    assert calls["SELECT $1::int + $2"] == 280
    assert calls["SELECT count(*) FROM generate_series($1, $2)"] == 20
    assert all("vumeter" not in text for text in calls)
    figures = next(it for it in reading.statements if it.calls == 280)
    assert (figures.is_new, figures.rows, figures.user) == (True, 280, "chief")
    assert figures.mean_ms == pytest.approx(figures.total_ms / 280)
    assert reading.statements_remark == ""


async def test_statements_appear_when_the_extension_does_and_their_lack_says_what_to_do(
    cluster, watch
) -> None:
    watched = await watch(cluster.dsn())
    reading = await watched.until(lambda it: bool(it.statements_remark))
    assert "CREATE EXTENSION pg_stat_statements" in reading.statements_remark
    assert (reading.statements, reading.statements_span_s, reading.remark) == ((), None, "")


async def test_statements_of_others_are_hidden_from_an_ordinary_role_and_that_is_said(
    statements, sessions, watch
) -> None:
    statements.execute("CREATE ROLE guest LOGIN", "SELECT 'secret of the chief'")
    await sessions.open()
    try:
        watched = await watch(statements.dsn("guest"))
        reading = await watched.until(lambda it: bool(it.statements_remark))
        assert reading.statements_remark == (
            "other roles' statements are hidden from the probe → GRANT pg_monitor TO guest"
        )
        assert reading.running == () and reading.groups == ()
        assert reading.longest_running_s is None
    finally:
        statements.execute("DROP ROLE guest")


async def test_a_scan_of_a_million_rows_and_an_index_of_no_use_are_seen(cluster, watch) -> None:
    cluster.execute(
        "CREATE TABLE ticks AS SELECT n, mod(n, 97) AS k FROM generate_series(1, 1000000) n",
        "CREATE INDEX ticks_k ON ticks (k)",
        "ANALYZE ticks",
    )
    try:
        watched = await watch(cluster.dsn())
        await watched.until(lambda it: it.tables_span_s is not None)
        # A session reports what it read when it ends, at the latest.
        cluster.execute("SELECT count(*) FROM ticks WHERE mod(n, 7) = 3")
        reading = await _seen_soon(
            watched, lambda it: any(table.sequential_scans for table in it.tables)
        )
        table = reading.tables[0]
        assert table.name == "public.ticks"
        # Parallel workers and their leader count a scan each, and every row once.
        assert table.sequential_scans >= 1
        assert table.sequential_rows == pytest.approx(1_000_000, rel=0.01)
        assert table.live_rows == pytest.approx(1_000_000, rel=0.05)
        assert table.vacuum_age_s is None
        assert [index.name for index in reading.unused_indexes] == ["ticks_k"]
    finally:
        cluster.execute("DROP TABLE ticks")


async def test_temporary_files_wal_and_checkpoints_are_counted_from_when_the_run_began(
    cluster, watch
) -> None:
    watched = await watch(cluster.dsn())
    before = await watched.until(lambda it: it.checkpoints_requested is not None)
    assert (before.checkpoints_requested, before.temporary_files) == (0, 0)
    cluster.execute(
        "SET work_mem = '64kB'; SELECT n FROM generate_series(1, 200000) n ORDER BY n DESC",
        "CREATE TABLE filled AS SELECT n FROM generate_series(1, 50000) n",
        "DROP TABLE filled",
        "CHECKPOINT",
    )
    reading = await watched.until(lambda it: bool(it.checkpoints_requested and it.temporary_files))
    assert reading.checkpoints_requested == 1
    assert reading.wal_bytes_per_s is not None and reading.wal_bytes_per_s > 0
    assert (reading.replicas, reading.replication_lag_s) == ((), None)


async def test_hostile_names_reach_nobody_as_they_are(cluster, sessions, watch) -> None:
    cluster.execute('CREATE TABLE "h\x1b[2J[bold]" (n int)')
    try:
        await sessions.open("BEGIN", "SELECT 1 /* \x1b]0;x\x07 */", name=_HOSTILE)
        watched = await watch(cluster.dsn())
        reading = await watched.until(
            lambda it: bool(it.idle_in_transaction and it.groups and it.tables)
        )
        # The server itself replaces what is not ASCII in application names.
        name = reading.idle_in_transaction[0].application
        assert "\x1b" not in name and "\u202e" not in name and name.startswith("app")
        assert reading.idle_in_transaction[0].statement == "SELECT 1 /* �]0;x� */"
        assert reading.groups[0].application == name
        assert reading.tables[0].name == "public.h�[2J[bold]"
    finally:
        await sessions.close()
        cluster.execute('DROP TABLE "h\x1b[2J[bold]"')
