"""Which seconds "current" means, whatever the readings are of."""

from vumeter.stats.lookback import LookBack


def test_of_seconds_it_is_the_last_ten_and_fewer_at_the_start() -> None:
    look_back, found = LookBack(), []
    for second in range(12):
        look_back.take(second)
        found.append((look_back.first_second, look_back.seconds))
    assert found[:2] == [(0, 1), (0, 2)]
    assert found[-2:] == [(1, 10), (2, 10)]


def test_of_minutes_it_is_the_newest_one() -> None:
    look_back = LookBack()
    for second in (0, 60, 120):
        look_back.take(second, span_s=60)
        assert (look_back.first_second, look_back.seconds) == (second, 60)
    assert look_back.newest_second == 179 and look_back.previous_second == 119


def test_where_readings_become_finer_it_begins_anew() -> None:
    look_back = LookBack()
    look_back.take(0, span_s=60)
    look_back.take(60, span_s=10)
    assert (look_back.first_second, look_back.seconds) == (60, 10)
    for second in (70, 71, 72):
        look_back.take(second)
    assert (look_back.first_second, look_back.seconds) == (70, 3)
