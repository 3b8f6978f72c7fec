"""The cockpit's screens, cell by cell, from a recorded run of the demo shop."""

from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from vumeter.model.frame import Frame
from vumeter.model.probes import PostgresReading, PostgresState
from vumeter.testing.clock import ManualClock
from vumeter.testing.feed import PlayedFeed, Recording, load
from vumeter.testing.scenery import moment_at, watched
from vumeter.testing.soak import soak
from vumeter.testing.story import story
from vumeter.tui.app import Cockpit
from vumeter.tui.feed import Departure, Feed

pytestmark = pytest.mark.slow

Snap = Callable[..., bool]
Flight = Callable[[Pilot[Departure]], Awaitable[None]]

VIEWS = ("latency", "endpoints", "host", "database", "log")
SMALL, LARGE = (80, 24), (120, 40)
JAMMED_S, MENDED_S = 118, 145
ASKED = ("waits", "flame", "flames")
"""What is fetched when it is looked at."""

FULL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


@cache
def recording(name: str = "shop") -> Recording:
    return load(Path(__file__).parent / "data" / f"{name}.recording")


def cockpit(
    second: int | None, *, environ: dict[str, str] = FULL, played: Recording | None = None
) -> Cockpit:
    """Return a cockpit on that second, `None`: on the last frame. Its clock stands still."""
    run = played or recording()
    start = len(run.frames) - 1 if second is None else run.index_of(second)
    feed = PlayedFeed(run, start=start)

    async def dial() -> Feed:
        return feed

    return Cockpit(dial, viewer="ann", environ=environ, clock=ManualClock(start_ns=10**12))


def pressing(*keys: str) -> Flight:
    """Return what waits for the first frame and then presses *keys*."""

    async def fly(pilot: Pilot[Departure]) -> None:
        app: Any = pilot.app
        while app.board.frame is None:
            await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        while any(each.group in ASKED and not each.is_finished for each in app.workers):
            await pilot.pause()
        # They go by themselves after four seconds, which a busy machine takes for a picture.
        app.clear_notifications()
        await pilot.pause()

    return fly


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("second", [JAMMED_S, MENDED_S], ids=["jammed", "mended"])
def test_the_cockpit(snap_compare: Snap, size: tuple[int, int], second: int) -> None:
    assert snap_compare(cockpit(second), terminal_size=size, run_before=pressing())


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize(
    "key", list("23456"), ids=["latency", "endpoints", "host", "database", "log"]
)
def test_the_views(snap_compare: Snap, size: tuple[int, int], key: str) -> None:
    assert snap_compare(cockpit(JAMMED_S), terminal_size=size, run_before=pressing(key))


