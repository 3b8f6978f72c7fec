"""A stored run in the cockpit: keys that play it, and keys that are refused."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from vumeter.model.flow import Choice, Pick, Request
from vumeter.model.frame import Event, EventLevel, StopCause
from vumeter.model.plan import Load, Plan, Scenario
from vumeter.run.stored_feed import StoredFeed
from vumeter.stats.digest import Digest
from vumeter.stats.redaction import Redactor
from vumeter.store.reader import open_run
from vumeter.store.writer import StoreWriter
from vumeter.testing.seconds import STARTED_UNIX_MS, MadeUpRun
from vumeter.tui.copying import screen_text
from vumeter.tui.feed import Departure, Feed
from vumeter.tui.player import Player

DEADLINE_S = 30.0
SECONDS = 30
Waiting = Callable[[str], Awaitable[None]]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty made-up seconds of a run, with a mark at 12."""
    path = tmp_path_factory.mktemp("run") / "run.sqlite"
    steps = (Pick(choices=(Choice(steps=(Request(name="GET /", url="http://127.0.0.1:1/"),)),)),)
    plan = Plan(
        name="shop",
        scenarios=(Scenario(name="shop", steps=steps, load=Load(vus=10, duration_s=30.0)),),
    )
    writer, digest = StoreWriter(path, Redactor(plan), version="1"), Digest()
    made_up = MadeUpRun(endpoints=2)
    for second in range(SECONDS):
        reading = made_up.reading(second)
        writer.second(reading, digest.add(reading, vus_target=10.0, rate_target_per_s=None))
    mark = Event(
        serial=1,
        second=12.4,
        at_unix_ms=STARTED_UNIX_MS + 12_400,
        level=EventLevel.MARK,
        author="ann",
        text="deploy 42",
        label="deploy 42",
    )
    writer.event(mark)
    assert writer.drain(DEADLINE_S)
    with open_run(path) as run:
        writer.finish(run.so_far(StopCause.STOPPED))
    assert writer.close(DEADLINE_S)
    return path


@pytest.mark.slow
async def test_keys_play_the_run_and_steer_nothing(stored: Path) -> None:
    with open_run(stored) as run:
        feed = StoredFeed(run)
        feed.toggle()

        async def dial() -> Feed:
            return await feed.open()

        app = Player(dial, feed, viewer="ann", environ={"TERM": "xterm-256color"})
        async with app.run_test(size=(100, 30)) as pilot:

            async def sees(*words: str) -> None:
                await until(pilot, lambda: all(it in screen_text(app.board) for it in words))

            await sees("REPLAY PAUSED", "00:00:00 of")
            await pilot.press("m")
            await sees("00:00:13 of", "deploy 42")
            await pilot.press("colon", "2", "0", "enter")
            await sees("00:00:20 of")
            await pilot.press("M")
            await sees("00:00:13 of")
            assert app.session.history.newest_second == 12
            await pilot.press("left_square_bracket")
            await sees("00:00:00 of")
            # What comes later has not happened yet.
            assert "deploy 42" not in screen_text(app.board)
            await pilot.press("right_square_bracket")
            await sees("ENDED stopped", "END OF REPLAY")
            await pilot.press("colon", *"-10s", "enter")
            await sees("00:00:20 of", "REPLAY PAUSED")
            for key in ("exclamation_mark", "S", "X", "u", "T", "b"):
                app.clear_notifications()
                await pilot.press(key)
                await until(pilot, lambda: bool(said(app)))
                assert said(app) == ["This is a replay: what is over cannot be steered"], key
            await pilot.press("plus", "plus")
            assert feed.speed == 5.0
            await pilot.press("q")
        assert app.return_value is Departure.DETACHED


async def until(pilot: Pilot[Departure], holds: Callable[[], bool]) -> None:
    for _ in range(round(DEADLINE_S / 0.02)):
        if holds():
            return
        await pilot.pause(0.02)
    pytest.fail(screen_text(pilot.app.query_one("#board")))  # type: ignore[arg-type]


def said(app: Player) -> list[str]:
    return [toast.message for toast in app._notifications]
