"""The PostgreSQL probe against a real server, with psycopg for a second opinion."""

import asyncio
import math
from pathlib import Path

import pytest

from vumeter.model.probes import PostgresState

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


async def test_the_first_look_knows_the_server_and_its_slots(cluster, watch) -> None:
    watched = await watch(cluster.dsn())
    assert watched.probe.latest.state is PostgresState.CONNECTING
    reading = await watched.until_state(PostgresState.UP)
    [(version, slots, reserved)] = cluster.rows(
        "SELECT split_part(current_setting('server_version'), ' ', 1),"
        " current_setting('max_connections')::int,"
        " current_setting('superuser_reserved_connections')::int"
    )
    assert (reading.server_version, reading.connections_max) == (version, slots)
    assert reading.connections_reserved == reserved
    assert reading.remark == ""
    assert reading.probe_ms is not None and reading.probe_ms > 0


async def test_sessions_are_counted_by_state_and_the_probe_is_a_connection_only(
    cluster, sessions, watch
) -> None:
    for _ in range(2):
        await sessions.open()
    await sessions.open("BEGIN", "SELECT 1")
    await sessions.begin("SELECT pg_sleep(60)")
    watched = await watch(cluster.dsn())
    reading = await watched.next()
    assert reading.sessions_active == 1
    assert reading.sessions_idle == 2
    assert reading.sessions_idle_in_transaction == 1
    assert reading.sessions_other == 0
    assert reading.connections_used == 5


async def test_a_transaction_that_failed_and_stays_open_counts_as_idle_in_transaction(
    cluster, sessions, watch
) -> None:
    await sessions.begin("SELECT 1/0", "BEGIN")
    watched = await watch(cluster.dsn())
    reading = await watched.until(lambda reading: reading.sessions_idle_in_transaction == 1)
    assert (reading.sessions_active, reading.sessions_other) == (0, 0)


async def test_active_sessions_are_averaged_by_what_they_wait_for(cluster, sessions, watch) -> None:
    cluster.execute("CREATE TABLE waits (n int)", "INSERT INTO waits VALUES (1)")
    try:
        for _ in range(3):
            await sessions.begin("SELECT pg_sleep(60)")
        await sessions.open("BEGIN", "UPDATE waits SET n = 2")
        for _ in range(2):
            await sessions.begin("UPDATE waits SET n = 3")
        await sessions.begin("SELECT count(*) FROM generate_series(1, 1e9)")
        watched = await watch(cluster.dsn())
        await watched.until(lambda reading: (reading.active_by_wait or {}).get("Lock") == 2)
        active = (await watched.next()).active_by_wait
        assert active is not None
        assert (active.pop("Timeout"), active.pop("Lock")) == (3, 2)
        # The one that computes may write to a temporary file now and then.
        assert math.isclose(sum(active.values()), 1)
        assert active["CPU"] > 0.5
    finally:
        await sessions.close()
        cluster.execute("DROP TABLE waits")


async def test_a_chain_of_three_has_one_root_that_blocks_two(cluster, sessions, watch) -> None:
    cluster.execute("CREATE TABLE chain (id int, n int)", "INSERT INTO chain VALUES (1, 0), (2, 0)")
    try:
        first = await sessions.open(
            "BEGIN", "UPDATE chain SET n = 1 WHERE id = 1", name="the first"
        )
        second = await sessions.begin(
            "UPDATE chain SET n = 2 WHERE id = 1", "BEGIN", "UPDATE chain SET n = 2 WHERE id = 2"
        )
        third = await sessions.begin("UPDATE chain SET n = 3 WHERE id = 2")
        watched = await watch(cluster.dsn())
        reading = await watched.until(lambda reading: reading.blocked_sessions == 2)
        opinion = dict(
            cluster.rows("SELECT pid, pg_blocking_pids(pid) FROM unnest(%s) pid", [second, third])
        )
        assert opinion == {second: [first], third: [second]}
        [blocker] = reading.blockers
        assert (blocker.pid, blocker.blocked) == (first, 2)
        assert blocker.application == "the first"
        assert blocker.state == "idle in transaction"
        assert blocker.statement == "UPDATE chain SET n = 1 WHERE id = 1"
        assert 0 < blocker.age_s < 60
        assert reading.longest_transaction_pid == first
    finally:
        await sessions.close()
        cluster.execute("DROP TABLE chain")
    reading = await watched.until(lambda reading: reading.blocked_sessions == 0)
    assert reading.blockers == ()


async def test_a_hot_row_has_one_blocker_however_many_queue_for_it(
    cluster, sessions, watch
) -> None:
    cluster.execute("CREATE TABLE hot (n int)", "INSERT INTO hot VALUES (1)")
    try:
        holder = await sessions.open("BEGIN", "UPDATE hot SET n = 2")
        for _ in range(8):
            await sessions.begin("UPDATE hot SET n = 3")
        watched = await watch(cluster.dsn())
        reading = await watched.until(lambda reading: reading.blocked_sessions == 8)
        assert [(blocker.pid, blocker.blocked) for blocker in reading.blockers] == [(holder, 8)]
    finally:
        await sessions.close()
        cluster.execute("DROP TABLE hot")


