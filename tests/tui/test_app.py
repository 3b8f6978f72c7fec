"""The cockpit flown by keys: what each of them asks the run for, and what the screen says."""

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.events import Key, Paste

from vumeter.model.frame import MetricRow
from vumeter.model.metric import Kind
from vumeter.model.throttle import CommandKind, Lever
from vumeter.testing.soak import SLOW_FROM_S, soak
from vumeter.testing.story import story
from vumeter.tui.arrangement import View
from vumeter.tui.dialogs import question_bar
from vumeter.tui.feed import Departure
from vumeter.tui.format import latency_text
from vumeter.tui.history import Window
from vumeter.tui.preferences import Preferences, load
from vumeter.tui.terminal import GlyphSet

Fly = Callable[..., AbstractAsyncContextManager[Any]]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("key", "value"),
    [("+", 1.0), ("=", 1.0), ("-", -1.0), ("]", 10.0), ("[", -10.0)],
)
async def test_a_step_key_moves_the_active_lever(fly: Fly, key: str, value: float) -> None:
    async with fly() as flight:
        await flight.press(key)
        (command,) = await flight.sends(1)
        assert (command.kind, command.lever, command.value) == (
            CommandKind.STEP,
            Lever.VUS,
            value,
        )
        assert command.author == "ann"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("space", CommandKind.HOLD),
        ("p", CommandKind.PAUSE),
        ("u", CommandKind.UNDO),
        ("U", CommandKind.REDO),
        ("!", CommandKind.PANIC),
        ("a", CommandKind.ACKNOWLEDGE),
    ],
)
async def test_a_key_asks_for_it_without_a_question(fly: Fly, key: str, kind: CommandKind) -> None:
    async with fly() as flight:
        await flight.press(key)
        assert [command.kind for command in await flight.sends(1)] == [kind]


