"""The cursor in time: it never leaves the screen, and the charts stand still under it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vumeter.testing.soak import LENGTH_S, point
from vumeter.tui.history import History, Window
from vumeter.tui.sight import Sight, moved, pointed, span_in, widened

COLUMNS = 74


def _history(seconds: int = 4000) -> History:
    history = History()
    history.add([point(second) for second in range(seconds)])
    return history


def _shown(sight: Sight, history: History, columns: int = COLUMNS) -> tuple[int, int]:
    newest = history.newest_second
    span = span_in(sight, history, columns=columns, newest_second=newest)
    return span.first_second, span.end_second


def test_without_a_cursor_the_charts_follow_the_present() -> None:
    history, sight = _history(), Sight()
    assert sight.follows
    assert _shown(sight, history)[1] == 4000
    history.add([point(4000)])
    assert _shown(sight, history)[1] == 4001


def test_with_a_cursor_they_stand_still_while_time_goes_on() -> None:
    history = _history()
    sight = moved(Sight(), -1, history=history, columns=COLUMNS)
    before = _shown(sight, history)
    history.add([point(second) for second in range(4000, 4100)])
    assert sight.cursor_second == 3998
    assert _shown(sight, history) == before


def test_the_window_moves_only_when_the_cursor_would_leave_it() -> None:
    history = _history()
    first, end = _shown(Sight(), history)
    inside = moved(Sight(), first - end + 1, history=history, columns=COLUMNS)
    assert (inside.cursor_second, _shown(inside, history)) == (first, (first, end))
    beyond = moved(inside, -1, history=history, columns=COLUMNS)
    assert (beyond.cursor_second, _shown(beyond, history)) == (first - 1, (first - 1, end - 1))


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    window=st.sampled_from(Window),
    steps=st.lists(st.integers(-200, 200), max_size=12),
    columns=st.integers(1, 200),
    narrower=st.integers(1, 200),
)
def test_wherever_it_goes_every_chart_shows_the_cursor(
    window: Window, steps: list[int], columns: int, narrower: int
) -> None:
    history = _history(2500)
    sight = Sight(window=window, cursor_second=1200, end_second=1300)
    for step in steps:
        sight = moved(sight, step, history=history, columns=columns)
        assert sight.cursor_second is not None
        assert 0 <= sight.cursor_second < 2500
        for width in (columns, narrower):
            span = span_in(sight, history, columns=width, newest_second=2499)
            assert span.column_at(sight.cursor_second) is not None


def test_as_many_steps_back_as_forth_lead_to_the_same_column() -> None:
    history = _history()
    sight = Sight(window=Window.HALF_AN_HOUR, cursor_second=1500, end_second=3000)
    start = moved(sight, 0, history=history, columns=COLUMNS)
    there = moved(start, -40, history=history, columns=COLUMNS)
    assert moved(there, 40, history=history, columns=COLUMNS).cursor_second == start.cursor_second


def test_a_place_beyond_either_end_is_that_end() -> None:
    history = _history()
    assert pointed(Sight(), -5, history=history, columns=COLUMNS).cursor_second == 0
    assert pointed(Sight(), 10**9, history=history, columns=COLUMNS).cursor_second == 3999


def test_zooming_keeps_the_cursor_in_the_middle() -> None:
    history = _history()
    wide = pointed(Sight(window=Window.ALL), 2000, history=history, columns=COLUMNS)
    close = widened(wide, Window.ONE_MINUTE, history=history, columns=COLUMNS)
    first, end = _shown(close, history)
    assert close.cursor_second == 2000
    assert abs((first + end) / 2 - 2000) <= 2


def test_before_the_first_second_there_is_nowhere_to_go() -> None:
    assert pointed(Sight(), 5, history=History(), columns=COLUMNS) == Sight()


def test_all_of_three_days_is_as_long_wherever_one_looks() -> None:
    history = History()
    history.add([point(second, span_s=60) for second in range(0, LENGTH_S, 60)])
    late, early = (
        pointed(Sight(window=Window.ALL), second, history=history, columns=COLUMNS)
        for second in (LENGTH_S, 60)
    )
    assert _shown(late, history) == _shown(early, history)
