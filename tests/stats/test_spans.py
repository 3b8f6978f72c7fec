"""Seconds that become tens and minutes: what is counted stays exact, what is looked at honest."""

import random

import pytest
from hdrh.histogram import HdrHistogram
from msgspec.structs import replace

from vumeter.model.measure import Reading
from vumeter.model.probes import PostgresState
from vumeter.model.watched import Watched, WatchedKind, WatchedState
from vumeter.stats.histogram import lowest_us, percentile_us
from vumeter.stats.series import series_of
from vumeter.stats.spans import merged
from vumeter.stats.tally import response_times
from vumeter.testing.seconds import MadeUpRun


@pytest.fixture(scope="module")
def minute() -> list[Reading]:
    run = MadeUpRun(endpoints=3, requests=20, is_open=True)
    return [run.reading(second) for second in range(120, 180)]


def test_tens_and_then_a_minute_give_what_the_minute_gives_at_once(minute: list[Reading]) -> None:
    tens = [merged(minute[start : start + 10], span_s=10) for start in range(0, 60, 10)]
    by_steps, at_once = merged(tens, span_s=60), merged(minute, span_s=60)
    for exact in ("tallies", "scenarios", "metrics", "second", "at_unix_ms", "span_s"):
        assert getattr(by_steps, exact) == getattr(at_once, exact), exact
    assert by_steps.extents.keys() == at_once.extents.keys()
    for name, extent in by_steps.extents.items():
        other = at_once.extents[name]
        assert (extent.lowest, extent.highest, extent.seconds) == (
            other.lowest,
            other.highest,
            other.seconds,
        )
        # Floats that are added up in another order.
        assert extent.total == pytest.approx(other.total, rel=1e-12)


def test_percentiles_of_a_minute_are_those_of_all_its_samples(minute: list[Reading]) -> None:
    whole = merged(minute, span_s=60)
    for name, tally in whole.tallies.items():
        oracle = HdrHistogram(1, 3_600_000_000, 3)
        for reading in minute:
            for index, number in response_times(reading.tallies[name]).counts.items():
                oracle.record_value(lowest_us(index), number)
        for percent in (0.1, 50, 90, 95, 99, 99.9, 100):
            expected = oracle.get_value_at_percentile(percent)
            assert percentile_us(response_times(tally), percent) == expected


def test_everything_that_is_counted_is_the_sum(minute: list[Reading]) -> None:
    whole = merged(minute, span_s=60)
    for name, tally in whole.tallies.items():
        parts = [reading.tallies[name] for reading in minute]
        assert tally.requests == sum(part.requests for part in parts)
        assert tally.received_bytes == sum(part.received_bytes for part in parts)
        assert sum(tally.errors.values()) == sum(sum(part.errors.values()) for part in parts)
    done = sum(reading.scenarios["main"].iterations_done for reading in minute)
    assert whole.scenarios["main"].iterations_done == done
    assert whole.scenarios["main"].vus_busy == minute[-1].scenarios["main"].vus_busy


def test_a_hosts_figures_are_means_with_their_extremes_beside_them(minute: list[Reading]) -> None:
    percents = [reading.host.cpu_percent for reading in minute if reading.host is not None]
    whole = merged(minute, span_s=60)
    assert whole.host is not None
    assert whole.host.cpu_percent == pytest.approx(sum(percents) / 60)
    extent = whole.extents["host.cpu_percent"]
    assert (extent.lowest, extent.highest, extent.seconds) == (min(percents), max(percents), 60)
    assert isinstance(whole.host.memory_used_bytes, int)
    cores = [reading.host.core_percents[0] for reading in minute if reading.host is not None]
    assert whole.host.core_percents[0] == pytest.approx(sum(cores) / 60)


def test_one_bad_second_of_the_generators_is_not_averaged_away(minute: list[Reading]) -> None:
    bad = replace(
        minute[7].generator,
        limited=True,
        reasons=("worker 0 stood still for 800 ms",),
        tick_lag_max_us=800_000,
        starts=100,
        late_start_ratio=0.5,
    )
    others = [replace(it, generator=replace(it.generator, limited=False)) for it in minute]
    others[7] = replace(minute[7], generator=bad)
    whole = merged(others, span_s=60)
    assert whole.generator.limited
    assert "worker 0 stood still for 800 ms" in whole.generator.reasons
    assert whole.generator.tick_lag_max_us == 800_000
    assert whole.extents["generator.limited"].total == 1
    starts = sum(it.generator.starts for it in others)
    late = sum(it.generator.starts * it.generator.late_start_ratio for it in others)
    assert whole.generator.late_start_ratio == pytest.approx(late / starts)


