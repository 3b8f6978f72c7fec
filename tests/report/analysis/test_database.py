"""What databases were busy with, beside what readings say one by one."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from vumeter.model.measure import Reading
from vumeter.model.probes import PostgresState
from vumeter.report.analysis.database import DatabaseLog, DatabaseUse
from vumeter.report.analysis.tables import analysis_tables
from vumeter.report.analysis.whole import Analysis
from vumeter.stats.spans import merged
from vumeter.testing.seconds import MadeUpRun

SECONDS = 120


@pytest.fixture(scope="module")
def readings() -> list[Reading]:
    run = MadeUpRun(endpoints=1, requests=20)
    return [run.reading(second) for second in range(SECONDS)]


def uses(readings: Sequence[Reading]) -> tuple[DatabaseUse, ...]:
    log = DatabaseLog()
    for reading in readings:
        log.add(reading)
    return log.uses()


def test_waits_are_the_mean_of_all_seconds(readings: list[Reading]) -> None:
    (use,) = uses(readings)
    totals: dict[str, float] = {}
    for reading in readings:
        assert reading.postgres is not None
        for event, sessions in (reading.postgres.active_by_event or {}).items():
            totals[event] = totals.get(event, 0.0) + sessions
    assert use.seen_s == SECONDS and len(use.waits) > 3
    for it in use.waits:
        assert it.sessions == pytest.approx(totals[it.event] / SECONDS)
        assert it.share_ratio == pytest.approx(totals[it.event] / sum(totals.values()))
        postgres = readings[it.highest_s].postgres
        assert postgres is not None and (postgres.active_by_event or {})[it.event] == it.highest
    assert [it.sessions for it in use.waits] == sorted(it.sessions for it in use.waits)[::-1]


def test_spans_of_a_long_run_give_the_same_waits(readings: list[Reading]) -> None:
    tens = [merged(readings[at : at + 10], span_s=10) for at in range(0, SECONDS, 10)]
    (fine,), (coarse,) = uses(readings), uses(tens)
    assert coarse.seen_s == fine.seen_s
    assert {it.event: it.sessions for it in coarse.waits} == pytest.approx(
        {it.event: it.sessions for it in fine.waits}
    )


def test_a_window_of_statements_counts_once_however_often_it_is_shown(
    readings: list[Reading],
) -> None:
    # Ten seconds long, it is in every second's reading: those of 9, 19, … have nothing in common.
    (use,) = uses(readings)
    assert use.statements_s == SECONDS
    windows = [readings[second].postgres for second in range(9, SECONDS, 10)]
    calls: dict[str, int] = {}
    for window in windows:
        assert window is not None
        for it in window.statements:
            calls[it.text] = calls.get(it.text, 0) + it.calls
    for each in use.statements:
        assert each.calls_per_s == pytest.approx(calls[each.text] / SECONDS)
        # Twenty requests a second were answered or timed out in each of them.
        assert each.calls_per_request == pytest.approx(calls[each.text] / SECONDS / 20, rel=0.01)
    assert sum(it.share_ratio for it in use.statements) == pytest.approx(1)


def test_seconds_in_which_it_was_down_are_not_seconds_without_waits(
    readings: list[Reading],
) -> None:
    def down(reading: Reading) -> Reading:
        assert reading.postgres is not None
        gone = replace(
            reading.postgres, state=PostgresState.DOWN, active_by_event=None, active_by_wait=None
        )
        return replace(reading, postgres=gone)

    half = [down(it) if it.second % 2 else it for it in readings]
    (use,), (alone,) = uses(half), uses(readings[::2])
    assert use.seen_s == SECONDS / 2
    assert {it.event: it.sessions for it in use.waits} == pytest.approx(
        {it.event: it.sessions for it in alone.waits}
    )
    assert uses([replace(it, postgres=None) for it in readings]) == ()


def test_each_database_has_tables_with_its_name(readings: list[Reading]) -> None:
    both = [replace(it, postgres_more={"billing": it.postgres}) for it in readings if it.postgres]
    found = uses(both)
    assert [it.name for it in found] == ["", "billing"]
    tables = analysis_tables(Analysis(databases=found))
    assert [table.key for table in tables] == [
        "postgres-waits-0",
        "postgres-statements-0",
        "postgres-waits-1",
        "postgres-statements-1",
    ]
    assert tables[3].title == "PostgreSQL's statements of billing by time"


def test_a_database_that_counts_no_statements_says_what_to_do(readings: list[Reading]) -> None:
    remark = "pg_stat_statements is not in this database → CREATE EXTENSION pg_stat_statements"
    without = [
        replace(
            it,
            postgres=replace(
                it.postgres, statements=(), statements_span_s=None, statements_remark=remark
            ),
        )
        for it in readings
        if it.postgres is not None
    ]
    (_, statements) = analysis_tables(Analysis(databases=uses(without)))
    assert [cell.text for cell in statements.rows[0]] == ["not known", remark]
