"""The PostgreSQL probe while its server stops, freezes, fills up and changes its mind."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import pytest

from vumeter.clock import monotonic_ns
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.probes.postgres import PostgresProbe
from vumeter.testing.patience import until

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

_OWN = "SELECT pid FROM pg_stat_activity WHERE application_name = 'vumeter'"


def _has_no_numbers(reading: PostgresReading) -> bool:
    numbers = (
        reading.sessions_active,
        reading.connections_used,
        reading.connections_max,
        reading.active_by_wait,
        reading.transactions_per_s,
        reading.cache_hit_ratio,
        reading.deadlocks,
        reading.blocked_sessions,
        reading.longest_transaction_s,
        reading.probe_ms,
    )
    return all(number is None for number in numbers)


async def test_a_server_stopped_at_once_is_down_and_up_again_when_it_restarts(
    own_cluster, watch
) -> None:
    watched = await watch(own_cluster.dsn())
    await watched.until_state(PostgresState.UP)
    own_cluster.stop("immediate")
    reading = await watched.until_state(PostgresState.DOWN)
    assert _has_no_numbers(reading)
    assert reading.server_version
    older = await watched.until(lambda later: later.age_s > reading.age_s + 1)
    assert older.state is PostgresState.DOWN
    assert "comes back" in older.remark
    own_cluster.start()
    assert (await watched.until_state(PostgresState.UP)).age_s < 2
    # The counters have lost their past with the crash: no rate is made up from that.
    rate = (await watched.next()).transactions_per_s
    assert rate is not None and rate < 100


async def test_a_frozen_server_is_slow_and_leaves_one_connection_when_it_thaws(
    own_cluster, watch
) -> None:
    watched = await watch(own_cluster.dsn())
    await watched.until_state(PostgresState.UP)
    frozen = own_cluster.freeze()
    try:
        reading = await watched.until_state(PostgresState.SLOW)
        assert reading.remark.startswith("no answer in time")
        assert _has_no_numbers(reading)
        await watched.until(lambda later: later.age_s > reading.age_s + 4)
    finally:
        own_cluster.thaw(frozen)
    await watched.until_state(PostgresState.UP)
    await _until_one_connection(own_cluster, watched)


async def test_a_frozen_backend_is_left_for_another_one(own_cluster, watch) -> None:
    watched = await watch(own_cluster.dsn())
    await watched.until_state(PostgresState.UP)
    [(backend,)] = own_cluster.rows(_OWN)
    os.kill(backend, signal.SIGSTOP)
    try:
        await watched.until_state(PostgresState.SLOW)
        await watched.until_state(PostgresState.UP)
    finally:
        os.kill(backend, signal.SIGCONT)
    await _until_one_connection(own_cluster, watched)


async def _until_one_connection(cluster, watched) -> None:
    await watched.until(lambda _: len(cluster.rows(_OWN)) == 1)


async def test_a_look_that_takes_too_long_is_slow_and_keeps_its_connection(
    own_cluster, own_sessions, watch
) -> None:
    watched = await watch(own_cluster.dsn())
    await watched.until_state(PostgresState.UP)
    before = own_cluster.rows(_OWN)
    # pg_database stands behind pg_stat_activity.
    locker = await own_sessions.open("BEGIN", "LOCK pg_database IN ACCESS EXCLUSIVE MODE")
    reading = await watched.until_state(PostgresState.SLOW)
    assert "500 ms" in reading.remark
    own_cluster.end(locker)
    await watched.until_state(PostgresState.UP)
    assert own_cluster.rows(_OWN) == before


async def test_looks_that_take_long_are_rarer_and_that_is_said(cluster) -> None:
    # By this clock every look takes seconds.
    probe = PostgresProbe(cluster.dsn(), clock=lambda: monotonic_ns() * 5000)
    running = asyncio.create_task(probe.run())
    try:
        await cluster.until(f"SELECT count(*) FROM ({_OWN}) AS own", [(1,)])
        await until(lambda: running.done() or probe.latest.state is not PostgresState.CONNECTING)
        assert "one every 5.0 s" in probe.latest.remark
    finally:
        await probe.close()


async def test_a_full_server_does_not_put_out_a_probe_that_is_already_in(
    own_cluster, own_sessions, watch
) -> None:
    watched = await watch(own_cluster.dsn())
    await watched.until_state(PostgresState.UP)
    for _ in range(11):
        await own_sessions.open()
    reading = await watched.until(lambda reading: reading.connections_used == 12)
    assert (reading.connections_max, reading.connections_reserved) == (12, 3)
    assert reading.state is PostgresState.UP


async def test_without_a_slot_the_probe_is_refused_and_comes_in_when_one_is_free(
    own_cluster, own_sessions, watch
) -> None:
    own_cluster.execute("CREATE ROLE carl LOGIN", "GRANT pg_monitor TO carl")
    watched = await watch(own_cluster.dsn("carl"))
    await watched.until_state(PostgresState.UP)
    [(backend,)] = own_cluster.rows(_OWN)
    others = [await own_sessions.open() for _ in range(9)]
    own_cluster.end(backend)
    reading = await watched.until_state(PostgresState.REFUSED)
    assert reading.remark.startswith("no slot left: 9/12, 3 are reserved")
    own_cluster.end(others[0])
    await watched.until_state(PostgresState.UP)


async def test_a_server_that_is_full_from_the_start_is_refused_until_there_is_a_slot(
    own_cluster, own_sessions, watch
) -> None:
    others = [await own_sessions.open() for _ in range(12)]
    watched = await watch(own_cluster.dsn())
    reading = await watched.until_state(PostgresState.REFUSED)
    assert reading.remark.startswith("no slot left: sorry, too many clients already")
    own_cluster.end(others[0])
    await watched.until_state(PostgresState.UP)


async def test_a_password_that_no_longer_fits_is_refused_until_it_does(own_cluster, watch) -> None:
    own_cluster.execute("CREATE ROLE ann LOGIN PASSWORD 'first'", "GRANT pg_monitor TO ann")
    watched = await watch(own_cluster.tcp_dsn("ann", "first"))
    await watched.until_state(PostgresState.UP)
    own_cluster.execute("ALTER ROLE ann PASSWORD 'second'")
    own_cluster.execute(f"SELECT pg_terminate_backend(pid) FROM ({_OWN}) AS own")
    reading = await watched.until_state(PostgresState.REFUSED)
    assert 'password authentication failed for user "ann"' in reading.remark
    assert "first" not in reading.remark
    own_cluster.execute("ALTER ROLE ann PASSWORD 'first'")
    await watched.until_state(PostgresState.UP)


async def test_a_role_that_may_no_longer_log_in_is_refused_until_it_may(own_cluster, watch) -> None:
    own_cluster.execute("CREATE ROLE bob LOGIN")
    watched = await watch(own_cluster.dsn("bob"))
    await watched.until_state(PostgresState.UP)
    own_cluster.execute(
        "ALTER ROLE bob NOLOGIN", f"SELECT pg_terminate_backend(pid) FROM ({_OWN}) AS own"
    )
    reading = await watched.until_state(PostgresState.REFUSED)
    assert "not permitted to log in" in reading.remark
    own_cluster.execute("ALTER ROLE bob LOGIN")
    await watched.until_state(PostgresState.UP)


async def test_what_other_roles_do_is_hidden_until_pg_monitor_is_granted(
    cluster, sessions, watch
) -> None:
    cluster.execute("CREATE ROLE dora LOGIN", "CREATE TABLE seen (n int)")
    cluster.execute("INSERT INTO seen VALUES (1)")
    try:
        holder = await sessions.open("BEGIN", "UPDATE seen SET n = 2", name="holder")
        await sessions.begin("UPDATE seen SET n = 3")
        watched = await watch(cluster.dsn("dora"))
        reading = await watched.until(lambda reading: bool(reading.blockers))
        assert reading.state is PostgresState.UP
        assert "GRANT pg_monitor TO dora" in reading.remark
        assert reading.connections_used == 3
        assert reading.sessions_active is None
        assert reading.active_by_wait is None
        assert reading.longest_transaction_s is None
        # Locks are nobody's secret.
        [blocker] = reading.blockers
        assert reading.blocked_sessions == 1
        assert (blocker.pid, blocker.blocked, blocker.state) == (holder, 1, "hidden")
        assert (blocker.application, blocker.statement) == ("holder", "")

        cluster.execute("GRANT pg_monitor TO dora")
        reading = await watched.until(lambda reading: reading.remark == "")
        assert (reading.sessions_active, reading.sessions_idle_in_transaction) == (1, 1)
        assert reading.longest_transaction_pid == holder

        cluster.execute("REVOKE pg_monitor FROM dora")
        reading = await watched.until(lambda reading: "GRANT" in reading.remark)
        assert reading.sessions_active is None
    finally:
        await sessions.close()
        cluster.execute("DROP TABLE seen")


async def test_a_role_that_owns_every_session_needs_no_grant(cluster, sessions, watch) -> None:
    cluster.execute("CREATE ROLE emil LOGIN")
    await sessions.begin("SELECT pg_sleep(60)", user="emil")
    watched = await watch(cluster.dsn("emil"))
    reading = await watched.next()
    assert reading.remark == ""
    assert (reading.sessions_active, reading.active_by_wait) == (1, {"Timeout": 1.0})


async def test_cancelling_run_gives_the_connection_back(cluster) -> None:
    probe = PostgresProbe(cluster.dsn())
    running = asyncio.create_task(probe.run())
    await cluster.until(f"SELECT count(*) FROM ({_OWN}) AS own", [(1,)])
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await probe.close()
    await cluster.until(_OWN, [])


async def test_cancelling_run_while_it_connects_leaves_nothing_behind() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.setblocking(False)
        loop = asyncio.get_running_loop()
        host, port = silent.getsockname()
        probe = PostgresProbe(f"postgresql://ann@{host}:{port}/shop?sslmode=disable")
        running = asyncio.create_task(probe.run())
        connection, _ = await loop.sock_accept(silent)
        with connection:
            assert await loop.sock_recv(connection, 1024)
            await asyncio.wait_for(probe.close(), timeout=5)
            assert running.cancelled()
            assert await loop.sock_recv(connection, 1024) == b""
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_question_that_a_frozen_server_leaves_open_does_not_hold_up_the_end(
    own_cluster, watch
) -> None:
    watched = await watch(own_cluster.dsn())
    await watched.until_state(PostgresState.UP)
    frozen = own_cluster.freeze()
    try:
        await watched.until(lambda reading: reading.age_s > 1.3)
        # A second for the farewell that nobody answers, and patience with a busy machine.
        await asyncio.wait_for(watched.probe.close(), timeout=5)
    finally:
        own_cluster.thaw(frozen)
    await own_cluster.until(_OWN, [])


async def test_fifty_lives_of_a_probe_leave_no_connection_and_no_descriptor(cluster) -> None:
    def descriptors() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    probe = PostgresProbe(cluster.dsn())
    await probe.check()
    before = descriptors()
    for life in range(50):
        running = asyncio.create_task(probe.run())
        await asyncio.sleep(life / 2000)
        running.cancel()
        await asyncio.wait((running,))
        assert running.cancelled()
    await cluster.until(_OWN, [])
    assert descriptors() == before


async def test_a_server_that_answers_garbage_is_no_postgresql_and_ends_nothing(watch) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        for tls in ("disable", "prefer", "require"):
            watched = await watch(f"postgresql://ann:s3cret@{host}:{port}/shop?sslmode={tls}")
            reading = await watched.until(
                lambda reading: reading.state is not PostgresState.CONNECTING
            )
            assert reading.state in (PostgresState.DOWN, PostgresState.REFUSED)
            assert "PostgreSQL that listens there" in reading.remark
            assert "s3cret" not in reading.remark
