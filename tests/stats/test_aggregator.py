"""From snapshots to readings and totals."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from vumeter.model.measure import Reading, ScenarioCounts, Snapshot, Tally
from vumeter.stats.aggregator import Aggregator
from vumeter.stats.histogram import bucket_index, highest_us, histogram_of
from vumeter.stats.tally import merge

WORKERS = 3
SECONDS = 4
CELLS = [(worker, second) for second in range(SECONDS) for worker in range(WORKERS)]


def answered(*times_us: int) -> Tally:
    return Tally(
        answered=len(times_us),
        statuses={200: len(times_us)} if times_us else {},
        service=histogram_of(times_us),
    )


@pytest.fixture
def aggregator() -> Aggregator:
    it = Aggregator(start_unix_ms=1_000_000)
    it.expect(frozenset({0, 1}))
    return it


def seconds(readings: list[Reading]) -> list[int]:
    return [reading.second for reading in readings]


def test_a_second_is_read_as_soon_as_every_worker_was_heard(
    aggregator: Aggregator, snapshot: Any
) -> None:
    aggregator.add(snapshot(0, 0, {"GET /": answered(10)}))
    assert aggregator.take(1.1) == []

    aggregator.add(snapshot(1, 0, {"GET /": answered(20)}))
    [reading] = aggregator.take(1.1)
    assert reading.tallies == {"GET /": answered(10, 20)}
    assert (reading.workers_heard, reading.workers_expected) == (2, 2)
    assert aggregator.take(1.2) == []


def test_a_second_is_read_without_a_worker_that_is_silent_for_too_long(
    aggregator: Aggregator, snapshot: Any
) -> None:
    aggregator.add(snapshot(0, 0, {"GET /": answered(10)}))
    assert aggregator.take(1.49) == []

    [reading] = aggregator.take(1.5)
    assert (reading.workers_heard, reading.workers_expected) == (1, 2)
    assert reading.generator.reasons == ("worker 1 did not report in time",)


def test_a_second_that_nobody_reported_is_read_all_the_same(aggregator: Aggregator) -> None:
    readings = aggregator.take(2.7)

    assert seconds(readings) == [0, 1]
    assert [reading.workers_heard for reading in readings] == [0, 0]
    assert all(reading.generator.limited for reading in readings)
    assert all(reading.tallies == {} for reading in readings)


def test_a_snapshot_that_arrives_late_counts_in_the_totals_but_not_on_the_screen(
    aggregator: Aggregator, snapshot: Any
) -> None:
    aggregator.add(snapshot(0, 0, {"GET /": answered(10)}))
    aggregator.take(1.5)
    aggregator.add(snapshot(1, 0, {"GET /": answered(20)}))
    for worker in (0, 1):
        aggregator.add(snapshot(worker, 1))
    [reading] = aggregator.take(2.1)

    assert aggregator.so_far.tallies == {"GET /": answered(10, 20)}
    assert reading.second == 1
    assert reading.tallies == {}
    assert reading.late_snapshots == 1
    assert aggregator.late_snapshots == 1


def test_each_late_snapshot_is_told_in_one_reading_only(
    aggregator: Aggregator, snapshot: Any
) -> None:
    aggregator.take(1.5)
    aggregator.add(snapshot(0, 0))

    assert [reading.late_snapshots for reading in aggregator.take(3.5)] == [1, 0]


def test_how_long_a_worker_stood_still_is_told_once_it_reports_again(
    aggregator: Aggregator, snapshot: Any, vitals: Any
) -> None:
    aggregator.add(snapshot(0, 0))
    aggregator.take(1.5)
    late = snapshot(1, 0)
    aggregator.add(replace(late, vitals=vitals(tick_lag_us=(100, 700_000), late_starts=3)))
    for second in (1, 2):
        for worker in (0, 1):
            aggregator.add(snapshot(worker, second))
    at_once, later = aggregator.take(3.1)

    assert at_once.generator.tick_lag_max_us == highest_us(bucket_index(700_000))
    assert "worker 1 stood still for 700 ms" in at_once.generator.reasons
    assert later.generator.tick_lag_max_us < 1_000


def test_a_lost_worker_is_not_waited_for(aggregator: Aggregator, snapshot: Any) -> None:
    aggregator.add(snapshot(0, 0))
    aggregator.expect(frozenset({0}))

    [reading] = aggregator.take(1.0)
    assert (reading.workers_heard, reading.workers_expected) == (1, 1)
    assert not reading.generator.limited


def test_what_a_worker_said_before_it_was_lost_is_in_its_second(
    aggregator: Aggregator, snapshot: Any
) -> None:
    aggregator.add(snapshot(1, 0, {"GET /": answered(20)}))
    aggregator.expect(frozenset({0}))
    aggregator.add(snapshot(0, 0, {"GET /": answered(10)}))

    [reading] = aggregator.take(1.0)
    assert reading.tallies == {"GET /": answered(10, 20)}
    assert (reading.workers_heard, reading.workers_expected) == (2, 2)


def test_the_last_part_of_a_second_is_read_once_all_workers_are_done(
    aggregator: Aggregator, snapshot: Any
) -> None:
    for second in (0, 1):
        aggregator.add(snapshot(0, second))
    aggregator.add(snapshot(1, 0))
    aggregator.expect(frozenset())

    assert seconds(aggregator.take(1.3)) == [0, 1]
    assert aggregator.take(1.3) == []


def test_when_all_workers_are_gone_gaps_before_the_last_snapshot_are_read_too(
    aggregator: Aggregator, snapshot: Any
) -> None:
    aggregator.expect(frozenset())
    aggregator.add(snapshot(0, 2))

    assert [reading.workers_heard for reading in aggregator.take(0.0)] == [0, 0, 1]


def test_readings_are_stamped_from_the_start_and_not_from_a_clock_that_may_jump(
    aggregator: Aggregator,
) -> None:
    assert [reading.at_unix_ms for reading in aggregator.take(3.5)] == [
        1_000_000,
        1_001_000,
        1_002_000,
    ]


def test_iterations_add_up_over_workers_and_seconds_and_vus_over_workers_only(
    aggregator: Aggregator, snapshot: Any
) -> None:
    counts = ScenarioCounts(vus_active=5, vus_busy=4, iterations_started=7, iterations_dropped=1)
    for second in (0, 1):
        for worker in (0, 1):
            aggregator.add(snapshot(worker, second, counts=counts))
    readings = aggregator.take(2.0)

    assert readings[1].scenarios["main"].vus_active == 10
    assert readings[1].scenarios["main"].iterations_started == 14
    assert aggregator.so_far.scenarios["main"] == ScenarioCounts(
        iterations_started=28, iterations_dropped=4
    )


def test_totals_that_were_read_do_not_change_any_more(
    aggregator: Aggregator, snapshot: Any
) -> None:
    aggregator.add(snapshot(0, 0, {"GET /": answered(10)}))
    before = aggregator.so_far.tallies
    aggregator.add(snapshot(1, 0, {"GET /": answered(10)}))

    assert before == {"GET /": answered(10)}


def snapshots_of(times_us: list[int], make: Any) -> list[Snapshot]:
    """One snapshot for each cell, the times dealt out over cells and two names."""
    cells: dict[tuple[int, int], dict[str, list[int]]] = {cell: {} for cell in CELLS}
    for number, time_us in enumerate(times_us):
        name = f"GET /{number % 2}"
        cells[CELLS[number * 7 % len(CELLS)]].setdefault(name, []).append(time_us)
    return [
        make(
            worker,
            second,
            {name: answered(*times) for name, times in by_name.items()},
            counts=ScenarioCounts(vus_active=worker, iterations_done=len(by_name)),
        )
        for (worker, second), by_name in cells.items()
    ]


TIMES = st.lists(st.integers(1, 100_000), max_size=60)


@given(times_us=TIMES, order=st.permutations(range(len(CELLS))))
def test_snapshots_in_any_order_give_the_same_readings_and_totals(
    snapshot: Any, times_us: list[int], order: list[int]
) -> None:
    snapshots = snapshots_of(times_us, snapshot)
    in_order, shuffled = Aggregator(start_unix_ms=0), Aggregator(start_unix_ms=0)
    readings: dict[str, list[Reading]] = {"in order": [], "shuffled": []}
    for aggregator, key, positions in (
        (in_order, "in order", list(range(len(CELLS)))),
        (shuffled, "shuffled", order),
    ):
        aggregator.expect(frozenset(range(WORKERS)))
        for position in positions:
            aggregator.add(snapshots[position])
            readings[key] += aggregator.take(0.0)

    assert seconds(readings["shuffled"]) == list(range(SECONDS))
    assert readings["shuffled"] == readings["in order"]
    assert shuffled.so_far.tallies == in_order.so_far.tallies
    assert shuffled.so_far.scenarios == in_order.so_far.scenarios


@given(times_us=TIMES)
def test_many_workers_and_one_worker_give_the_same_reading(
    snapshot: Any, times_us: list[int]
) -> None:
    several, single = Aggregator(start_unix_ms=0), Aggregator(start_unix_ms=0)
    several.expect(frozenset(range(WORKERS)))
    single.expect(frozenset({0}))
    snapshots = snapshots_of(times_us, snapshot)
    for each in snapshots:
        several.add(each)
    for second in range(SECONDS):
        alike = [each for each in snapshots if each.second == second]
        names = {name for each in alike for name in each.tallies}
        single.add(
            snapshot(
                0,
                second,
                {
                    name: merge([each.tallies.get(name, Tally()) for each in alike])
                    for name in names
                },
            )
        )

    by_many, by_one = several.take(0.0), single.take(0.0)
    assert [each.tallies for each in by_many] == [each.tallies for each in by_one]
    assert several.so_far.tallies == single.so_far.tallies


@pytest.mark.slow
@given(delays_s=st.lists(st.floats(0, 3), min_size=len(CELLS), max_size=len(CELLS)), times_us=TIMES)
def test_nothing_is_lost_or_doubled_however_late_it_comes(
    snapshot: Any, delays_s: list[float], times_us: list[int]
) -> None:
    aggregator = Aggregator(start_unix_ms=0)
    aggregator.expect(frozenset(range(WORKERS)))
    arrivals = sorted(
        (
            (each.second + 1 + delay_s, number, each)
            for number, (each, delay_s) in enumerate(
                zip(snapshots_of(times_us, snapshot), delays_s, strict=True)
            )
        ),
        key=lambda arrival: arrival[:2],
    )
    readings: list[Reading] = []
    for elapsed_s, _, each in arrivals:
        readings += aggregator.take(elapsed_s)
        aggregator.add(each)
    readings += aggregator.take(SECONDS + 10)

    assert seconds(readings) == list(range(len(readings)))
    total = sum(tally.answered for tally in aggregator.so_far.tallies.values())
    assert total == len(times_us)
    heard = sum(reading.workers_heard for reading in readings)
    assert heard + aggregator.late_snapshots == len(CELLS)
    assert sum(reading.late_snapshots for reading in readings) == aggregator.late_snapshots