@pytest.mark.parametrize(
    ("size", "keys"),
    [(SMALL, "5"), (LARGE, "5jj"), (LARGE, "55"), (SMALL, "555"), (SMALL, "5555"), (LARGE, "5555")],
    ids=["now-80x24", "now-120x40", "sessions", "statements", "tables-80x24", "tables-120x40"],
)
def test_the_pages_of_the_database(snap_compare: Snap, size: tuple[int, int], keys: str) -> None:
    app = cockpit(JAMMED_S, played=story())
    assert snap_compare(app, terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize(
    "keys",
    [":vu 75 over 20s", ":vu 400", "S", "q", "?"],
    ids=["ramp", "leap", "stop", "leave", "help"],
)
def test_prompts_and_questions(snap_compare: Snap, keys: str) -> None:
    pressed = pressing(*("space" if key == " " else key for key in keys))
    assert snap_compare(cockpit(JAMMED_S), terminal_size=SMALL, run_before=pressed)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
def test_why(snap_compare: Snap, size: tuple[int, int]) -> None:
    async def fly(pilot: Pilot[Departure]) -> None:
        await pressing("c")(pilot)
        app: Any = pilot.app
        while any(each.name == "cockpit-why" and not each.is_finished for each in app.workers):
            await pilot.pause()
        await pilot.pause()

    assert snap_compare(cockpit(JAMMED_S), terminal_size=size, run_before=fly)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
def test_the_profiler(snap_compare: Snap, size: tuple[int, int]) -> None:
    app = cockpit(40, played=recording("search"))
    assert snap_compare(app, terminal_size=size, run_before=pressing("P"))


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("keys", ["slock", "sblocked\r"], ids=["choice", "chart"])
def test_a_series(snap_compare: Snap, size: tuple[int, int], keys: str) -> None:
    pressed = pressing(*("enter" if key == "\r" else key for key in keys))

    async def fly(pilot: Pilot[Departure]) -> None:
        await pressed(pilot)
        app: Any = pilot.app
        while keys.endswith("\r") and not app.session.fetches:
            await pilot.pause()
        await pilot.pause()

    assert snap_compare(cockpit(JAMMED_S), terminal_size=size, run_before=fly)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize(
    "keys", [("left", "{", "{"), ("n",), (".", ".", ".", "l", "w")], ids=["past", "night", "days"]
)
def test_three_days(snap_compare: Snap, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    played = recording() if keys[0] == "left" else soak()
    app = cockpit(MENDED_S if keys[0] == "left" else None, played=played)
    assert snap_compare(app, terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize(
    "environ",
    [{"TERM": "xterm-256color", "NO_COLOR": "1"}, {"TERM": "dumb"}],
    ids=["no-color", "ascii"],
)
def test_the_past_on_plain_terminals(
    snap_compare: Snap, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    app = cockpit(MENDED_S, environ=environ)
    assert snap_compare(app, terminal_size=SMALL, run_before=pressing("left", "{"))


def test_before_the_first_second(snap_compare: Snap) -> None:
    assert snap_compare(cockpit(-1, played=story(3)), terminal_size=SMALL, run_before=pressing())


def test_after_the_end(snap_compare: Snap) -> None:
    assert snap_compare(cockpit(None), terminal_size=LARGE, run_before=pressing())


def test_a_terminal_that_is_too_small(snap_compare: Snap) -> None:
    assert snap_compare(cockpit(JAMMED_S), terminal_size=(50, 12), run_before=pressing())


def test_fifteen_rows_keep_what_matters(snap_compare: Snap) -> None:
    assert snap_compare(cockpit(JAMMED_S), terminal_size=(60, 15), run_before=pressing())


def test_a_database_that_refuses(snap_compare: Snap) -> None:
    refused = PostgresReading(
        state=PostgresState.REFUSED,
        remark="permission denied for pg_stat_activity: GRANT pg_monitor TO watcher",
        age_s=12.0,
    )
    played = recording()
    frames = tuple(replace(frame, postgres=refused) for frame in played.frames)
    app = cockpit(JAMMED_S, played=replace(played, frames=frames))
    assert snap_compare(app, terminal_size=LARGE, run_before=pressing())


@pytest.mark.parametrize(
    "environ",
    [
        {"TERM": "linux"},
        {"TERM": "xterm-256color", "NO_COLOR": "1"},
        {"TERM": "dumb"},
    ],
    ids=["linux", "no-color", "ascii"],
)
def test_plain_terminals(
    snap_compare: Snap, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    app = cockpit(JAMMED_S, environ=environ)
    assert snap_compare(app, terminal_size=SMALL, run_before=pressing())


@pytest.mark.parametrize("theme", ["vumeter-light", "vumeter-colour-blind"])
def test_themes(snap_compare: Snap, theme: str) -> None:
    async def fly(pilot: Pilot[Departure]) -> None:
        await pressing()(pilot)
        app: Any = pilot.app
        app.choose_theme(theme)
        await pilot.pause()

    assert snap_compare(cockpit(JAMMED_S), terminal_size=LARGE, run_before=fly)


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("keys", ["4", "4z"], ids=["beside-charts", "alone"])
def test_what_is_watched(snap_compare: Snap, size: tuple[int, int], keys: str) -> None:
    played = story(120)
    frames = tuple(_with_watched(frame) for frame in played.frames)
    app = cockpit(JAMMED_S, played=replace(played, frames=frames))
    assert snap_compare(app, terminal_size=size, run_before=pressing(*keys))


def _with_watched(frame: Frame) -> Frame:
    """Return *frame* with watched things, and a host in a container that says more of itself."""
    if frame.host is None:
        return frame
    host = replace(
        frame.host,
        tcp_orphans=2,
        cpu_pressure_percent=37.0,
        memory_pressure_percent=0.0,
        io_pressure_percent=4.0,
        processes_runnable=7,
        context_switches_per_s=21_400.0,
        disk_write_ms=3.1,
        disk_busy_percent=22.0,
        tcp_retransmits_per_s=0.0,
        network_drops_per_s=0.0,
        tcp_listen_drops_per_s=12.0,
        cgroup_cpu_percent=181.0,
        cgroup_cpu_limit_cores=2.0,
        cgroup_throttled_percent=12.0,
        cgroup_memory_bytes=1_310_000_000,
        cgroup_memory_limit_bytes=2_147_483_648,
    )
    second = max(0, frame.second)
    return replace(frame, host=host, watched=watched(moment_at(second), second))
