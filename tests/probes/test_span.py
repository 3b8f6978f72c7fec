"""Differences of counters: never negative, never made up."""

from dataclasses import replace

from vumeter.probes.span import Span, Totals, span

_EARLIER = Totals(
    at_ns=0,
    databases=3,
    reset=1.0,
    commits=100,
    rollbacks=10,
    hits=1000,
    reads=50,
    deadlocks=1,
    rows_read=7000,
    rows_written=30,
    temporary_files=2,
    temporary_bytes=4096,
)
_LATER = Totals(
    at_ns=2_000_000_000,
    databases=3,
    reset=1.0,
    commits=300,
    rollbacks=14,
    hits=1900,
    reads=150,
    deadlocks=2,
    rows_read=9000,
    rows_written=40,
    temporary_files=5,
    temporary_bytes=12288,
)


def test_rates_are_over_the_time_between_two_looks() -> None:
    assert span(_EARLIER, _LATER) == Span(
        transactions_per_s=102.0,
        rollbacks_per_s=2.0,
        cache_hit_ratio=0.9,
        deadlocks=1,
        rows_read_per_s=1000.0,
        rows_written_per_s=5.0,
        temporary_files=3,
        temporary_bytes_per_s=4096.0,
    )


def test_one_look_says_nothing_about_a_span() -> None:
    assert span(None, _LATER) == Span()


def test_counters_that_were_reset_make_a_gap() -> None:
    reset = replace(_LATER, reset=2.0, commits=3, rollbacks=0, hits=1, reads=0, deadlocks=0)
    assert span(_EARLIER, reset) == Span()


def test_a_database_more_or_less_makes_a_gap() -> None:
    assert span(_EARLIER, replace(_LATER, databases=4)) == Span()


def test_counters_that_fall_without_a_word_are_no_negative_rate() -> None:
    fallen = Totals(
        at_ns=2_000_000_000,
        databases=3,
        reset=1.0,
        commits=0,
        rollbacks=0,
        hits=0,
        reads=0,
        deadlocks=0,
    )
    assert span(_EARLIER, fallen) == Span(
        transactions_per_s=0.0,
        rollbacks_per_s=0.0,
        rows_read_per_s=0.0,
        rows_written_per_s=0.0,
        temporary_bytes_per_s=0.0,
    )


def test_no_block_asked_for_is_no_hit_ratio() -> None:
    idle = replace(_LATER, hits=_EARLIER.hits, reads=_EARLIER.reads)
    assert span(_EARLIER, idle).cache_hit_ratio is None


def test_own_transactions_that_are_reported_late_are_left_out_all_the_same() -> None:
    looks, raw, own, before = [], 100, 0, None
    # Seven own transactions a second, which the server reports every other second.
    for second in range(10):
        own += 7
        raw += 14 if second % 2 else 0
        now = replace(_EARLIER, at_ns=second * 1_000_000_000, commits=raw)
        now = now.without(commits=own, rollbacks=0, before=before)
        looks.append(span(before, now).transactions_per_s)
        before = now
    assert looks[1:] == [0.0] * 9
