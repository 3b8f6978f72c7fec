"""The cockpit as a program: its link, how it is left, its palette, its sizes and its help."""

import math
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from vumeter.model.throttle import CommandKind
from vumeter.testing.story import story
from vumeter.tui.app import Cockpit, is_worth_drawing
from vumeter.tui.feed import Departure
from vumeter.tui.terminal import GlyphSet

Fly = Callable[..., AbstractAsyncContextManager[Any]]

pytestmark = pytest.mark.slow


async def test_d_detaches_and_asks_nothing(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("d")
        assert flight.app.return_value is Departure.DETACHED
        assert flight.commands == []


async def test_q_asks_and_d_detaches(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("q")
        assert "detach, the load goes on" in flight.text
        await flight.press("d")
        assert flight.app.return_value is Departure.DETACHED


async def test_q_and_s_stops_and_leaves_when_the_run_has_ended(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("q", "s")
        assert [command.kind for command in await flight.sends(1)] == [CommandKind.STOP]
        await flight.sees("STOPPING")
        flight.feed.advance()
        await flight.until(
            lambda: flight.app.return_value is Departure.STOPPED, "leaving at the end"
        )


@pytest.mark.parametrize("key", ["q", "d", "ctrl+c", "ctrl+q"])
async def test_an_ended_run_is_left_at_once(fly: Fly, key: str) -> None:
    async with fly(start=10_000) as flight:
        await flight.sees("RUN ENDED")
        await flight.press(key)
        assert flight.app.return_value is Departure.ENDED


async def test_ctrl_c_asks_like_q(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("ctrl+c")
        assert "Leave?" in flight.text


async def test_a_newer_frame_replaces_one_that_waits(fly: Fly) -> None:
    async with fly() as flight:
        shown = []
        original = flight.app.board.show
        flight.app.board.show = lambda frame: (shown.append(frame.second), original(frame))
        for _ in range(20):
            flight.feed.advance()
            await flight.pilot.pause()
        newest = flight.app.session.frame.second
        await flight.until(lambda: bool(shown) and shown[-1] == newest, "the newest")
        assert len(shown) < 10
        assert shown == sorted(shown)


@pytest.mark.parametrize(("rate_hz", "drawings"), [(0.5, 1), (1.0, 1), (2.0, 2), (4.0, 4)])
def test_frames_and_their_ages_are_drawn_so_often_and_no_more(
    rate_hz: float, drawings: int
) -> None:
    # Whenever after a frame, which is drawn at once, the first tick comes.
    for offset_ms in range(1, round(1000 / max(rate_hz, 1.0))):
        ticks_s = [offset_ms / 1000 + tick / rate_hz for tick in range(math.ceil(rate_hz))]
        ages = [age_s for age_s in ticks_s if is_worth_drawing(age_s, rate_hz=rate_hz)]
        assert 1 + len(ages) == drawings, offset_ms


async def test_a_lost_link_is_said_called_again_and_found(fly: Fly) -> None:
    async with fly() as flight:
        lost = flight.feed
        flight.app.session._dial = _later(flight, lost)
        lost.lose()
        await flight.sees("LINK LOST")
        await flight.press("+")
        await flight.hears("Not sent: the run is out of reach.")
        flight.feed = type(lost)(story(), start=120)
        await flight.until(lambda: "LINK LOST" not in flight.text, "the link")
        assert flight.app.session.history.newest_second >= 119
        await flight.press("+")
        await flight.sends(1)


def _later(flight: Any, lost: Any) -> Any:
    """Refuse to dial until the test has put a new feed in place of the lost one."""
    from vumeter.errors import LinkError

    async def dial() -> Any:
        if flight.feed is lost:
            raise LinkError("nothing answers")
        return flight.feed

    return dial


async def test_a_run_that_was_never_there_ends_the_cockpit_with_the_reason() -> None:
    from vumeter.errors import LinkError

    async def dial() -> Any:
        raise LinkError("There is no run.", hint="Start one.")

    app = Cockpit(dial, viewer="ann")
    async with app.run_test() as pilot:
        await pilot.pause()
    assert app.return_value is Departure.LOST
    assert str(app.refusal) == "There is no run.\n  Start one."


async def test_who_only_watches_is_told_so_and_leaves_without_a_question(fly: Fly) -> None:
    async with fly(watch=True) as flight:
        await flight.press("+")
        await flight.hears("You only watch")
        await flight.press("T")
        await flight.hears("came to watch")
        await flight.press("q")
        assert flight.app.return_value is Departure.DETACHED


async def test_control_is_taken_with_a_capital_t(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("T")
        await flight.hears("ann has the control")


async def test_help_lists_the_keys_and_the_key_that_closes_it_does_nothing_else(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("?")
        assert "panic: to the safe floor now" in flight.text
        assert "RUN" in flight.text.splitlines()[0]
        await flight.press("!")
        assert flight.commands == []
        assert "latency ms" in flight.text


async def test_help_that_does_not_fit_scrolls(fly: Fly) -> None:
    async with fly(size=(80, 16)) as flight:
        await flight.press("?")
        assert "more: arrow down" in flight.text
        assert "panic: to the safe floor" in flight.text
        await flight.press(*["down"] * 30)
        assert "rps 450 over 30s" in flight.text
        await flight.press("x")
        assert "latency ms" in flight.text


async def test_the_palette_does_what_the_keys_do(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("ctrl+p")
        await flight.until(lambda: len(flight.app.screen_stack) == 2, "the palette")
        await flight.type("panic")
        await flight.pilot.pause(0.5)
        await flight.press("enter", "enter")
        assert [command.kind for command in await flight.sends(1)] == [CommandKind.PANIC]


async def test_the_screen_is_copied_as_text_and_into_a_file(fly: Fly, tmp_path: Path) -> None:
    async with fly() as flight:
        await flight.press("y")
        copied = (tmp_path / "state" / "vumeter" / "copied.txt").read_text()
        assert flight.app.clipboard == copied
        # The age of what is shown may go on between the copy and the look.
        age = re.compile(r"age \S+")
        assert age.sub("", copied) == age.sub("", flight.text)
        assert "POST /orders" in flight.text


async def test_resizing_switches_the_layout_live(fly: Fly) -> None:
    async with fly(size=(80, 24)) as flight:
        assert "throttle" not in flight.text
        await flight.pilot.resize_terminal(120, 40)
        await flight.sees("throttle")
        await flight.sees("plan")
        await flight.pilot.resize_terminal(50, 10)
        await flight.until(lambda: "latency ms" not in flight.text, "the digest")
        assert "p95" in flight.text
        await flight.press("f")
        await flight.sees("FROZEN")
        await flight.pilot.resize_terminal(1, 1)
        await flight.press("q", "d")
        assert flight.app.return_value is Departure.DETACHED


@pytest.mark.parametrize(
    ("environ", "glyphs"),
    [
        ({"TERM": "linux"}, GlyphSet.BLOCK),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, GlyphSet.BRAILLE),
        ({"TERM": "dumb"}, GlyphSet.ASCII),
    ],
)
async def test_the_terminal_gets_only_what_it_can_show(
    fly: Fly, environ: dict[str, str], glyphs: GlyphSet
) -> None:
    async with fly(environ=environ) as flight:
        assert {panel.look.glyphs.set for panel in flight.app.board.panels} == {glyphs}
        if glyphs is GlyphSet.ASCII:
            assert flight.text.isascii()


async def test_the_first_paint_comes_before_any_link() -> None:
    painted: list[str] = []

    async def dial() -> Any:
        painted.append(app.board.header.render_line(0).text)
        return await _never()

    app = Cockpit(dial, viewer="ann")
    async with app.run_test(size=(80, 24)) as pilot:
        while not painted:
            await pilot.pause()
        assert "connecting to the run" in painted[0]


async def _never() -> Any:
    import asyncio

    await asyncio.Event().wait()