async def test_a_forgotten_prepared_transaction_is_named_as_the_blocker(
    cluster, sessions, watch
) -> None:
    cluster.execute("CREATE TABLE prepared (n int)", "INSERT INTO prepared VALUES (1)")
    try:
        await sessions.open("BEGIN", "UPDATE prepared SET n = 2", "PREPARE TRANSACTION 'forgotten'")
        await sessions.begin("UPDATE prepared SET n = 3")
        watched = await watch(cluster.dsn())
        reading = await watched.until(lambda reading: bool(reading.blockers))
        [blocker] = reading.blockers
        assert (blocker.pid, blocker.state) == (0, "prepared transaction")
        assert (blocker.application, blocker.blocked) == ("forgotten", 1)
    finally:
        cluster.execute("ROLLBACK PREPARED 'forgotten'")
        await sessions.close()
        cluster.execute("DROP TABLE prepared")


async def test_a_deadlock_is_counted_from_when_the_run_began(cluster, sessions, watch) -> None:
    cluster.execute("CREATE TABLE ring (id int, n int)", "INSERT INTO ring VALUES (1, 0), (2, 0)")
    update = "UPDATE ring SET n = n + 1 WHERE id = {}"
    try:
        watched = await watch(cluster.dsn())
        assert (await watched.next()).deadlocks == 0
        [(before,)] = cluster.rows("SELECT sum(deadlocks)::int FROM pg_stat_database")
        for mine, other in ((1, 2), (2, 1)):
            await sessions.begin(
                f"DO $$ BEGIN {update.format(mine)}; PERFORM pg_sleep(0.5);"
                f" {update.format(other)}; END $$"
            )
        await watched.until(lambda reading: reading.deadlocks == 1)
        [(after,)] = cluster.rows("SELECT sum(deadlocks)::int FROM pg_stat_database")
        assert after - before == 1
    finally:
        await sessions.close()
        cluster.execute("DROP TABLE ring")


async def test_the_longest_transaction_has_its_age_and_pid(cluster, sessions, watch) -> None:
    old = await sessions.open("BEGIN", "SELECT 1")
    await sessions.open("BEGIN", "SELECT 1")
    watched = await watch(cluster.dsn())
    [(at_least_s,)] = cluster.rows(
        "SELECT extract(epoch FROM clock_timestamp() - xact_start)::float8"
        " FROM pg_stat_activity WHERE pid = %s",
        old,
    )
    reading = await watched.next()
    [(at_most_s,)] = cluster.rows(
        "SELECT extract(epoch FROM clock_timestamp() - xact_start)::float8"
        " FROM pg_stat_activity WHERE pid = %s",
        old,
    )
    assert reading.longest_transaction_pid == old
    assert at_least_s <= reading.longest_transaction_s <= at_most_s
    await sessions.close()
    reading = await watched.until(lambda reading: reading.longest_transaction_pid is None)
    assert reading.longest_transaction_s == 0


async def test_a_hostile_statement_reaches_nobody_as_it_is(cluster, sessions, watch) -> None:
    cluster.execute("CREATE TABLE hostile (n int)", "INSERT INTO hostile VALUES (1)")
    try:
        await sessions.open(
            "BEGIN",
            "UPDATE hostile\n\tSET n = 2 /* \x1b[2J\x9b31m\u202e [red] */ ",
        )
        await sessions.begin("UPDATE hostile SET n = 3")
        watched = await watch(cluster.dsn())
        reading = await watched.until(lambda reading: bool(reading.blockers))
        [blocker] = reading.blockers
        assert blocker.statement == "UPDATE hostile SET n = 2 /* �[2J�31m� [red] */"
    finally:
        await sessions.close()
        cluster.execute("DROP TABLE hostile")


async def test_an_idle_server_shows_no_transactions_for_the_probes_own_are_left_out(
    cluster, watch
) -> None:
    watched = await watch(cluster.dsn())
    rates = [(await watched.next()).transactions_per_s for _ in range(2)]
    # Autovacuum may wake up once.
    assert sum(rate for rate in rates if rate is not None) <= 3


async def test_the_probe_costs_the_database_less_than_half_a_percent_of_a_core(
    cluster, sessions, watch
) -> None:
    """At 80 sessions, most of them idle; docs/postgres.md has the figures for 100."""
    for _ in range(60):
        await sessions.open()
    for _ in range(20):
        await sessions.begin("SELECT pg_sleep(600)")
    watched = await watch(cluster.dsn())
    await watched.next()
    [(pid,)] = cluster.rows("SELECT pid FROM pg_stat_activity WHERE application_name = 'vumeter'")
    loop = asyncio.get_running_loop()
    began_s, began_cpu_ns = loop.time(), _cpu_ns(pid)
    for _ in range(2):
        reading = await watched.next()
    cpu_s, span_s = (_cpu_ns(pid) - began_cpu_ns) / 1e9, loop.time() - began_s
    assert reading.connections_used == 81
    assert cpu_s / span_s < 0.005


def _cpu_ns(pid: int) -> int:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
