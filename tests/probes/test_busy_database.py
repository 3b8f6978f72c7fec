"""What a report says that a real server was busy with, beside what the server says itself."""

import asyncpg
import pytest
from msgspec.structs import replace

from vumeter.report.analysis.database import DatabaseLog
from vumeter.testing.seconds import MadeUpRun

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


async def test_statements_and_waits_of_a_report_are_those_of_the_server(
    statements, sessions, watch
) -> None:
    await sessions.begin("SELECT pg_sleep(60)")
    session = await asyncpg.connect(statements.dsn())
    try:
        watched = await watch(statements.dsn())
        await watched.next()
        for _ in range(50):
            await session.fetchval("SELECT count(*) FROM generate_series(1, 2000)")
        reading = await watched.until(
            lambda it: any(figures.calls == 50 for figures in it.statements)
        )
    finally:
        await session.close()
    second = int(reading.statements_span_s or 0) + 1
    run = MadeUpRun(endpoints=1, requests=10).reading(second)
    log = DatabaseLog()
    log.add(replace(run, postgres=reading))
    (use,) = log.uses()
    text = "SELECT count(*) FROM generate_series($1, $2)"
    [(calls, total_ms, rows)] = statements.rows(
        "SELECT calls, total_exec_time, rows FROM pg_stat_statements WHERE query = %s", text
    )
    found = next(it for it in use.statements if it.text == text)
    assert calls == 50
    assert found.calls_per_s * use.statements_s == pytest.approx(calls)
    assert found.mean_ms == pytest.approx(total_ms / calls)
    assert found.rows_per_call == rows / calls == 1
    # Of 10 requests a second, as the made-up run has them.
    assert found.calls_per_request == pytest.approx(found.calls_per_s / 10, rel=0.2)
    assert found.is_new and found.share_ratio <= 1
    sleeping = {it.event: it.sessions for it in use.waits}
    assert sleeping["Timeout:PgSleep"] == pytest.approx(1, abs=0.01)
