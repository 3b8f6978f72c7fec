"""
The two charts: what is drawn is what is said, and nothing is smoothed, hidden or invented.

Over 400 lines: two charts with all that can be drawn on them.
"""

import doctest
import re
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from vumeter.model.frame import Event, EventLevel, Point
from vumeter.model.plan import Threshold
from vumeter.model.verdict import Standing, Unit, Verdict
from vumeter.testing.story import story
from vumeter.tui.format import latency_text
from vumeter.tui.glyphs import GlyphSet
from vumeter.tui.history import History, Window
from vumeter.tui.terminal import DEFAULT_LOOK, ColourDepth, Ink, Look, Terminal, look_for
from vumeter.tui.widgets import axis as axis_module
from vumeter.tui.widgets.axis import (
    GUTTER,
    linear_top,
    log_axis,
    log_labels,
    time_labels,
    time_text,
)
from vumeter.tui.widgets.latency_chart import (
    chart_lines,
    chart_title,
    threshold_limits_us,
    write_events,
)
from vumeter.tui.widgets.line import Line
from vumeter.tui.widgets.plot import BLANK, latency_cells
from vumeter.tui.widgets.rps_chart import rps_cells, rps_lines, rps_title

LOOKS = {glyphs: look_for(Terminal(depth=ColourDepth.FULL, glyphs=glyphs)) for glyphs in GlyphSet}


def _history(points: list[Point], events: tuple[Event, ...] = ()) -> History:
    history = History()
    history.add(points)
    history.add_events(events)
    return history


def _point(second: int, p99_us: int | None, **more: object) -> Point:
    values: dict[str, object] = {
        "second": second,
        "at_unix_ms": 0,
        "requests": 0 if p99_us is None else 100,
        "errors": 0,
        "p50_us": None if p99_us is None else p99_us // 10,
        "p95_us": None if p99_us is None else p99_us // 2,
        "p99_us": p99_us,
        "max_us": p99_us,
        "vus": 1,
        "vus_target": 1.0,
        "rate_target_per_s": None,
        "dropped": 0,
        "generator_limited": False,
    }
    return Point(**(values | more))  # type: ignore[arg-type]


def _event(second: float, label: str, level: EventLevel = EventLevel.ACTION) -> Event:
    return Event(
        serial=int(second * 10),
        second=second,
        at_unix_ms=0,
        level=level,
        author="ann",
        text=label,
        label=label,
    )


def _chart(
    history: History, *, width: int = 64, height: int = 8, look: Look = DEFAULT_LOOK
) -> list[Line]:
    span = history.span(Window.ONE_MINUTE, columns=width)
    dots = history.halves(span) if look.glyphs.set is GlyphSet.BRAILLE else span.columns
    return chart_lines(span, dots, history.events, width=width, height=height, look=look)


def _texts(lines: list[Line]) -> list[str]:
    return [line.text.rstrip() for line in lines]


