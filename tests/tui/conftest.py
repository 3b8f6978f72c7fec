"""A cockpit in the air: the real app on a played feed, flown by pressing keys."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from vumeter.model.flame import Flame
from vumeter.model.throttle import Command
from vumeter.testing.feed import PlayedFeed, Recording
from vumeter.testing.story import story
from vumeter.tui.app import Cockpit
from vumeter.tui.copying import screen_text
from vumeter.tui.feed import Departure, Feed

whole_story = cache(story)
"""Made once: it takes a quarter of a second."""

FULL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
DEADLINE_S = 20.0


@dataclass
class Flight:
    """The app, its pilot and the feed it flies on."""

    app: Cockpit
    pilot: Pilot[Departure]
    feed: PlayedFeed

    @property
    def text(self) -> str:
        """What the screen shows."""
        return screen_text(self.app.board)

    @property
    def last_row(self) -> str:
        """What stands where the key line is."""
        return self.text.splitlines()[-1]

    @property
    def said(self) -> list[str]:
        """The toasts that are shown."""
        return [toast.message for toast in self.app._notifications]

    @property
    def commands(self) -> list[Command]:
        """What the run was asked for."""
        return self.feed.commands

    async def press(self, *keys: str) -> None:
        """Press *keys* one after the other."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def type(self, text: str) -> None:
        """Type *text* letter by letter."""
        await self.press(*("space" if mark == " " else mark for mark in text))

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for something to become true; a busy machine may take its time."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not holds():
                    await self.pilot.pause(0.01)
        except TimeoutError:
            pytest.fail(f"never came: {what}\n{self.text}")

    async def sees(self, words: str) -> None:
        """Wait until *words* are on the screen."""
        await self.until(lambda: words in self.text, words)

    async def hears(self, words: str) -> None:
        """Wait until a toast says *words*."""
        await self.until(lambda: any(words in each for each in self.said), words)

    async def sends(self, count: int) -> list[Command]:
        """Wait until so many commands have come to the run, and return them."""
        await self.until(lambda: len(self.commands) >= count, f"{count} commands")
        return self.commands


@asynccontextmanager
async def flying(
    *,
    start: int = 100,
    size: tuple[int, int] = (80, 24),
    watch: bool = False,
    recording: Recording | None = None,
    path: Path | None = None,
    environ: dict[str, str] | None = None,
    flames: tuple[Flame, ...] = (),
) -> AsyncIterator[Flight]:
    """Take off at frame number *start*; the frames stand still until the test moves them."""
    played = replace(recording or whole_story(), flames=flames)
    feed = PlayedFeed(played, start=start, watch=watch)

    async def dial() -> Feed:
        return feed

    app = Cockpit(dial, viewer="ann", watches=watch, path=path, environ=environ or FULL)
    async with app.run_test(size=size) as pilot:
        flight = Flight(app=app, pilot=pilot, feed=feed)
        await flight.until(lambda: app.board.frame is not None, "the first frame")
        yield flight


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep what the cockpit writes and reads away from whoever runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def fly() -> Callable[..., object]:
    """The way to take off."""
    return flying
