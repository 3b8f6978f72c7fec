"""Run time, by a clock that the test turns."""

from vumeter.clock import NANOSECONDS_PER_S, unix_ms
from vumeter.run.timeline import Timeline


class Hand:
    """A clock."""

    def __init__(self) -> None:
        self.now_ns = 1_000 * NANOSECONDS_PER_S

    def __call__(self) -> int:
        return self.now_ns

    def turn(self, seconds: float) -> None:
        self.now_ns += round(seconds * NANOSECONDS_PER_S)


def test_run_time_is_zero_until_the_start_even_when_that_is_a_moment_ahead() -> None:
    clock = Hand()
    timeline = Timeline(clock)
    clock.turn(5.0)
    assert (timeline.has_begun, timeline.elapsed_s) == (False, 0.0)
    timeline.begin(clock() + NANOSECONDS_PER_S)
    assert (timeline.has_begun, timeline.elapsed_s) == (True, 0.0)
    clock.turn(1.5)
    assert timeline.elapsed_s == 0.5


def test_it_stands_still_from_its_end() -> None:
    clock = Hand()
    timeline = Timeline(clock)
    timeline.begin(clock())
    clock.turn(2.0)
    timeline.end(1.75)
    clock.turn(2.0)
    assert timeline.elapsed_s == 1.75


def test_what_people_read_is_told_from_the_start_and_not_from_todays_wall_clock() -> None:
    clock = Hand()
    timeline = Timeline(clock)
    timeline.begin(clock() + NANOSECONDS_PER_S)
    clock.turn(3601.0)
    assert timeline.now_unix_ms - timeline.started_unix_ms == 3_600_000
    # The start was announced a second ahead; the test itself took no minute.
    assert -60_000 < timeline.started_unix_ms - unix_ms() <= 1_000
