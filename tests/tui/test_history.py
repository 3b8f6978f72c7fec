"""Windows and columns, compared with merging by hand."""

import doctest
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vumeter.model.frame import Event, EventLevel, Point
from vumeter.tui import history as history_module
from vumeter.tui.columns import Column
from vumeter.tui.history import EVENT_LIMIT, History, Window, column_seconds


def _point(
    second: int, *, p99_us: int | None = 20_000, requests: int = 100, **more: object
) -> Point:
    values: dict[str, object] = {
        "second": second,
        "at_unix_ms": 1000 * second,
        "requests": requests,
        "errors": second % 3,
        "p50_us": None if p99_us is None else p99_us // 4,
        "p95_us": None if p99_us is None else p99_us // 2,
        "p99_us": p99_us,
        "max_us": p99_us,
        "vus": 10,
        "vus_target": 10.0,
        "rate_target_per_s": None,
        "dropped": 0,
        "generator_limited": False,
    }
    return Point(**(values | more))  # type: ignore[arg-type]


def _event(serial: int, second: float, label: str) -> Event:
    return Event(
        serial=serial,
        second=second,
        at_unix_ms=0,
        level=EventLevel.MARK,
        author="ann",
        text="a mark",
        label=label,
    )


def _by_hand(points: list[Point], column: Column, width_s: int) -> tuple[int, int | None, int]:
    """Return requests, greatest p99 and number of known seconds, without any pyramid."""
    inside = [
        point
        for point in points
        if column.first_second <= point.second < column.first_second + width_s
    ]
    known = [point.p99_us for point in inside if point.p99_us is not None]
    return sum(point.requests for point in inside), max(known, default=None), len(inside)


def test_a_stretch_known_in_points_of_several_lengths_is_counted_once_and_whole() -> None:
    history = History()
    history.add([_point(0, span_s=60, requests=1_000, errors=7)])
    history.add([_point(60, span_s=10, p99_us=None, requests=0, errors=0)])
    history.add([_point(second, requests=5, errors=1) for second in range(70, 75)])

    [whole] = history.span(Window.ALL, columns=1).columns
    assert (whole.requests, whole.errors, whole.seconds) == (1_025, 12, 75)
    assert whole.requests_per_s == 1_000 / 60
    first, *_, last = history.span(Window.ALL, columns=75).columns
    assert first.requests == pytest.approx(1_000 / 60), "a second's share of its minute"
    assert (first.seconds, first.span_s, first.p99_us) == (1, 60, 20_000)
    assert (last.first_second, last.span_s, last.requests) == (74, 1, 5)


