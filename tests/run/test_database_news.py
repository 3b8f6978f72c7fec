"""What is told of a database in the event log, and what is not worth a line."""

import pytest
from msgspec.structs import replace

from vumeter.model.database import Waiter
from vumeter.model.frame import EventLevel
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.run.database_news import DatabaseNews

UP = PostgresReading(state=PostgresState.UP, server_version="15.18", deadlocks=0)
DOWN = PostgresReading(state=PostgresState.DOWN, remark="connection refused")
FULL = PostgresReading(state=PostgresState.REFUSED, remark="no slot left: 27/30")
SLOW = PostgresReading(state=PostgresState.SLOW, remark="no answer in time")


def told(*looks: PostgresReading, name: str = "") -> list[str]:
    news = DatabaseNews()
    return [text for look in looks for text, _ in news.of(name, look)]


def test_what_goes_and_comes_back_is_told_once_and_that_it_is_there_at_first_is_not() -> None:
    connecting = PostgresReading(state=PostgresState.CONNECTING)
    assert told(connecting, UP, UP, DOWN, DOWN, FULL, UP) == [
        "down: connection refused",
        "refused: no slot left: 27/30",
        "up again: PostgreSQL 15.18",
    ]


def test_one_look_that_took_too_long_is_no_news_and_a_long_silence_is() -> None:
    assert told(UP, SLOW, UP, SLOW, UP) == []
    assert told(UP, SLOW, replace(SLOW, age_s=6.0), replace(SLOW, age_s=7.0), UP) == [
        "slow: no answer in time",
        "up again: PostgreSQL 15.18",
    ]


def test_deadlocks_are_counted_with_the_table_that_is_waited_for_and_no_gap_counts_twice() -> None:
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
    looks = (
        UP,
        replace(UP, deadlocks=1, waiters=(waiter,)),
        replace(UP, deadlocks=1),
        DOWN,
        replace(UP, deadlocks=4),
    )
    assert told(*looks, name="billing") == [
        "billing: 1 deadlock; 1 wait for locks of stock",
        "billing: down: connection refused",
        "billing: up again: PostgreSQL 15.18",
        "billing: 3 deadlocks, 4 since the run began",
    ]


@pytest.mark.parametrize("bad", [DOWN, FULL, replace(UP, deadlocks=1)])
def test_what_is_bad_is_a_warning(bad: PostgresReading) -> None:
    news = DatabaseNews()
    assert [level for _, level in news.of("", bad)] == [EventLevel.WARNING]
