"""What the probe does for the operator, against a real server: plans, cancellations, ends."""

import asyncpg
import pytest

from vumeter.model.throttle import Command, CommandKind
from vumeter.run.database import DatabaseHand
from vumeter.testing.patience import until

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


async def _noticed(watched) -> str:
    """Return what came of an errand."""
    return str((await until(watched.probe.notices))[0])


async def test_a_statement_is_cancelled_and_its_session_stays(cluster, sessions, watch) -> None:
    pid = await sessions.begin("SELECT pg_sleep(60)")
    watched = await watch(cluster.dsn())
    await watched.until(lambda it: [each.pid for each in it.running] == [pid])
    assert watched.probe.end_backend(pid, ends=False)
    assert await _noticed(watched) == f"PostgreSQL was told to cancel what {pid} executes"
    reading = await watched.until(lambda it: not it.running)
    assert reading.groups or reading.sessions_idle == 1


async def test_a_session_that_holds_up_others_is_ended_and_they_go_on(
    cluster, sessions, watch
) -> None:
    cluster.execute("CREATE TABLE ended (n int)", "INSERT INTO ended VALUES (1)")
    try:
        holder = await sessions.open("BEGIN", "UPDATE ended SET n = 2")
        await sessions.begin("UPDATE ended SET n = 3")
        watched = await watch(cluster.dsn())
        await watched.until(lambda it: bool(it.blockers))
        assert watched.probe.end_backend(holder, ends=True)
        assert await _noticed(watched) == f"PostgreSQL was told to end the session {holder}"
        await watched.until(lambda it: it.blocked_sessions == 0)
        await cluster.until("SELECT n FROM ended", [(3,)])
    finally:
        await sessions.close()
        cluster.execute("DROP TABLE ended")


async def test_who_may_not_end_sessions_is_told_what_to_grant(cluster, sessions, watch) -> None:
    cluster.execute("CREATE ROLE onlooker LOGIN IN ROLE pg_monitor", "CREATE ROLE app LOGIN")
    try:
        pid = await sessions.open("BEGIN", "SELECT 1", user="app")
        watched = await watch(cluster.dsn("onlooker"))
        await watched.until(lambda it: bool(it.idle_in_transaction))
        assert watched.probe.end_backend(pid, ends=True)
        words = await _noticed(watched)
        assert words.startswith(f"could not end the session {pid}: ")
        assert words.endswith("→ GRANT pg_signal_backend TO onlooker")
        assert (await watched.next()).idle_in_transaction[0].pid == pid
    finally:
        await sessions.close()
        cluster.execute("DROP ROLE onlooker", "DROP ROLE app")


async def test_neither_the_probe_itself_nor_who_came_later_can_be_ended(
    cluster, sessions, watch
) -> None:
    watched = await watch(cluster.dsn())
    await watched.next()
    [(own,)] = cluster.rows("SELECT pid FROM pg_stat_activity WHERE application_name = 'vumeter'")
    assert watched.probe.end_backend(int(own), ends=True)
    assert (await _noticed(watched)).endswith("there is no such session any more")
    await watched.next()
    assert cluster.rows("SELECT pid FROM pg_stat_activity WHERE application_name = 'vumeter'") == [
        (own,)
    ]


async def test_a_statement_with_values_is_planned_and_not_executed(statements, watch) -> None:
    statements.execute(
        "CREATE TABLE planned AS SELECT n FROM generate_series(1, 1000) n", "ANALYZE planned"
    )
    session = await asyncpg.connect(statements.dsn())
    try:
        watched = await watch(statements.dsn())
        await watched.next()
        for _ in range(3):
            await session.execute("DELETE FROM planned WHERE n = -1")
        reading = await watched.until(
            lambda it: any("DELETE FROM planned" in each.text for each in it.statements)
        )
        deletion = next(it for it in reading.statements if "DELETE FROM planned" in it.text)
        assert "$1" in deletion.text
        assert watched.probe.explain(deletion.id)
        reading = await watched.until(lambda it: it.plan is not None)
        assert (reading.plan.id, reading.plan.remark) == (deletion.id, "")
        assert reading.plan.lines[0].startswith("Delete on planned")
        assert any("Seq Scan on planned" in line for line in reading.plan.lines)
        assert statements.rows("SELECT count(*) FROM planned") == [(1000,)]
    finally:
        await session.close()
        statements.execute("DROP TABLE planned")


async def test_what_cannot_be_planned_says_why(statements, watch) -> None:
    session = await asyncpg.connect(statements.dsn())
    try:
        watched = await watch(statements.dsn())
        await watched.next()
        for _ in range(3):
            await session.execute("CREATE TEMPORARY TABLE passing (n int); DROP TABLE passing")
        reading = await watched.until(
            lambda it: any("CREATE TEMP" in each.text for each in it.statements)
        )
        creation = next(it for it in reading.statements if "CREATE TEMP" in it.text)
        assert watched.probe.explain(creation.id)
        reading = await watched.until(lambda it: it.plan is not None)
        assert (reading.plan.lines, reading.plan.id) == ((), creation.id)
        assert "syntax error" in reading.plan.remark
    finally:
        await session.close()


async def test_a_role_that_may_not_read_a_table_is_told_so(statements, watch) -> None:
    statements.execute(
        "CREATE ROLE watcher LOGIN IN ROLE pg_monitor", "CREATE TABLE secret (n int)"
    )
    session = await asyncpg.connect(statements.dsn())
    try:
        watched = await watch(statements.dsn("watcher"))
        await watched.next()
        for _ in range(3):
            await session.execute("SELECT n FROM secret")
        reading = await watched.until(
            lambda it: any("FROM secret" in each.text for each in it.statements)
        )
        selection = next(it for it in reading.statements if "FROM secret" in it.text)
        assert watched.probe.explain(selection.id)
        reading = await watched.until(lambda it: it.plan is not None)
        assert reading.plan.remark.startswith("permission denied for table secret → GRANT SELECT")
    finally:
        await session.close()
        statements.execute("DROP TABLE secret", "DROP ROLE watcher")


async def test_a_command_for_a_session_needs_the_profile_and_a_session_that_is_shown(
    cluster, sessions, watch
) -> None:
    pid = await sessions.open("BEGIN", "SELECT 1")
    watched = await watch(cluster.dsn())
    end = Command(kind=CommandKind.END_BACKEND, author="ann", pid=pid)
    careful = DatabaseHand({"": watched.probe}, may_end=False)
    assert careful.take(end).message == "The database is connecting"
    await watched.until(lambda it: bool(it.idle_in_transaction))
    assert careful.take(end).message.endswith("limits.end_backends = true would")
    hand = DatabaseHand({"": watched.probe}, may_end=True)
    [(own,)] = cluster.rows("SELECT pid FROM pg_stat_activity WHERE application_name = 'vumeter'")
    for other in (own, None, 0, 1):
        effect = hand.take(Command(kind=CommandKind.END_BACKEND, author="ann", pid=other))
        assert (effect.accepted, effect.message) == (
            False,
            f"Session {other} is not among those shown",
        )
    unknown = Command(kind=CommandKind.EXPLAIN, author="ann", statement="12")
    assert not hand.take(unknown).accepted
    effect = hand.take(end)
    assert (effect.accepted, effect.label) == (True, f"end {pid}")
    await watched.until(lambda it: not it.idle_in_transaction)
