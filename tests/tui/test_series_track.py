"""What is known of the one series under the latency chart, and what is still to be asked for."""

from vumeter.model.series import SeriesPoint
from vumeter.tui.series_track import Reach, SeriesTrack


def point(second: int, value: float, span_s: int = 1) -> SeriesPoint:
    return SeriesPoint(second, span_s, value, value - span_s + 1, value + span_s - 1)


def track_of(*points: SeriesPoint) -> SeriesTrack:
    track = SeriesTrack()
    track.choose("host.cpu_percent")
    track.add(points)
    return track


def test_seconds_that_share_a_column_reach_from_their_lowest_to_their_highest() -> None:
    track = track_of(point(4, 10.0), point(5, 30.0), point(7, 20.0))
    assert track.reach(4, 8) == Reach(lowest=10.0, highest=30.0, mean=20.0)
    assert track.reach(6, 7) is None, "a gap stays one"


def test_where_seconds_are_gone_a_column_shows_the_span_that_it_lies_in() -> None:
    track = track_of(point(60, 50.0, span_s=60), point(130, 5.0))
    assert track.reach(70, 71) == Reach(lowest=-9.0, highest=109.0, mean=50.0)
    assert track.reach(130, 131) == Reach(lowest=5.0, highest=5.0, mean=5.0)


def test_only_what_is_missing_is_asked_for_and_once_but_for_the_newest_seconds() -> None:
    track = track_of(*(point(second, 1.0) for second in range(50, 90)))
    assert track.wish(0, 100, span_s=1) == (0, 100)
    # 95 on may come still: the run is asked again, but not for what it does not have.
    assert track.wish(0, 100, span_s=1) == (95, 100)
    track.ask_anew()
    assert track.wish(0, 50, span_s=1) == (0, 50)


def test_a_page_at_a_time_is_asked_for_the_newest_first() -> None:
    track = track_of()
    assert track.wish(0, 2_000, span_s=1) == (2_000 - 512, 2_000)
    track.add([point(second, 1.0) for second in range(2_000 - 512, 2_000)])
    assert track.wish(0, 2_000, span_s=1) == (2_000 - 1_024, 2_000 - 512)


def test_what_is_left_of_the_past_in_longer_spans_is_not_asked_for_again() -> None:
    track = track_of(*(point(place * 60, 1.0, span_s=60) for place in range(10)))
    assert track.wish(0, 600, span_s=1) is None


def test_another_series_begins_with_nothing() -> None:
    track = track_of(point(1, 1.0))
    track.choose("vus")
    assert track.reach(0, 10) is None
