"""The load steered by keys and typed lines: what each of them asks the run for."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from msgspec.structs import replace
from textual.events import Key, Paste

from vumeter.model.throttle import CommandKind, Lever
from vumeter.testing.story import story
from vumeter.tui.arrangement import View
from vumeter.tui.dialogs import question_bar

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


async def test_a_line_feed_enters_like_a_carriage_return(fly: Fly) -> None:
    async with fly() as flight:
        for event in (_key(":"), *map(_key, "vu 160"), Key("ctrl+j", "\n")):
            flight.app.post_message(event)
        (command,) = await flight.sends(1)
        assert command.value == 160.0
