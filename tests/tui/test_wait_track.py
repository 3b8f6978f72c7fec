"""What the database's chart knows of the past: asked for once, page by page, and drawn."""

from collections.abc import Callable
from typing import Any

import pytest

from vumeter.testing.scenery import JAM_FROM_S
from vumeter.tui.wait_track import WAIT_CLASSES, WaitTrack
from vumeter.tui.widgets.waits import WAIT_INKS


def test_only_what_is_missing_is_asked_for_and_once() -> None:
    track = WaitTrack()
    track.fill({second: {"CPU": 1.0} for second in range(50, 90)})
    assert track.wish(0, 100) == (0, 100)
    assert track.wish(0, 100) is None
    track.ask_anew()
    assert track.wish(50, 90) is None, "that is known"
    assert track.wish(20, 60) == (20, 50)


def test_a_page_at_a_time_is_asked_for_the_newest_first_and_an_hour_in_all() -> None:
    track, asked = WaitTrack(), []
    while (wish := track.wish(0, 10_000)) is not None:
        asked.append(wish)
    assert asked[0] == (9_400, 10_000)
    assert asked[-1][0] == 10_000 - 3_600
    assert sum(end - first for first, end in asked) == 3_600


def test_what_was_shown_stays_where_less_is_known_of_it() -> None:
    track = WaitTrack()
    track.fill({5: {"Lock": 3.0, "CPU": 1.0}})
    track.fill({4: {"CPU": 1.0}, 5: {"Lock": 1.0}})
    assert track.worst(4, columns=2, seconds=1) == [{"CPU": 1.0}, {"Lock": 3.0, "CPU": 1.0}]


def test_every_class_that_has_an_ink_is_asked_for() -> None:
    assert set(WAIT_INKS) <= set(WAIT_CLASSES)


@pytest.mark.slow
async def test_who_comes_late_sees_what_the_database_did_before(fly: Callable[..., Any]) -> None:
    async with fly(start=110, size=(120, 40)) as flight:
        track = flight.app.board.waits.track
        assert track.worst(60, columns=40, seconds=1) == [None] * 40
        await flight.press("5")
        await flight.until(lambda: all(track.worst(60, columns=40, seconds=1)), "the past")
        # When a hot row was held.
        before, jammed = track.worst(JAM_FROM_S - 20, columns=2, seconds=20)
        assert jammed["Lock"] > 2 * before.get("Lock", 0.0)
