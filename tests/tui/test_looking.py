"""Views, windows, the past and what is chosen to be seen, by keys."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from vumeter.model.frame import MetricRow
from vumeter.model.metric import Kind
from vumeter.model.throttle import CommandKind
from vumeter.testing.soak import SLOW_FROM_S, soak
from vumeter.testing.story import story
from vumeter.tui.arrangement import View
from vumeter.tui.format import latency_text
from vumeter.tui.history import Window
from vumeter.tui.preferences import Preferences, load

Fly = Callable[..., AbstractAsyncContextManager[Any]]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("key", "view"), list(zip("123456n", View, strict=True)))
async def test_a_digit_turns_to_its_view(fly: Fly, key: str, view: View) -> None:
    async with fly() as flight:
        await flight.press("2", key)
        assert flight.app.board.view is view


async def test_z_zooms_and_comes_back(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("5", "z")
        assert "latency ms" not in flight.text
        assert "[now]" in flight.text
        await flight.press("z")
        assert "latency ms" in flight.text


async def test_a_filter_shows_only_the_endpoints_that_contain_it(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("/")
        await flight.type("orders")
        assert "1 of 5 endpoints" in flight.text
        await flight.press("enter", "3")
        await flight.until(lambda: "GET /market" not in flight.text, "the filter")
        assert "POST /orders" in flight.text


async def test_sorting_goes_round_the_columns_and_is_remembered(fly: Fly, tmp_path: Path) -> None:
    async with fly(path=tmp_path / "cockpit.json") as flight:
        await flight.press(">", ">", "<")
        assert flight.app.board.endpoints.sort.value == "p50"
    assert load(tmp_path / "cockpit.json").sort == "p50"


async def test_the_window_grows_and_shrinks_and_stops_at_its_ends(fly: Fly) -> None:
    async with fly() as flight:
        board = flight.app.board
        seen = []
        for key in ",....,":
            await flight.press(key)
            seen.append(board.latency.sight.window)
            assert board.rps.sight is board.latency.sight
        assert [window.label for window in seen] == ["1m", "5m", "30m", "all", "all", "30m"]


async def test_looks_are_remembered_and_taken_up_again(fly: Fly, tmp_path: Path) -> None:
    path = tmp_path / "cockpit.json"
    async with fly(path=path) as flight:
        await flight.press("5", ".")
        flight.app.choose_theme("vumeter-light")
    assert load(path) == Preferences(view=View.DATABASE, window="5m", theme="vumeter-light")
    async with fly(path=path) as flight:
        assert flight.app.board.view is View.DATABASE
        assert flight.app.board.latency.sight.window is Window.FIVE_MINUTES
        assert flight.app.theme == "vumeter-light"


async def test_an_arrow_leads_into_the_past_and_escape_back(fly: Fly) -> None:
    async with fly(start=140) as flight:
        assert "PAST" not in flight.text
        await flight.press("left", "left")
        assert "PAST" in flight.text and "2:17" in flight.text
        chart = flight.app.board.latency
        drawn = [line.text for line in chart.compose_lines(*chart.size)]
        flight.feed.advance(5)
        await flight.until(lambda: flight.app.board.frame.second == 144, "the newer frame")
        assert [line.text for line in chart.compose_lines(*chart.size)] == drawn
        assert "RUN 00:02:25" in flight.text, "the rest goes on"
        await flight.press("escape")
        assert "PAST" not in flight.text and "+/- step" in flight.last_row
        assert flight.commands == []


@pytest.mark.parametrize("back", ["t", "enter", "escape"])
async def test_t_goes_into_the_past_and_one_key_comes_back(fly: Fly, back: str) -> None:
    async with fly() as flight:
        await flight.press("t")
        assert not flight.app.board.sight.follows
        await flight.press(back)
        assert flight.app.board.sight.follows


async def test_the_past_tells_all_that_was_then(fly: Fly) -> None:
    async with fly(start=140, size=(120, 40)) as flight:
        point = next(each for each in flight.feed.hello.points if each.second == 135)
        await flight.press("{")
        *_, when, values, happened = flight.text.splitlines()
        assert "2:15" in when and "4s ago" in when
        assert f"p95 {latency_text(point.p95_us)}" in values
        assert f"max {latency_text(point.max_us)}" in values
        assert f"rps {point.requests}" in values
        assert f"VU {point.vus}" in values
        assert "locks fixed" in happened
        await flight.press("{")
        assert "503 from POST /orders" in flight.last_row
        await flight.press("}")
        assert "locks fixed" in flight.last_row


async def test_the_load_is_steered_while_the_past_is_shown(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("left", "plus", "j")
        (command,) = await flight.sends(1)
        assert command.kind is CommandKind.STEP
        assert flight.app.board.endpoints.selected == 1
        assert not flight.app.board.sight.follows
        await flight.press(":")
        assert flight.app.board.prompt.is_open
        await flight.press("left", "escape")
        assert not flight.app.board.sight.follows, "the prompt's keys are its own"
        assert "PAST" in flight.text


async def test_the_night_is_a_view_of_its_own_and_w_leads_to_its_worst(fly: Fly) -> None:
    async with fly(start=20, recording=soak()) as flight:
        await flight.press("n")
        await flight.sees("first 60m")
        assert "2d 02:12" in flight.text
        await flight.press("w")
        assert flight.app.board.view is View.LOAD
        sight = flight.app.board.sight
        assert sight.cursor_second == SLOW_FROM_S
        await flight.press("full_stop", "full_stop", "full_stop", "l")
        assert flight.app.board.sight.is_local
        assert flight.app.board.time_span.longest_point_s == 60
        await flight.sees("Wed ")


async def test_freezing_stops_the_display_and_nothing_else(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("f")
        await flight.sees("FROZEN")
        shown = flight.app.board.frame
        flight.feed.advance(5)
        await flight.until(lambda: flight.app.session.frame is not shown, "newer frames")
        assert flight.app.board.frame is shown
        assert flight.commands == []
        await flight.press("f")
        await flight.until(lambda: flight.app.board.frame is not shown, "the present")
        assert "FROZEN" not in flight.text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_metrics_of_a_script_stand_below_the_endpoints(
    fly: Fly, size: tuple[int, int]
) -> None:
    told = story(101)
    row = MetricRow(
        name="orders",
        kind=Kind.COUNTER,
        window={"count": 1640.0, "rate": 164.0},
        total={"count": 12_034.0, "rate": 120.3},
    )
    frames = tuple(replace(frame, metrics=(row,)) for frame in told.frames)
    async with fly(size=size, recording=replace(told, frames=frames)) as flight:
        await flight.sees(" orders  164/s  total 12.0k")
        lines = flight.text.splitlines()
        assert lines.index(next(line for line in lines if "─ metrics" in line)) > next(
            at for at, line in enumerate(lines) if "─ endpoints" in line
        )
        await flight.press("3")
        await flight.sees(" orders  164/s")
        await flight.press("6")
        await flight.until(lambda: "metrics" not in flight.text, "a log without metrics")


async def test_a_series_is_chosen_by_typing_stands_under_the_latency_and_is_remembered(
    fly: Fly, tmp_path: Path
) -> None:
    path = tmp_path / "cockpit.json"
    async with fly(path=path) as flight:
        await flight.press("s")
        await flight.sees("postgres.active_by_wait")
        await flight.type("pg blocked")
        await flight.sees("no series has this")
        await flight.press("ctrl+u")
        await flight.type("postgres blocked")
        await flight.sees("postgres.blocked_sessions")
        assert "active_sessions" not in flight.text
        await flight.press("enter")
        await flight.sees("─ postgres.blocked_sessions  ")
        await flight.sees("peak 28")
        assert load(path).series == "postgres.blocked_sessions"
        # The cursor is on both charts, and the last rows say what the series had then.
        await flight.press("left")
        await flight.sees("blocked ")
        await flight.press("escape", "s", "home", "pageup", "pageup", "pageup", "pageup", "enter")
        await flight.until(lambda: "─ postgres.blocked" not in flight.text, "the chart to go")
    assert load(path).series == ""


async def test_a_series_that_is_remembered_is_there_again_and_follows_the_run(
    fly: Fly, tmp_path: Path
) -> None:
    path = tmp_path / "cockpit.json"
    path.write_text('{"series": "vus"}')
    async with fly(path=path, start=30) as flight:
        await flight.sees("─ vus  ")
        before = flight.app.session.history.series.reach(0, 1_000)
        flight.feed.jump(100)
        await flight.until(
            lambda: flight.app.session.history.series.reach(0, 1_000) != before, "newer points"
        )
        await flight.sees("peak 150")


async def test_c_says_why_and_enter_puts_the_reason_under_the_latency(fly: Fly) -> None:
    async with fly(start=125) as flight:
        await flight.press("c")
        await flight.sees("lock waits rise")
        await flight.sees("pid 811 (shop, idle in transaction)")
        assert "a hint, no proof" in flight.text
        await flight.press("e")
        await flight.sees("why errors")
        await flight.press("e")
        await flight.sees("why p95")
        await flight.press("enter")
        await flight.until(
            lambda: (
                "lock" in flight.app.session.history.series.name.casefold()
                or "blocked" in flight.app.session.history.series.name
            ),
            "the series to be chosen",
        )
        assert flight.commands == [], "looking costs the run nothing"


async def test_c_in_a_calm_time_says_that_there_is_nothing_to_explain(fly: Fly) -> None:
    async with fly(start=20) as flight:
        await flight.press("c")
        await flight.sees("p95 hardly changed")
        await flight.press("escape")
        await flight.sees("endpoints")


async def test_the_slowest_requests_are_those_of_the_selected_endpoint(fly: Fly) -> None:
    async with fly(start=125) as flight:
        await flight.press("3")
        await flight.sees("─ slowest GET /quotes")
        await flight.press("j", "j", "j")
        await flight.sees("─ slowest POST /orders")
        await flight.sees(" 503  wait ")


async def test_a_moment_is_kept_with_x_and_opened_with_v_until_escape(fly: Fly) -> None:
    async with fly(start=118) as flight:
        await flight.press("x")
        await flight.hears("Snapshot 1 is kept")
        then = flight.app.board.frame
        flight.feed.jump(160)
        await flight.until(lambda: flight.app.board.frame is not then, "the present")
        await flight.press("v")
        await flight.sees("taken by hand")
        await flight.press("enter")
        await flight.sees("SNAPSHOT 1 ")
        assert flight.app.board.frame == then, "all panels show the moment"
        # What comes meanwhile does not take its place.
        flight.feed.jump(165)
        await flight.press("5")
        assert flight.app.board.frame == then
        await flight.press("escape")
        await flight.until(
            lambda: flight.app.board.frame.second == flight.app.newest.second, "the present again"
        )
        assert "SNAPSHOT" not in flight.text
