"""Who the database says it was, in words."""

from collections.abc import Callable

from vumeter.model.database import SessionGroup, StatementFigures, Waiter
from vumeter.model.measure import Histogram, Reading, Tally
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.stats.culprits import culprit

Make = Callable[..., Reading]


def group(name: str, sessions: int, active: int) -> SessionGroup:
    return SessionGroup(
        user="shop",
        application=name,
        client="",
        sessions=sessions,
        active=active,
        idle_in_transaction=0,
    )


def slots(used: int, *groups: SessionGroup) -> PostgresReading:
    return PostgresReading(
        state=PostgresState.UP,
        connections_used=used,
        connections_max=30,
        connections_reserved=3,
        groups=groups,
    )


def test_connections_name_the_pool_of_which_none_idles_and_else_who_has_most(reading: Make) -> None:
    busy = slots(15, group("batch", 9, 1), group("web", 4, 4))
    calm = slots(15, group("batch", 9, 1), group("web", 4, 2))
    series = "postgres.sessions_idle"
    assert culprit(series, reading(1, postgres=busy)) == (
        "15 of 30 slots: none of web's 4 idles: its pool is exhausted?"
    )
    assert culprit(series, reading(1, postgres=calm)) == (
        "15 of 30 slots: batch has 9, 8 of them idle"
    )


def test_that_no_slot_is_left_comes_before_any_pool(reading: Make) -> None:
    full = slots(27, group("batch", 22, 0), group("web", 4, 4))
    assert culprit("postgres.connections_percent", reading(1, postgres=full)) == (
        "27 of 30 slots, no slot is left but 3 that are reserved: batch has 22, 22 of them idle"
    )


def test_queries_per_request_name_the_statement_that_is_called_most_now(reading: Make) -> None:
    def statement(text: str, calls: int, calls_per_s: float) -> StatementFigures:
        return StatementFigures(
            id=text,
            text=text,
            user="shop",
            database="shop",
            calls=calls,
            total_ms=1.0,
            mean_ms=1.0,
            rows=1,
            hits=0,
            reads=0,
            temporary=0,
            io_ms=0.0,
            is_new=False,
            calls_per_s=calls_per_s,
        )

    postgres = PostgresReading(
        state=PostgresState.UP,
        statements=(statement("SELECT name", 900, 50.0), statement("SELECT price", 500, 300.0)),
        statements_span_s=10.0,
    )
    tally = Tally(answered=20, service=Histogram(counts={100: 20}))
    found = culprit(
        "postgres.calls_per_request", reading(1, {"GET /market": tally}, postgres=postgres)
    )
    assert found == "300 calls/s, 15.0 for each request of any kind: SELECT price"


def test_deadlocks_name_the_table_that_is_waited_for(reading: Make) -> None:
    waiter = Waiter(
        pid=1,
        blocked_by=(2,),
        wait_s=0.4,
        lock="ShareLock on transactionid",
        relation="stock",
        user="shop",
        application="",
        statement="UPDATE stock SET n = 1",
    )
    postgres = PostgresReading(state=PostgresState.UP, deadlocks=7, waiters=(waiter,))
    assert culprit("postgres.deadlocks", reading(1, postgres=postgres)) == (
        "7 since the run began, table stock: UPDATE stock SET n = 1"
    )
