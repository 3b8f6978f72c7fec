"""An hour of series in memory: nothing is lost within it, and nothing is kept beyond."""

import pytest

from vumeter.model.series import SeriesPoint
from vumeter.stats.serieslog import KEPT_S, MOST_SERIES, SeriesLog


def log_of(values: dict[int, dict[str, float]]) -> SeriesLog:
    log = SeriesLog()
    for second, row in values.items():
        log.add(second, row)
    return log


def test_a_series_comes_back_as_it_was() -> None:
    log = log_of({second: {"a": second / 4, "b": 1.0} for second in range(5)})
    assert log.points("a", 1, 3) == (
        SeriesPoint(1, 1, 0.25, 0.25, 0.25),
        SeriesPoint(2, 1, 0.5, 0.5, 0.5),
    )
    assert log.row(4) == {"a": 1.0, "b": 1.0}


def test_a_second_without_a_value_is_a_gap_and_not_zero() -> None:
    log = log_of({0: {"a": 1.0}, 1: {}, 3: {"a": 2.0, "late": 5.0}})
    assert [point.second for point in log.points("a", 0, 10)] == [0, 3]
    assert [point.second for point in log.points("late", 0, 10)] == [3]
    assert log.row(1) == log.row(2) == {}
    assert log.points("nothing", 0, 10) == ()


def test_a_longer_span_says_how_far_the_series_went_in_it() -> None:
    log = log_of({second: {"a": float(second)} for second in range(25)})
    assert log.points("a", 0, 25, span_s=10) == (
        SeriesPoint(0, 10, 4.5, 0.0, 9.0),
        SeriesPoint(10, 10, 14.5, 10.0, 19.0),
        SeriesPoint(20, 10, 22.0, 20.0, 24.0),
    )


def test_after_an_hour_the_oldest_seconds_go() -> None:
    log = log_of({second: {"a": 1.0} for second in range(KEPT_S + 10)})
    assert log.first_second == 10
    assert len(log.points("a", 0, KEPT_S + 10)) == KEPT_S
    assert log.row(9) == {}


def test_a_second_that_was_skipped_does_not_show_the_one_of_an_hour_ago() -> None:
    log = log_of({5: {"a": 1.0}, 6: {"a": 2.0}, 6 + KEPT_S: {"a": 3.0}})
    assert log.points("a", 5, 7 + KEPT_S) == (SeriesPoint(6 + KEPT_S, 1, 3.0, 3.0, 3.0),)


@pytest.mark.parametrize("more", [1, 50])
def test_there_are_no_more_series_than_there_is_room_for(more: int) -> None:
    log = log_of({0: {f"s{number}": 1.0 for number in range(MOST_SERIES + more)}})
    assert len(log.names) == MOST_SERIES
