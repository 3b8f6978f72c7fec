"""
The real program under real keys, in terminals that behave badly.

Over 400 lines: each bad terminal with what the program makes of it.
"""

import asyncio
import os
import random
import re
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from vumeter.link.client import Link
from vumeter.model.frame import Point
from vumeter.testing.laws import fixed
from vumeter.testing.patience import until
from vumeter.testing.server import LoopbackServer

Desk = Any
"""conftest's; fixtures are not imported."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

STALL_S = int(os.environ.get("VUMETER_STALL_S", "4"))
"""By hand: VUMETER_STALL_S=30 pytest -s tests/screens/test_pty.py -k stall"""

BY_HAND = "VUMETER_STALL_S" in os.environ
DEADLINE_S = 40.0

RUN = ("--name", "flight", "-c", "4", "-z", "90s", "--graceful-stop", "2s")
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]")


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with LoopbackServer(law=fixed(0.02)) as server:
        yield server.url


async def test_the_needles_move_without_enter_and_keys_steer_the_run(desk: Desk, url: str) -> None:
    async with desk.open("run", url, *RUN) as term:
        settings = term.line_settings()
        await term.sees("RUN 00:", where=slice(0, 1))
        await term.sees("GET /")
        term.press("+")
        await term.sees("VU 5")
        term.press("]")
        await term.sees("VU 15")
        term.press(":vu 9\r")
        await term.sees("VU 9")
        term.press(":vu 8\n")
        await term.sees("VU 8")
        term.press("m")
        term.press("here it bends\r")
        await term.sees("mark")
        term.press("u")
        await term.sees("VU 15")
        term.press("p")
        await term.sees("LOAD PAUSED", where=slice(0, 1))
        term.press("p")
        await term.sees("RUN", where=slice(0, 1))
        term.press("S")
        await term.sees("Stop gracefully?")
        term.press("y")
        await term.sees("RUN ENDED")
        term.press("q")
        code = await term.exit_code()
        await term.sees("JOURNAL")
        assert code == 103, "a run with an end was cut short"
        assert "here it bends" in term.raw.decode()
        assert term.line_settings() == settings


async def test_a_held_down_key_is_few_moves_and_loses_no_press(desk: Desk, url: str) -> None:
    async with desk.open("run", url, *RUN) as term:
        await term.sees("GET /")
        for _ in range(30):
            term.press("+")
            await asyncio.sleep(0.03)
        await term.sees("VU 34")
        moves = [event for event in desk.status("flight")["events"] if "VU" in event["label"]]
        assert 1 <= len(moves) <= 12, moves


async def test_d_leaves_the_load_on_and_attach_comes_back_to_it(desk: Desk, url: str) -> None:
    async with desk.open("run", url, *RUN) as term:
        await term.sees("GET /")
        term.press("+")
        await term.sees("VU 5")
        term.press("d")
        assert await term.exit_code() == 0
        await term.sees("The run goes on")
    assert desk.vus("flight") == 5
    async with desk.open("attach", "flight", size=(120, 40)) as term:
        await term.sees("throttle")
        await term.sees("VU 5")
        await term.sees("op ")
        term.press("q")
        await term.sees("detach, the load goes on")
        term.press("d")
        assert await term.exit_code() == 0


async def test_sighup_ends_the_viewer_at_once_and_not_the_run(desk: Desk, url: str) -> None:
    async with desk.open("run", url, *RUN) as term:
        await term.sees("GET /")
        term.hang_up()
        await term.ends(within_s=5)
    before = desk.status("flight")["total"]["requests"]
    await until(lambda: desk.status("flight")["total"]["requests"] > before)


async def test_a_terminal_that_goes_without_a_signal_ends_the_viewer_too(
    desk: Desk, url: str
) -> None:
    async with desk.open("run", url, *RUN, is_controlling=False) as term:
        await term.sees("GET /")
        term.hang_up()
        await term.ends(within_s=10)
    before = desk.status("flight")["total"]["requests"]
    await until(lambda: desk.status("flight")["total"]["requests"] > before)


async def test_sigterm_restores_the_terminal_first(desk: Desk, url: str) -> None:
    async with desk.open("run", url, *RUN) as term:
        settings = term.line_settings()
        await term.sees("GET /")
        assert term.line_settings() != settings
        term.process.send_signal(signal.SIGTERM)
        assert await term.exit_code() == 105
        assert term.line_settings() == settings
        await term.until(lambda: b"\x1b[?1049l" in term.raw, "the way back to the main screen")
        assert b"\x1b[?25h" in term.raw
    assert desk.vus("flight") == 4


async def test_a_killed_viewer_costs_the_run_nothing(desk: Desk, url: str) -> None:
    async with desk.open("run", url, *RUN) as term:
        await term.sees("GET /")
        term.process.kill()
        await term.exit_code()
    async with desk.open("attach") as term:
        await term.sees("GET /")
        await term.sees("CTRL")


async def test_one_viewer_has_the_control_and_another_may_take_it(desk: Desk, url: str) -> None:
    async with desk.open("run", url, *RUN) as first:
        await first.sees("GET /")
        async with desk.open("attach", "flight") as second:
            await second.sees("GET /")
            second.press("+")
            await second.sees("holds the control")
            second.press("T")
            await second.until(lambda: _has_control(second.rows[0]), "the control")
            await first.until(lambda: not _has_control(first.rows[0]), "its loss")
            second.press("+")
            await first.sees("VU 5")
    async with desk.open("attach", "flight", "--watch") as third:
        await third.sees("GET /")
        third.press("+")
        await third.sees("watch")
        third.press("q")
        assert await third.exit_code() == 0
    assert desk.vus("flight") == 5


def _has_control(row: str) -> bool:
    return re.search(r"CTRL(?! \w+@)", row) is not None


async def test_a_run_that_was_killed_is_said_to_be_lost_and_can_be_left(
    desk: Desk, url: str
) -> None:
    async with desk.open("run", url, *RUN) as term:
        await term.sees("GET /")
        for process in psutil.Process(term.process.pid).children():
            process.kill()
        await term.sees("LINK LOST")
        term.press("+")
        await term.sees("out of reach")
        term.press("q")
        assert await term.exit_code() != 0
        await term.sees("is gone")
        assert "Traceback" not in term.raw.decode()


async def test_a_terminal_that_stops_reading_freezes_neither_run_nor_farewell(desk: Desk) -> None:
    async with (
        LoopbackServer(law=fixed(0.02)) as server,
        desk.open("run", server.url, *RUN, size=(120, 40)) as term,
    ):
        await term.sees("GET /")
        term.stall()
        seconds = []
        for _ in range(8):
            before = server.truth.requests
            await asyncio.sleep(1)
            seconds.append(server.truth.requests - before)
        # Four VUs at 20 ms make 200 requests a second; a busy machine makes some fewer.
        assert min(seconds) > 60, seconds
        assert desk.status("flight")["state"] == "running"
        viewer = psutil.Process(term.process.pid)
        spent_s = sum(viewer.cpu_times()[:2])
        await asyncio.sleep(2)
        assert sum(viewer.cpu_times()[:2]) - spent_s < 0.5, "it spins"
        term.process.send_signal(signal.SIGTERM)
        await term.ends(within_s=5)


async def test_a_terminal_that_reads_again_shows_the_present(desk: Desk, url: str) -> None:
    async with desk.open("run", url, *RUN) as term:
        await term.sees("GET /")
        term.stall()
        await asyncio.sleep(6)
        term.read()
        elapsed_s = desk.status("flight")["elapsed_s"]
        await term.until(lambda: _clock_s(term.rows[0]) >= int(elapsed_s), "the present")


async def test_viewers_that_stall_cost_neither_the_run_nor_who_watches_beside_them(
    desk: Desk,
) -> None:
    plan = ("--name", "flight", "-c", "4", "--graceful-stop", "5s")
    async with (
        LoopbackServer(law=fixed(0.02)) as server,
        desk.open("run", server.url, *plan) as unread,
    ):
        await unread.sees("GET /")
        async with desk.open("attach", "flight", "--watch") as frozen:
            await frozen.sees("GET /")
            unread.stall()
            frozen.process.send_signal(signal.SIGSTOP)
            points = await _beside(desk.socket("flight"), for_s=STALL_S)
            frozen.process.send_signal(signal.SIGCONT)
            unread.read()
            elapsed_s = int(desk.status("flight")["elapsed_s"])
            for term in (unread, frozen):
                await term.until(lambda it=term: _clock_s(it.rows[0]) >= elapsed_s, "the present")
            unread.press("S")
            await unread.sees("Stop gracefully?")
            unread.press("y")
            await frozen.sees("RUN ENDED")
    [sent] = re.findall(r"http_reqs +([0-9,]+)", desk.ask("show", "flight").stdout)
    assert int(sent.replace(",", "")) == server.truth.requests
    if BY_HAND:
        p99_ms = [f"{(point.p99_us or 0) / 1000:.1f}" for point in points]
        print(f"{len(points)} s beside two viewers that stall; p99 each second, ms: {p99_ms}")


async def _beside(control: Path, *, for_s: int) -> tuple[Point, ...]:
    """Watch for so long as a viewer that reads, who must miss nothing; return the seconds."""
    async with await Link.open(control, viewer="beside", watch=True) as link:
        began = link.hello.frame.second
        async with asyncio.timeout(DEADLINE_S + for_s):
            async for frame in link.frames():
                assert frame.viewers == 3, "neither of those that stall is lost"
                if frame.second >= began + for_s:
                    break
        points = await link.points(began, to_second=began + for_s)
    assert [point.second for point in points] == list(range(began, began + for_s))
    assert all(point.requests > 0 for point in points)
    return points


def _clock_s(row: str) -> int:
    match = re.search(r"(\d\d):(\d\d):(\d\d)", row)
    return 0 if match is None else int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])


async def test_a_resize_storm_ends_in_the_right_layout(desk: Desk, url: str) -> None:
    sizes = random.Random(7)
    async with desk.open("run", url, *RUN) as term:
        await term.sees("GET /")
        for _ in range(60):
            term.resize(sizes.randint(1, 200), sizes.randint(1, 60))
            await asyncio.sleep(0.01)
        term.resize(120, 40)
        await term.sees("throttle", where=slice(4, 5))
        await term.sees("─ events")
        await term.sees("+/- step", where=slice(39, 40))
        term.resize(40, 8)
        await term.until(lambda: "events" not in term.text and "p95" in term.text, "the digest")
        term.press("q")
        term.press("d")
        assert await term.exit_code() == 0


async def test_no_color_means_none_at_all(desk: Desk, url: str) -> None:
    async with desk.open("run", url, *RUN, NO_COLOR="1") as term:
        await term.sees("GET /")
        term.press("?")
        await term.sees("panic")
        assert COLOUR.findall(bytes(term.raw)) == []


async def test_the_linux_console_gets_its_sixteen_colours_and_no_braille(
    desk: Desk, url: str
) -> None:
    async with desk.open("run", url, *RUN, TERM="linux", COLORTERM="") as term:
        await term.sees("GET /")
        await term.sees("p99")
        assert re.findall(rb"\x1b\[[\d;]*[34]8;[25];", bytes(term.raw)) == []
        shown = {ord(mark) for mark in term.raw.decode(errors="replace")}
        assert not shown & set(range(0x2800, 0x2900))


async def test_with_its_errors_sent_elsewhere_the_cockpit_stays_on_the_terminal(
    desk: Desk, url: str
) -> None:
    async with desk.open("run", url, *RUN, stderr=subprocess.DEVNULL) as term:
        await term.sees("GET /")
        term.press("]")
        await term.sees("VU 14")


async def test_a_second_of_the_whole_cockpit_is_at_most_twenty_kilobytes(
    desk: Desk, url: str
) -> None:
    async with desk.open("run", url, *RUN, size=(120, 40)) as term:
        await term.sees("GET /")
        before_bytes, before_s = len(term.raw), asyncio.get_running_loop().time()
        await asyncio.sleep(8)
        seconds = asyncio.get_running_loop().time() - before_s
        assert (len(term.raw) - before_bytes) / seconds < 20_000


async def test_inside_tmux_it_is_the_same_cockpit(desk: Desk, url: str) -> None:
    async with desk.open("run", url, *RUN, TERM="tmux-256color", TMUX="/tmp/none,1,0") as term:
        await term.sees("GET /")
        term.press("]")
        await term.sees("VU 14")


async def test_ctrl_z_hands_the_terminal_back_and_fg_takes_it_up_again(
    desk: Desk, url: str
) -> None:
    async with desk.open("run", url, *RUN) as term:
        settings = term.line_settings()
        await term.sees("GET /")
        term.press("\x1a")
        viewer = psutil.Process(term.process.pid)
        await term.until(lambda: viewer.status() == psutil.STATUS_STOPPED, "the stop")
        assert term.line_settings() == settings
        assert desk.status("flight")["state"] == "running"
        term.press("eeeee")
        await term.sees("eeeee")
        os.kill(term.process.pid, signal.SIGCONT)
        await term.until(lambda: "eeeee" not in term.text, "a clean screen")
        await term.sees("─ endpoints")
        await term.sees("─ events")
        term.press("]")
        await term.sees("VU 14")


async def test_the_cockpit_is_drawn_before_the_run_is_reached(desk: Desk, url: str) -> None:
    async with desk.open("run", url, *RUN) as term:
        await term.sees("connecting to the run")
        await term.sees("GET /")


BELL = re.compile(rb"\x07")
OSC = re.compile(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
"""A command to the terminal, which a bell may end."""

ALERTED = """
target = "{url}"
[scenarios.main]
steps = [{{ path = "/", timeout = "200ms" }}]
vus = 4
duration = "90s"
[[alerts]]
name = "failing"
level = "critical"
when = "http_req_failed: rate > 50% over 2s"
clear_after = "0s"
"""


def rings(term: Any) -> int:
    return len(BELL.findall(OSC.sub(b"", bytes(term.raw))))


async def test_each_viewer_hears_an_alert_once_and_never_an_old_one(desk: Desk) -> None:
    async with LoopbackServer(law=fixed(0.02)) as server:
        profile = desk.home / "p.toml"
        profile.write_text(ALERTED.format(url=server.url.rstrip("/")))
        row = slice(2, 3)
        async with desk.open("run", str(profile), "--name", "flight") as first:
            await first.sees("ALERT ✓", where=row)
            server.gate.close()
            await first.sees("ALERT ✗ CRIT failing", where=row)
            await first.until(lambda: rings(first) == 1, "the bell")
            first.press("a")
            await first.sees("✗ seen failing", where=row)
            async with desk.open("attach", "flight", PYTHONIOENCODING="ascii") as second:
                await second.sees("ALERT X seen failing", where=row)
                first.press("B")
                await first.sees("The bell is mute.")
                server.gate.open()
                await second.sees("ALERT ok", where=row)
                server.gate.close()
                await second.sees("ALERT X CRIT failing", where=row)
                await second.until(lambda: rings(second) == 1, "the bell")
                await first.sees("ALERT ✗ CRIT failing", where=row)
                second.press("d")
                await second.exit_code()
        assert (rings(first), rings(second)) == (1, 1)
        server.gate.open()