def test_a_chart_of_latency_reads_like_this() -> None:
    points = [_point(second, 200_000 if second < 12 else 2_000_000) for second in range(24)]
    points[5] = _point(5, None)
    points[18] = _point(18, 2_000_000, generator_limited=True)
    events = (_event(3, "VU 10→50"),)
    assert _texts(_chart(_history(points, events), look=LOOKS[GlyphSet.ASCII])) == [
        "   2k|   ^VU 10>50************",
        "     |   |        *:::::::::::",
        "  300|   |        *:::::::::::",
        "     |***** ******::::::::::::",
        "  100|::::: ::::::",
        "     |::::: ::::::",
        "   20|::::: ::::::",
        "         ^              g",
    ]
    assert _texts(_chart(_history(points, events))) == [
        "   2k│   ▲VU 10→50⡏⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉",
        "     │   ┆        ⡯⡫⡫⡫⡫⡫⡫⡫⡫⡫⡫⡫",
        "  300│   ┆        ⡯⡪⡪⡪⡪⡪⡪⡪⡪⡪⡪⡪",
        "     │⠒⠒⠒⠒⠒ ⠒⠒⠒⠒⠒⠒⠛⠚⠚⠚⠚⠚⠚⠚⠚⠚⠚⠚",
        "  100│⡤⡤⡤⡤⡤ ⡤⡤⡤⡤⡤⡤",
        "     │⡪⡪⡪⡪⡪ ⡪⡪⡪⡪⡪⡪",
        "   20│⣪⣪⣪⣪⣪ ⣪⣪⣪⣪⣪⣪",
        "         ▲              ▒",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("glyphs", GlyphSet)
@settings(deadline=None)
@given(peak_us=st.integers(1, 3_600_000_000), at=st.integers(0, 29), height=st.integers(1, 16))
def test_the_highest_dot_is_the_peak_that_the_title_names(
    glyphs: GlyphSet, peak_us: int, at: int, height: int
) -> None:
    look = LOOKS[glyphs]
    low_us = max(1, peak_us // 50)
    points = [_point(second, peak_us if second == at else low_us) for second in range(30)]
    span = _history(points).span(Window.ONE_MINUTE, columns=60)
    title = chart_title(None, span, width=100, look=look).text
    assert f"peak {latency_text(peak_us)} " in title
    axis = log_axis(max(low_us // 10, 0), peak_us)
    dots = _history(points).halves(span) if glyphs is GlyphSet.BRAILLE else span.columns
    picture = latency_cells(dots, axis=axis, height=height, look=look)
    rows_with_line = [row for row in picture if any(ink is Ink.P99 for _, ink in row)]
    assert rows_with_line[0][at][1] is Ink.P99
    # The axis ends at or above the peak, at most a step above: 1 to 2 µs is the widest.
    assert axis.bottom_us <= peak_us <= axis.top_us
    assert axis.top_us <= 2 * max(peak_us, axis.bottom_us)


@pytest.mark.parametrize("glyphs", GlyphSet)
def test_a_second_without_an_answer_is_a_hole_in_the_chart(glyphs: GlyphSet) -> None:
    points = [_point(second, None if second in (4, 5) else 50_000) for second in range(10)]
    body = _chart(_history(points), height=6, look=LOOKS[glyphs])[:-1]
    for line in body:
        assert line.text[GUTTER + 4 : GUTTER + 6].strip() == ""
    columns = zip(*(line.text[GUTTER : GUTTER + 10] for line in body), strict=True)
    assert [bool("".join(column).strip()) for column in columns] == [
        second not in (4, 5) for second in range(10)
    ]


def test_a_line_is_not_drawn_across_a_gap() -> None:
    points = [_point(0, 1000), _point(1, None), _point(2, 1_000_000)]
    picture = latency_cells(
        _history(points).span(Window.ONE_MINUTE, columns=60).columns,
        axis=log_axis(100, 1_000_000),
        height=10,
        look=LOOKS[GlyphSet.ASCII],
    )
    assert sum(row[2][1] is Ink.P99 for row in picture) == 1


def test_a_line_joins_the_heights_of_two_neighbours() -> None:
    points = [_point(0, 1000), _point(1, 1_000_000)]
    picture = latency_cells(
        _history(points).span(Window.ONE_MINUTE, columns=60).columns,
        axis=log_axis(1000, 1_000_000),
        height=10,
        look=LOOKS[GlyphSet.ASCII],
    )
    assert [row[1][1] is Ink.P99 for row in picture] == [True] * 9 + [False]


def test_the_scale_says_that_it_is_logarithmic_at_any_width() -> None:
    span = _history([_point(0, 1000)]).span(Window.ONE_MINUTE, columns=60)
    for width in (20, 40, 80):
        assert "log" in chart_title(None, span, width=width, look=DEFAULT_LOOK).text


@settings(deadline=None)
@given(st.integers(1, 3_600_000_000), st.integers(0, 3_600_000_000))
def test_the_scale_holds_every_value_and_labels_both_its_ends(least_us: int, more_us: int) -> None:
    greatest_us = min(3_600_000_000, least_us + more_us)
    axis = log_axis(least_us, greatest_us)
    assert axis.bottom_us <= least_us <= greatest_us <= axis.top_us
    row_of = axis.scale(12)
    assert 0 <= row_of(least_us) <= row_of(greatest_us) <= 11
    labels = log_labels(axis, 12)
    assert 0 in labels
    assert 11 in labels


def test_a_label_never_hides_what_was_measured() -> None:
    points = [_point(second, 900_000) for second in range(30)]
    history = _history(points)
    span = history.span(Window.ONE_MINUTE, columns=60)
    axis = log_axis(90_000, 900_000)
    plain = latency_cells(history.halves(span), axis=axis, height=4, look=DEFAULT_LOOK)
    written = latency_cells(history.halves(span), axis=axis, height=4, look=DEFAULT_LOOK)
    write_events(written, (_event(3, "a long label over data"),), span, DEFAULT_LOOK)
    for before, after in zip(plain, written, strict=True):
        assert all(new == old for old, new in zip(before, after, strict=True) if old != BLANK)


def test_a_label_at_the_right_end_reads_to_the_left() -> None:
    points = [_point(second, 1000 if second else 1_000_000) for second in range(64)]
    top = _chart(_history(points, (_event(63, "VU 10→50"),)))[0].text
    assert top.endswith("▲VU 10→50")


@pytest.mark.parametrize("label", ["\x1b[2Jx\u200b", "日本語", "[bold]x[/]", "a\nb"])
def test_a_hostile_label_cannot_break_the_chart(label: str) -> None:
    points = [_point(second, 1000) for second in range(30)]
    lines = _chart(_history(points, (_event(3, label, EventLevel.MARK),)))
    assert all(line.text.isprintable() for line in lines)
    assert {cell_len(line.text) for line in lines} == {line.width for line in lines}
    assert len({line.width for line in lines}) == 1


def test_seconds_of_a_limited_generator_are_marked_and_the_mark_is_explained() -> None:
    points = [_point(second, 1000, generator_limited=second in (7, 8)) for second in range(20)]
    history = _history(points)
    assert _chart(history)[-1].text[GUTTER : GUTTER + 20].strip("╵01:· ") == "▒▒"
    span = history.span(Window.ONE_MINUTE, columns=60)
    assert "▒ generator limit" in chart_title(None, span, width=80, look=DEFAULT_LOOK).text


def test_a_threshold_is_a_line_that_hides_nothing() -> None:
    points = [_point(second, 2_000_000 if second % 2 else 200_000) for second in range(20)]
    history = _history(points)
    span = history.span(Window.ONE_MINUTE, columns=64)
    dots = history.halves(span)
    plain, limited = (
        chart_lines(span, dots, (), width=64, height=7, look=DEFAULT_LOOK, limits_us=limits_us)
        for limits_us in ((), (300_000, 5_000, 90_000_000))
    )
    changed = [
        (was.text, now.text)
        for was, now in zip(plain, limited, strict=True)
        if was.text != now.text
    ]
    # The one within the scale; those beyond it would be lines at a wrong height.
    ((was, now),) = changed
    assert now.endswith("SLO")
    assert all(
        before in (" ", after) for before, after in zip(was.ljust(len(now)), now, strict=True)
    )


def test_the_lines_are_those_of_thresholds_on_all_response_times() -> None:
    frame = story().frames[116]
    verdicts = [
        Verdict(
            threshold=Threshold(metric=metric, expression="p(95) < 300"),
            standing=Standing.PASSED,
            is_failing=False,
            observed=1.0,
            limit=300.0,
            unit=Unit.MS,
            first_failed_second=None,
            crossings=0,
        )
        for metric in ("http_req_duration", "http_req_duration{name:/}", "http_req_service")
    ]
    assert threshold_limits_us(None) == threshold_limits_us(frame) == []
    assert threshold_limits_us(replace(frame, verdicts=tuple(verdicts))) == [300_000.0]


def test_a_chart_fits_any_room() -> None:
    history = _history([_point(second, 1000 + second) for second in range(300)])
    for width in (1, 2, 7, 30, 200):
        for height in (1, 2, 3, 5, 20):
            for look in LOOKS.values():
                lines = _chart(history, width=width, height=height, look=look)
                assert len(lines) == height
                assert all(line.width <= GUTTER + width for line in lines)


def test_a_chart_of_requests_reads_like_this() -> None:
    points = [
        _point(second, 1000, requests=50 * second, rate_target_per_s=400.0) for second in range(9)
    ]
    points[3] = _point(3, None, requests=0, rate_target_per_s=400.0)
    points[7] = _point(7, 1000, requests=350, errors=180, rate_target_per_s=400.0)
    points[8] = _point(8, 1000, requests=400, errors=1, rate_target_per_s=400.0)
    span = _history(points).span(Window.ONE_MINUTE, columns=60)
    assert _texts(rps_lines(span, height=4, look=DEFAULT_LOOK)) == [
        "  400│┄┄┄┄┄┄┄▓█",
        "     │     ▄█▓█",
        "     │    █████",
        "    0│ ▄█ █████",
    ]
    assert _texts(rps_lines(span, height=4, look=LOOKS[GlyphSet.ASCII])) == [
        "  400|-------x#",
        "     |     _#x#",
        "     |    #####",
        "    0| _# #####",
    ]
    head = rps_title(None, span, width=70, look=DEFAULT_LOOK).text
    assert head.startswith("─ rps  target 400  peak 400  × errors ─")


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=40).filter(any), st.integers(1, 9))
def test_the_highest_column_is_the_peak_on_a_scale_from_zero(rates: list[int], height: int) -> None:
    points = [_point(second, 1000, requests=rate) for second, rate in enumerate(rates)]
    columns = _history(points).span(Window.ONE_MINUTE, columns=60).columns
    top = linear_top(max(rates))
    assert top >= max(rates)
    picture = rps_cells(columns, top=top, height=height, look=DEFAULT_LOOK)
    levels = DEFAULT_LOOK.glyphs.levels
    for x, rate in enumerate(rates):
        eighths = sum(levels.index(row[x][0]) for row in picture)
        # Half an eighth of a cell is the resolution; anything above zero shows.
        assert abs(eighths / 8 - rate / top * height) <= 1 / 16 or (eighths == 1 and rate)
        assert (eighths > 0) == (rate > 0)


@pytest.mark.parametrize("height", [1, 2, 5])
@pytest.mark.parametrize("errors", [1, 50, 100])
@pytest.mark.parametrize("depth", ColourDepth)
def test_errors_are_seen_however_few_with_colour_and_without(
    height: int, errors: int, depth: ColourDepth
) -> None:
    look = look_for(Terminal(depth=depth, glyphs=GlyphSet.BRAILLE))
    points = [_point(0, 1000), _point(1, 1000, errors=errors)]
    columns = _history(points).span(Window.ONE_MINUTE, columns=60).columns
    picture = rps_cells(columns, top=100, height=height, look=look)
    assert any(row[1][1] is Ink.ERRORS for row in picture)
    assert not any(row[0][1] is Ink.ERRORS for row in picture)
    if depth is ColourDepth.NONE:
        assert [row[1][0] for row in picture] != [row[0][0] for row in picture]


@pytest.mark.parametrize("glyphs", GlyphSet)
def test_only_the_glyphs_of_the_set_are_drawn(glyphs: GlyphSet) -> None:
    points = [_point(second, 1000 * (second + 1), errors=second % 7) for second in range(60)]
    history = _history(points, (_event(10, "VU 10→50"),))
    look = LOOKS[glyphs]
    span = history.span(Window.ONE_MINUTE, columns=70)
    text = "".join(
        _texts(_chart(history, look=look)) + _texts(rps_lines(span, height=4, look=look))
    )
    assert bool(re.search("[⠀-⣿]", text)) is (glyphs is GlyphSet.BRAILLE)
    assert text.isascii() is (glyphs is GlyphSet.ASCII)


@pytest.mark.parametrize("glyphs", GlyphSet)
def test_actions_and_marks_stand_on_the_chart_of_requests_too_and_hide_nothing(
    glyphs: GlyphSet,
) -> None:
    look = LOOKS[glyphs]
    span = _history([_point(second, 1000, requests=50) for second in range(20)]).span(
        Window.ONE_MINUTE, columns=60
    )
    bare = _texts(rps_lines(span, height=4, look=look))
    marked = _texts(rps_lines(span, height=4, look=look, events=(_event(7, "here"),)))
    at = GUTTER + 7
    changed = [row for row, (old, new) in enumerate(zip(bare, marked, strict=True)) if old != new]
    for row in changed:
        assert bare[row].ljust(at + 1)[at] == " " and marked[row][at] == look.glyphs.mark
    assert len(changed) == sum(row.ljust(at + 1)[at] == " " for row in bare)


@pytest.mark.parametrize("glyphs", GlyphSet)
@pytest.mark.parametrize("cursor", [0, 11, 19])
def test_the_cursor_covers_one_column_of_both_charts_and_names_its_time(
    glyphs: GlyphSet, cursor: int
) -> None:
    look = LOOKS[glyphs]
    history = _history([_point(second, 1000 * second + 1000) for second in range(20)])
    span = history.span(Window.ONE_MINUTE, columns=60)
    dots = history.halves(span) if glyphs is GlyphSet.BRAILLE else span.columns
    latency = chart_lines(span, dots, (), width=60, height=7, look=look, cursor=cursor)
    for lines in (latency[:-1], rps_lines(span, height=4, look=look, cursor=cursor)):
        for line in lines:
            shown = [(sign, ink) for text, ink in line.spans for sign in text]
            pointed = {
                at
                for at, (sign, ink) in enumerate(shown)
                if ink is Ink.CURSOR or (ink is Ink.ACTIVE and sign != " ")
            }
            assert pointed == {GUTTER + cursor}
    named = "".join(text for text, ink in latency[-1].spans if ink is Ink.CURSOR)
    assert named == f"0:{cursor:02}"
    assert latency[-1].width <= GUTTER + 60


def test_the_time_axis_shows_the_clocks_of_where_the_viewer_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    span = _history([_point(second, 1000) for second in range(70)]).span(
        Window.ONE_MINUTE, columns=70
    )
    # Half past four in the afternoon there, where clocks are half an hour off.
    started_unix_ms = round(datetime(2026, 9, 22, 11, 0, 25, tzinfo=UTC).timestamp() * 1000)
    try:
        with monkeypatch.context() as context:
            context.setenv("TZ", "Asia/Kolkata")
            time.tzset()
            labels = time_labels(span, local_from_unix_ms=started_unix_ms)
            assert time_text(35, local_from_unix_ms=started_unix_ms) == "16:31:00"
    finally:
        time.tzset()
    assert labels == {5: "16:30:30", 35: "16:31:00", 65: "16:31:30"}
    assert time_labels(span) == {0: "0:00", 30: "0:30", 60: "1:00"}


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(axis_module).failed == 0
