"""What changed between looks at pg_stat_statements, and what cannot be told."""

from vumeter.probes.statement_log import WINDOW_S, Counters, StatementKey, StatementLog

_S = 1_000_000_000


def _key(query: int) -> StatementKey:
    return StatementKey(user=10, database=5, query=query, toplevel=True)


def _counters(calls: int, total_ms: float) -> Counters:
    return Counters(
        calls=calls, total_ms=total_ms, rows=calls, hits=2 * calls, reads=0, temporary=0, io_ms=0.0
    )


def test_one_look_says_nothing() -> None:
    log = StatementLog()
    log.add(0, {_key(1): _counters(5, 10.0)})
    assert (log.span_s, log.changes()) == (None, [])


def test_changes_are_differences_most_time_first_and_what_rested_is_left_out() -> None:
    log = StatementLog()
    log.add(0, {_key(n): _counters(5, 10.0) for n in (1, 2, 3)})
    log.add(
        2 * _S,
        {_key(1): _counters(7, 12.0), _key(2): _counters(6, 90.0), _key(3): _counters(5, 10.0)},
    )
    assert log.span_s == 2.0
    first, second = log.changes()
    assert (first.key, first.counters) == (_key(2), _counters(1, 80.0))
    assert (second.key, second.counters) == (_key(1), _counters(2, 2.0))


def test_what_was_not_there_when_the_log_began_stays_new() -> None:
    log = StatementLog()
    log.add(0, {_key(1): _counters(5, 10.0)})
    log.add(2 * _S, {_key(1): _counters(6, 11.0), _key(2): _counters(3, 4.0)})
    assert [(change.key, change.is_new) for change in log.changes()] == [
        (_key(2), True),
        (_key(1), False),
    ]
    log.add(4 * _S, {_key(1): _counters(6, 11.0), _key(2): _counters(4, 5.0)})
    assert {change.key: change.is_new for change in log.changes()}[_key(2)]


def test_an_entry_that_was_reset_makes_a_gap_and_no_negative_figure() -> None:
    log = StatementLog()
    log.add(0, {_key(1): _counters(500, 1000.0)})
    log.add(2 * _S, {_key(1): _counters(3, 4.0)})
    assert log.changes() == []


def test_the_window_moves_on_and_holds_two_looks_however_far_apart() -> None:
    log = StatementLog()
    for look in range(10):
        log.add(2 * look * _S, {_key(1): _counters(look, float(look))})
    assert log.span_s == WINDOW_S
    [change] = log.changes()
    assert change.counters.calls == 5
    log.add(100 * _S, {_key(1): _counters(20, 20.0)})
    assert log.span_s == 82.0


def test_calls_follow_the_newest_look_at_once_while_the_window_averages() -> None:
    log = StatementLog()
    for look in range(5):
        log.add(2 * look * _S, {_key(1): _counters(10 * look, float(look))})
    log.add(10 * _S, {_key(1): _counters(40 + 600, 60.0), _key(2): _counters(8, 1.0)})
    often, new = log.changes()
    assert (often.counters.calls, often.calls_per_s) == (640, 300.0)
    assert new.calls_per_s == 4.0
    log.add(12 * _S, {_key(1): _counters(640, 60.0), _key(2): _counters(9, 1.5)})
    often, new = log.changes()
    assert (often.calls_per_s, new.calls_per_s) == (0.0, 0.5)
