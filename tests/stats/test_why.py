"""Who is asked who it was."""

from collections.abc import Callable

from vumeter.model.database import TableFigures
from vumeter.model.explanation import Confidence, Explanation, Finding, Question
from vumeter.model.measure import Reading
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.stats.why import with_culprits

Make = Callable[..., Reading]


def found(series: str, rho: float) -> Explanation:
    finding = Finding(
        series=series,
        sentence="rise with p95",
        rho=rho,
        lag_s=0,
        confidence=Confidence.HIGH,
        points=60,
        independent_points=20.0,
        typical=0.0,
        worst=9.0,
        worst_second=3,
    )
    return Explanation(
        question=Question.LATENCY, from_second=0, to_second=60, span_s=1, findings=(finding,)
    )


def scanned(name: str, scans: int, rows: int) -> PostgresReading:
    table = TableFigures(
        name=name,
        live_rows=rows,
        dead_rows=0,
        bytes=8192,
        sequential_scans=scans,
        sequential_rows=scans * rows,
        index_scans=0,
        cache_hit_ratio=None,
        vacuum_age_s=None,
    )
    return PostgresReading(state=PostgresState.UP, tables=(table,), tables_span_s=1.0)


def who(explained: Explanation, *looks: PostgresReading, reading: Make) -> str:
    readings = [reading(second, postgres=look) for second, look in enumerate(looks)]
    return with_culprits(explained, readings).findings[0].culprit


def test_the_second_with_most_of_it_is_asked_and_not_the_one_that_was_slowest(
    reading: Make,
) -> None:
    small, few, many = (
        scanned("public.stock", 40, 7),
        scanned("public.orders", 1, 5_000),
        scanned("public.products", 3, 1_000_000),
    )
    scans = found("postgres.sequential_rows_per_s", 0.9)
    assert who(scans, small, few, many, reading=reading) == (
        "table public.products: 3 sequential scans of 1000000 rows"
    )
    assert who(scans, small, reading=reading) == ""


def test_of_what_falls_the_second_with_least_is_asked_and_of_two_the_nearer(reading: Make) -> None:
    def idle(sessions: int, used: int) -> PostgresReading:
        return PostgresReading(
            state=PostgresState.UP,
            sessions_idle=sessions,
            connections_used=used,
            connections_max=30,
        )

    gone = PostgresReading(state=PostgresState.DOWN)
    falling = found("postgres.sessions_idle", -0.9)
    assert who(falling, gone, idle(6, 9), idle(0, 10), idle(0, 11), reading=reading) == (
        "11 of 30 slots"
    )