async def test_the_answer_to_a_command_is_told(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("+")
        await flight.hears("VU 150 → 151")


async def test_requested_acknowledged_and_actual_are_seen_apart(fly: Fly) -> None:
    async with fly(size=(120, 40)) as flight:
        await flight.press("]")
        await flight.sees("150▸160")
        await flight.sees("sent")
        flight.feed.advance()
        await flight.until(lambda: "150▸160" not in flight.text, "the actual to arrive")
        assert "VU 160" in flight.text


async def test_a_held_down_key_is_one_move_while_the_run_answers(fly: Fly) -> None:
    async with fly() as flight:
        await flight.pilot.press(*["+"] * 30)
        await flight.until(
            lambda: sum(command.value or 0 for command in flight.commands) == 30, "30 steps"
        )
        assert all(command.kind is CommandKind.STEP for command in flight.commands)


async def test_a_value_is_typed_previewed_and_sent(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press(":")
        await flight.type("vu 160 over 8s")
        assert "VU 150 → 160 over 8s" in flight.text
        assert flight.commands == []
        await flight.press("enter")
        (command,) = await flight.sends(1)
        assert (command.kind, command.value, command.ramp_s) == (CommandKind.SET, 160.0, 8.0)


async def test_typing_in_a_prompt_never_triggers_a_key(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press(":")
        await flight.type("!pSXqd+-[]buUmzTy?123456 f/,.<>")
        await flight.press("escape")
        assert flight.commands == []
        assert flight.app.is_running
        assert flight.app.board.view is View.LOAD
        assert "+/- step" in flight.last_row


async def test_a_burst_of_keys_goes_where_its_first_one_leads(fly: Fly) -> None:
    async with fly() as flight:
        for mark in ":vu 160 over 5s\r+S+":
            flight.app.post_message(_key(mark))
        commands = await flight.sends(2)
        assert [(command.kind, command.value) for command in commands] == [
            (CommandKind.SET, 160.0),
            (CommandKind.STEP, 1.0),
        ]


def _key(mark: str) -> Key:
    names = {"\r": "enter", " ": "space", ":": "colon", "+": "plus"}
    return Key(names.get(mark, mark), mark)


async def test_a_paste_into_a_prompt_is_text_and_its_line_break_does_not_enter(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press(":")
        flight.app.post_message(Paste("vu 160\n"))
        await flight.sees(":vu 160")
        assert flight.commands == []


async def test_a_paste_outside_of_a_prompt_does_nothing(fly: Fly) -> None:
    async with fly() as flight:
        flight.app.post_message(Paste("!pX"))
        await flight.pilot.pause()
        assert flight.commands == []


async def test_a_line_that_cannot_be_meant_stays_open_with_the_reason(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press(":")
        await flight.type("fps 60")
        await flight.press("enter")
        assert '"fps" is not a lever' in flight.text
        assert flight.commands == []
        await flight.press("ctrl+u")
        await flight.type("140")
        await flight.press("enter")
        assert (await flight.sends(1))[0].value == 140.0


async def test_a_value_above_the_limit_is_shown_clamped(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press(":")
        await flight.type("900 over 1m")
        assert "VU 150 → 500 over 1m, the run's limit" in flight.text


async def test_a_leap_is_asked_about_and_bare_enter_is_no_answer(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press(":")
        await flight.type("vu 400")
        await flight.press("enter", "enter")
        assert flight.commands == []
        assert "+/- step" in flight.last_row
        await flight.press(":", "up", "enter")
        assert "more than double?" in flight.text
        await flight.press("y")
        assert (await flight.sends(1))[0].value == 400.0


async def test_a_key_that_leaps_is_asked_about_too(fly: Fly) -> None:
    calm = story(40)
    frames = tuple(
        replace(frame, throttles=(replace(frame.throttles[0], step=10.0),)) for frame in calm.frames
    )
    async with fly(recording=replace(calm, frames=frames), start=10) as flight:
        await flight.press("]")
        assert "VU 10 → 110 at once: more than double?" in flight.text
        assert flight.commands == []
        await flight.press("y")
        assert (await flight.sends(1))[0].value == 100.0


async def test_earlier_lines_come_back_with_the_arrows(fly: Fly) -> None:
    async with fly() as flight:
        for line in ("140", "145"):
            await flight.press(":")
            await flight.type(line)
            await flight.press("enter")
        await flight.press(":", "up", "up")
        assert flight.last_row.startswith(" :140")


async def test_naming_a_lever_puts_the_hand_on_it(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press(":")
        await flight.type("rps 100")
        await flight.press("enter")
        await flight.sends(1)
        assert flight.app.hand._wish == ("shop", Lever.RATE)


async def test_a_session_is_ended_after_it_was_selected_and_another_key_has_confirmed(
    fly: Fly,
) -> None:
    async with fly(start=118) as flight:
        await flight.press("K")
        await flight.hears("Select a session first")
        await flight.press("5", "j")
        for wrong in ("K", "enter", "y"):
            await flight.press("K", wrong)
        assert flight.commands == []
        await flight.press("K")
        await flight.sees("Session 830: its transaction is undone.")
        await flight.press("e")
        (command,) = await flight.sends(1)
        assert (command.kind, command.pid) == (CommandKind.END_BACKEND, 830)


async def test_the_next_database_has_its_own_pages_and_commands_name_it(fly: Fly) -> None:
    recording = story(120)
    frames = tuple(
        replace(
            frame,
            postgres_more={"billing": replace(frame.postgres, blockers=(), waiters=())}
            if frame.postgres
            else {},
        )
        for frame in recording.frames
    )
    async with fly(start=118, recording=replace(recording, frames=frames)) as flight:
        await flight.press("5")
        await flight.sees("D next  5 turns")
        assert "blocks" in flight.text
        await flight.press("D")
        await flight.sees("pg billing")
        assert "blocks" not in flight.text
        await flight.press("K")
        await flight.press("c")
        (command,) = await flight.sends(1)
        assert (command.kind, command.database) == (CommandKind.CANCEL_BACKEND, "billing")
        await flight.press("D")
        await flight.until(lambda: "blocks" in flight.text, "the first again")


async def test_with_one_database_there_is_no_next_one_and_that_is_said(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("D")
        await flight.hears("One database is watched")


async def test_a_statement_is_explained_on_a_page_of_its_own(fly: Fly) -> None:
    async with fly(start=118) as flight:
        await flight.press("5", "E")
        await flight.hears("Select a statement first")
        await flight.press("5", "5", "j", "E")
        (command,) = await flight.sends(1)
        assert command.kind is CommandKind.EXPLAIN
        assert command.statement == "7310000000000000002"
        await flight.sees("[plan]")


@pytest.mark.parametrize(
    ("ask", "confirm", "kind"),
    [("S", "y", CommandKind.STOP), ("X", "x", CommandKind.ABORT)],
)
async def test_stop_and_abort_need_a_second_and_different_key(
    fly: Fly, ask: str, confirm: str, kind: CommandKind
) -> None:
    async with fly() as flight:
        for wrong in (ask, "enter", "space", "escape"):
            await flight.press(ask, wrong)
            assert flight.commands == []
            assert "+/- step" in flight.last_row
        await flight.press(ask, confirm)
        assert [command.kind for command in await flight.sends(1)] == [kind]


async def test_a_replay_says_what_it_drives_again_and_asks(fly: Fly) -> None:
    calm = story(40)
    frames = tuple(
        replace(frame, elapsed_s=252.0, duration_s=None, driven="3 changes of VU")
        for frame in calm.frames
    )
    async with fly(recording=replace(calm, frames=frames), start=10, size=(100, 30)) as flight:
        await flight.press("R", "R")
        assert flight.commands == []
        await flight.press("R")
        await flight.sees("Replay the first 4m12s (3 changes of VU)? Then it goes on there.")
        assert "y replay" in flight.last_row
        await flight.press("y")
        assert [command.kind for command in await flight.sends(1)] == [CommandKind.REPLAY]


async def test_a_question_disarms_by_itself(fly: Fly, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question_bar, "DISARMS_AFTER_S", 1)
    async with fly() as flight:
        await flight.press("S")
        await flight.sees("Stop gracefully?")
        await flight.until(lambda: "+/- step" in flight.last_row, "the question to disarm")
        await flight.press("y")
        assert flight.commands == []


async def test_a_mark_carries_its_note(fly: Fly) -> None:
    async with fly() as flight:
        await flight.press("m")
        await flight.type("cache off")
        await flight.press("enter")
        (command,) = await flight.sends(1)
        assert (command.kind, command.note) == (CommandKind.MARK, "cache off")


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


async def test_a_line_feed_enters_like_a_carriage_return(fly: Fly) -> None:
    async with fly() as flight:
        for event in (_key(":"), *map(_key, "vu 160"), Key("ctrl+j", "\n")):
            flight.app.post_message(event)
        (command,) = await flight.sends(1)
        assert command.value == 160.0


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
    from vumeter.tui.app import Cockpit

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
    from vumeter.tui.app import Cockpit

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