@pytest.mark.parametrize("order", [(60, 1), (1, 60)], ids=["coarse first", "fine first"])
def test_of_two_points_for_one_time_the_shorter_is_drawn(order: tuple[int, int]) -> None:
    history = History()
    for span_s in order:
        for second in range(0, 60, span_s):
            history.add([_point(second, span_s=span_s, requests=span_s * span_s)])

    [minute] = history.span(Window.ALL, columns=1).columns
    assert (minute.seconds, minute.requests) == (60, 60)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(
    seconds=st.lists(st.integers(0, 700), unique=True, min_size=1, max_size=300),
    columns=st.integers(1, 90),
    window=st.sampled_from(Window),
    asks_between=st.booleans(),
)
def test_columns_equal_merging_by_hand_whatever_the_order_of_arrival(
    seconds: list[int], columns: int, window: Window, asks_between: bool
) -> None:
    history = History()
    points = [_point(second, p99_us=1000 + second * 7919 % 5000) for second in seconds]
    for index, point in enumerate(points):
        history.add([point])
        if asks_between and index % 10 == 0:
            history.halves(history.span(window, columns=columns))
    span = history.span(window, columns=columns)
    assert len(span.columns) <= columns
    for column in span.columns:
        expected = _by_hand(points, column, span.seconds_per_column)
        assert (column.requests, column.p99_us, column.seconds) == expected
    halves = history.halves(span)
    assert len(halves) == 2 * len(span.columns)
    if span.seconds_per_column > 1:
        for half in halves:
            expected = _by_hand(points, half, span.seconds_per_column // 2)
            assert (half.requests, half.p99_us, half.seconds) == expected


@pytest.mark.parametrize("window", Window)
def test_a_window_covers_what_it_promises(window: Window) -> None:
    history = History()
    history.add([_point(second) for second in range(4000)])
    for columns in (20, 33, 74, 113):
        span = history.span(window, columns=columns)
        # The newest column may only just have begun.
        covered_s = span.seconds - span.seconds_per_column + 1
        assert covered_s >= min(window.value or 4000, 4000) - span.seconds_per_column


@pytest.mark.slow
def test_one_slow_second_is_never_smoothed_away() -> None:
    history = History()
    slow = 12_345
    history.add(
        [_point(second, p99_us=9_000_000 if second == slow else 1000) for second in range(20_000)]
    )
    span = history.span(Window.ALL, columns=70)
    assert max(column.p99_us or 0 for column in span.columns) == 9_000_000


def test_the_peak_of_a_shared_column_is_its_busiest_second_not_their_mean() -> None:
    history = History()
    history.add([_point(second, requests=900 if second == 7 else 10) for second in range(16)])
    span = history.span(Window.ALL, columns=2)
    assert span.columns[0].requests_per_s == 900
    assert span.columns[0].requests == 900 + 7 * 10


def test_seconds_without_an_answer_and_seconds_never_heard_of_are_gaps() -> None:
    history = History()
    history.add([_point(0), _point(1, p99_us=None, requests=0), _point(4)])
    columns = history.span(Window.ONE_MINUTE, columns=80).columns
    assert [column.p99_us is None for column in columns] == [False, True, True, True, False]
    assert [column.seconds for column in columns] == [1, 1, 0, 0, 1]


def test_a_late_second_fills_its_gap() -> None:
    history = History()
    history.add([_point(second) for second in range(100) if second != 50])
    before = history.span(Window.ALL, columns=10)
    history.add([_point(50, p99_us=5_000_000)])
    after = history.span(Window.ALL, columns=10)
    assert max(column.p99_us or 0 for column in before.columns) == 20_000
    assert max(column.p99_us or 0 for column in after.columns) == 5_000_000
    assert sum(column.seconds for column in after.columns) == 100


def test_columns_stay_where_they_are_while_time_goes_on() -> None:
    history = History()
    history.add([_point(second) for second in range(1000)])
    before = history.span(Window.FIVE_MINUTES, columns=74)
    history.add([_point(1000)])
    after = history.span(Window.FIVE_MINUTES, columns=74)
    assert before.seconds_per_column == after.seconds_per_column == 6
    shared = {c.first_second: c for c in before.columns[:-1]}
    assert all(shared.get(c.first_second, c) == c for c in after.columns)


@pytest.mark.parametrize(
    ("wanted_s", "columns", "width_s"),
    [
        (60, 76, 1),
        (60, 40, 2),
        (300, 76, 4),
        (300, 74, 6),
        (1800, 76, 24),
        (0, 10, 1),
        (100, 1, 128),
    ],
)
def test_a_column_holds_one_or_three_powers_of_two_seconds(
    wanted_s: int, columns: int, width_s: int
) -> None:
    assert column_seconds(wanted_s, columns) == width_s
    assert width_s * columns >= wanted_s


def test_only_events_with_a_label_are_kept_and_the_oldest_go_first() -> None:
    history = History()
    history.add_events([_event(0, 1.0, ""), _event(1, 2.0, "deploy"), _event(1, 2.0, "deploy")])
    assert [event.label for event in history.events] == ["deploy"]
    history.add_events(_event(serial, serial, str(serial)) for serial in range(2, EVENT_LIMIT + 5))
    assert len(history.events) == EVENT_LIMIT
    assert history.events[-1].label == str(EVENT_LIMIT + 4)


def _three_days() -> History:
    """A run of 72 hours as a viewer who has just come knows it."""
    history, end = History(), 259_200
    history.add([_point(second, span_s=60) for second in range(0, end - 86_400, 60)])
    history.add([_point(second, span_s=10) for second in range(end - 86_400, end - 900, 10)])
    history.add([_point(second) for second in range(end - 900, end)])
    return history


@pytest.mark.slow
def test_after_three_days_a_frame_costs_about_what_it_costs_after_ten_minutes() -> None:
    def frame_s(history: History) -> float:
        costs = []
        first = history.newest_second + 1
        for second in range(first, first + 20):
            began = time.perf_counter()
            history.add([_point(second)])
            history.halves(history.span(Window.ALL, columns=80))
            costs.append(time.perf_counter() - began)
        return sorted(costs)[len(costs) // 2]

    short = History()
    short.add([_point(second) for second in range(600)])
    # Measured: 0.5 ms against 0.1 ms. Thirty times leaves room for a busy machine, and is far
    # below the 400 times that a scan of all seconds would take.
    assert frame_s(_three_days()) < 30 * frame_s(short)


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(history_module).failed == 0
