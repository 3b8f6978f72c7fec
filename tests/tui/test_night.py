"""The night's page, from minutes whose truth is known."""

import pytest
from msgspec.structs import replace

from vumeter.model.frame import Point
from vumeter.testing.soak import (
    AWAY_FROM_S,
    AWAY_TO_S,
    LENGTH_S,
    LIMITED_FROM_S,
    LIMITED_TO_S,
    SLOW_FROM_S,
    point,
    soak,
)
from vumeter.tui.history import History
from vumeter.tui.night import Stretch, night_of
from vumeter.tui.terminal import ColourDepth, GlyphSet, Terminal, look_for
from vumeter.tui.widgets.night_panel import night_lines


def _history(points: "list[Point]") -> History:
    history = History()
    history.add(points)
    return history


def _minutes(count: int) -> list[Point]:
    return [point(60 * minute, span_s=60) for minute in range(count)]


def test_three_days_of_minutes_are_read_right() -> None:
    night = night_of(_history(_minutes(LENGTH_S // 60)))
    assert night.is_exact
    assert night.slowest is not None and night.slowest.first_second == SLOW_FROM_S
    assert night.most_failed is not None and night.most_failed.first_second == AWAY_FROM_S
    assert night.outages == (Stretch(first_second=AWAY_FROM_S, seconds=AWAY_TO_S - AWAY_FROM_S),)
    length_s = LIMITED_TO_S - LIMITED_FROM_S
    assert night.limited == (Stretch(first_second=LIMITED_FROM_S, seconds=length_s),)
    assert night.unknown == ()


def test_drift_is_the_median_of_an_hour_beside_that_of_another() -> None:
    points = _minutes(LENGTH_S // 60)
    night = night_of(_history(points))
    assert night.first is not None and night.last is not None
    assert (night.first.minutes, night.last.minutes) == (60, 60)
    for typical, hour in ((night.first, points[:60]), (night.last, points[-60:])):
        values = sorted(each.p95_us or 0 for each in hour)
        assert typical.p95_us == (values[29] + values[30]) / 2
        assert typical.vus == hour[30].vus


@pytest.mark.parametrize(("minutes", "compared"), [(11, None), (12, 3), (40, 10), (400, 60)])
def test_a_young_run_is_compared_by_its_quarters_or_not_at_all(
    minutes: int, compared: int | None
) -> None:
    night = night_of(_history(_minutes(minutes)))
    assert (night.first.minutes if night.first else None) == compared


def test_a_minute_of_which_nothing_is_known_is_said_to_be_unknown() -> None:
    points = [each for each in _minutes(20) if each.second != 600]
    assert night_of(_history(points)).unknown == (Stretch(first_second=600, seconds=60),)


def test_a_night_known_by_its_seconds_says_that_it_is_of_the_worst_of_them() -> None:
    points = [point(second) for second in range(1200)]
    points[700] = replace(points[700], p99_us=9_000_000)
    night = night_of(_history(points))
    assert not night.is_exact
    assert night.slowest is not None
    assert (night.slowest.first_second, night.slowest.p99_us) == (660, 9_000_000)


def test_minutes_that_the_run_sent_go_before_the_worst_of_their_seconds() -> None:
    seconds = [point(second, span_s=1) for second in range(1200)]
    seconds[700] = replace(seconds[700], p99_us=9_000_000)
    night = night_of(_history([*_minutes(20), *seconds]))
    assert night.is_exact
    assert night.slowest is not None
    assert night.slowest.p99_us == max(minute.p99_us or 0 for minute in _minutes(20))


def test_nothing_is_made_up_before_the_first_second() -> None:
    night = night_of(History())
    assert (night.slowest, night.most_failed, night.first, night.outages) == (None, None, None, ())


@pytest.mark.parametrize("glyphs", GlyphSet)
@pytest.mark.parametrize("when", ["greeted", "empty"])
def test_the_page_says_when_each_thing_happened_and_fits_any_terminal(
    glyphs: GlyphSet, when: str
) -> None:
    run, history = soak(), History()
    if when == "greeted":
        history.add(run.hello.points)
        history.add_events(run.frames[-1].events)
    look = look_for(Terminal(depth=ColourDepth.NONE, glyphs=glyphs))
    lines = night_lines(night_of(history), run.frames[-1], history.happenings, look=look)
    text = "\n".join(line.text for line in lines)
    assert text.isascii() or glyphs is not GlyphSet.ASCII
    assert "p95<300ms  crossed, first 2d 02:12" in text
    assert "fired 2 times for 1m35s, first 2d 02:12" in text
    if when == "greeted":
        assert "slowest     2d 02:12" in text.replace(" slowest", "slowest")
        assert "1d 07:00" in text and "for 4m" in text
        assert "20:00:00" in text and "for 2m" in text
        assert "deploy 42" in text
    else:
        assert "no second is known yet" in text and "drift" not in text
        assert "nobody did anything" in text
    assert all(line.crop_to(40).width <= 40 for line in lines)