def test_a_database_that_was_away_has_the_figures_of_the_seconds_it_was_there(
    minute: list[Reading],
) -> None:
    assert minute[0].postgres is not None
    down = replace(minute[0].postgres, state=PostgresState.DOWN, remark="it does not answer")
    readings = [
        replace(it, postgres=replace(down, connections_used=0)) if position < 20 else it
        for position, it in enumerate(minute)
    ]
    whole = merged(readings, span_s=60)
    seen = [it.postgres.connections_used or 0 for it in minute[20:] if it.postgres is not None]
    assert whole.postgres is not None
    assert whole.postgres.connections_used == round(sum(seen) / 40)
    assert whole.postgres.remark == "it does not answer"
    assert whole.extents["postgres.up"].total == 40
    assert whole.extents["postgres.connections_used"].lowest == min(seen)


def test_what_was_not_watched_stays_unwatched(minute: list[Reading]) -> None:
    blind = [replace(it, host=None, postgres=None) for it in minute]
    whole = merged(blind, span_s=60)
    assert whole.host is None
    assert whole.postgres is None
    watched_once = [*blind[:-1], minute[-1]]
    assert merged(watched_once, span_s=60).extents["host.cpu_percent"].seconds == 1


def test_a_span_begins_where_spans_of_its_length_do(minute: list[Reading]) -> None:
    late = random.Random(1).sample(minute[3:], 5)
    late.sort(key=lambda it: it.second)
    whole = merged(late, span_s=60)
    assert whole.second == 120
    assert whole.at_unix_ms == minute[0].at_unix_ms
    assert whole.extents["vus"].seconds == 5


def test_it_is_known_of_every_figure_of_a_reading_what_becomes_of_it(
    minute: list[Reading],
) -> None:
    # A new field fails here until `merged` has an answer.
    assert set(Reading.__struct_fields__) == {
        *("second", "at_unix_ms", "span_s", "extents"),
        *("tallies", "scenarios", "metrics", "late_snapshots", "outage_us"),
        *("generator", "host", "postgres", "postgres_more", "watched", "slowest"),
        *("workers_heard", "workers_expected"),
    }
    away = [replace(it, outage_us=7, late_snapshots=2) for it in minute]
    assert merged(away, span_s=60).outage_us == 420
    assert merged(away, span_s=60).late_snapshots == 120


def test_what_is_watched_has_means_and_keeps_what_was_seen_once(minute: list[Reading]) -> None:
    def with_watched(reading: Reading, place: int) -> Reading:
        series = {"rss_bytes": 100.0 + place} if place != 5 else {"threads": 3.0}
        api = Watched(name="api", kind=WatchedKind.PROCESS, state=WatchedState.UP, series=series)
        return replace(reading, watched=(api,))

    seconds = [with_watched(reading, place) for place, reading in enumerate(minute[:10])]
    (api,) = merged(seconds, span_s=10).watched
    assert api.series == {"rss_bytes": pytest.approx(100 + (45 - 5) / 9), "threads": 3.0}
    extent = merged(seconds, span_s=10).extents["watched.api.rss_bytes"]
    assert (extent.lowest, extent.highest, extent.seconds) == (100, 109, 9)


def test_a_database_beside_the_first_is_merged_as_the_first_is(minute: list[Reading]) -> None:
    beside = [
        replace(reading, postgres=None, postgres_more={"billing": reading.postgres})
        for reading in minute
        if reading.postgres is not None
    ]
    tens = [merged(beside[start : start + 10], span_s=10) for start in range(0, 60, 10)]
    whole, first = merged(tens, span_s=60), merged(minute, span_s=60).postgres
    assert whole.postgres is None and first is not None
    found = whole.postgres_more["billing"]
    # The worst of some figures, and the mean of all others.
    assert found.longest_transaction_s == first.longest_transaction_s
    assert found.transactions_per_s == pytest.approx(first.transactions_per_s)
    assert found.active_by_wait == pytest.approx(first.active_by_wait)
    assert whole.extents["postgres_more.billing.blocked_sessions"].seconds == 60
    series = series_of(whole)
    assert series["postgres_more.billing.longest_transaction_s"] == first.longest_transaction_s
